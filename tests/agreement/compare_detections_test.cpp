#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <inference_models/compare_detections.hpp>
#include <numeric>
#include <optional>
#include <random>
#include <vector>

namespace inference_models {
namespace {

struct Object {
    Box box;
    std::int32_t class_id = 0;
    float confidence = 0.9F;
};

Detections detections(const std::vector<Object>& objects) {
    Detections result;
    for (const Object& object : objects) {
        result.xyxy.push_back(object.box);
        result.class_id.push_back(object.class_id);
        result.confidence.push_back(object.confidence);
    }
    return result;
}

std::vector<Object> objects_of(const Detections& found) {
    std::vector<Object> objects;
    for (std::size_t i = 0; i < found.size(); ++i) {
        objects.push_back({found.xyxy[i], found.class_id[i], found.confidence[i]});
    }
    return objects;
}

void expect_equal(const Agreement& a, const Agreement& b) {
    EXPECT_EQ(a.reference_objects, b.reference_objects);
    EXPECT_EQ(a.matched_objects, b.matched_objects);
    EXPECT_EQ(a.extra_objects, b.extra_objects);
    EXPECT_EQ(a.borderline_objects, b.borderline_objects);
    EXPECT_EQ(a.compared_pairs, b.compared_pairs);
    EXPECT_DOUBLE_EQ(a.largest_shift, b.largest_shift);
    EXPECT_DOUBLE_EQ(a.mean_shift, b.mean_shift);
    EXPECT_DOUBLE_EQ(a.smallest_iou, b.smallest_iou);
    EXPECT_DOUBLE_EQ(a.largest_confidence_difference, b.largest_confidence_difference);
}

/// Crowded pictures with neighbours, several classes, confidences from 0.3 to 0.95, and duplicates now and then.
class RandomObjects {
public:
    explicit RandomObjects(std::uint32_t seed) : engine_(seed) {}

    std::vector<Object> make() {
        std::vector<Object> objects;
        const int count = static_cast<int>(uniform(0, 15));
        for (int i = 0; i < count; ++i) {
            const auto x = static_cast<float>(uniform(0, 60));
            const auto y = static_cast<float>(uniform(0, 60));
            const auto width = static_cast<float>(uniform(5, 60));
            const auto height = static_cast<float>(uniform(5, 60));
            objects.push_back({{x, y, x + width, y + height},
                               static_cast<std::int32_t>(uniform(0, 3)),
                               static_cast<float>(uniform(0.3, 0.95))});
            if (uniform(0, 1) < 0.1) objects.push_back(objects.back());
        }
        return objects;
    }

    /// The same seen a little differently: moved, lost, or found besides.
    std::vector<Object> changed(const std::vector<Object>& objects) {
        std::vector<Object> others = make();
        others.resize(others.size() / 4);
        for (Object object : objects) {
            if (uniform(0, 1) < 0.1) continue;
            object.box.x_min += static_cast<float>(uniform(-3, 3));
            object.box.y_max += static_cast<float>(uniform(-3, 3));
            object.confidence += static_cast<float>(uniform(-0.05, 0.05));
            others.push_back(object);
        }
        return shuffled(others);
    }

    std::vector<Object> shuffled(std::vector<Object> objects) {
        std::ranges::shuffle(objects, engine_);
        return objects;
    }

private:
    double uniform(double low, double high) { return std::uniform_real_distribution(low, high)(engine_); }

    std::mt19937 engine_;
};

/// The share of pixels of a fine grid that lie in both boxes, of those that lie in one.
double counted_iou(const Box& a, const Box& b) {
    const auto contains = [](const Box& box, double x, double y) {
        return x > box.x_min && x < box.x_max && y > box.y_min && y < box.y_max;
    };
    constexpr double kStep = 0.05;
    std::size_t both = 0;
    std::size_t any = 0;
    for (double x = kStep / 2; x < 100; x += kStep) {
        for (double y = kStep / 2; y < 100; y += kStep) {
            const bool in_a = contains(a, x, y);
            const bool in_b = contains(b, x, y);
            both += in_a && in_b ? 1 : 0;
            any += in_a || in_b ? 1 : 0;
        }
    }
    return static_cast<double>(both) / static_cast<double>(any);
}

double iou_of(const Box& a, const Box& b) {
    const double width = std::min<double>(a.x_max, b.x_max) - std::max<double>(a.x_min, b.x_min);
    const double height = std::min<double>(a.y_max, b.y_max) - std::max<double>(a.y_min, b.y_min);
    if (std::min(width, height) <= 0) return 0;
    const auto area = [](const Box& box) {
        return (double{box.x_max} - double{box.x_min}) * (double{box.y_max} - double{box.y_min});
    };
    return width * height / (area(a) + area(b) - width * height);
}

double shift_of(const Object& a, const Object& b) {
    return std::max(std::max(std::abs(double{a.box.x_min} - b.box.x_min), std::abs(double{a.box.x_max} - b.box.x_max)),
                    std::max(std::abs(double{a.box.y_min} - b.box.y_min), std::abs(double{a.box.y_max} - b.box.y_max)));
}

/// The definition, word by word: as long as there are two objects that may be the same, those that overlap most are.
Agreement by_definition(std::vector<Object> reference, std::vector<Object> candidate, double counts_above) {
    Agreement result;
    std::vector<double> shifts;
    const auto counts = [&](const Object& object) { return double{object.confidence} > counts_above; };
    while (true) {
        std::optional<std::pair<std::size_t, std::size_t>> best;
        const auto is_better = [&](std::size_t i, std::size_t j) {
            if (!best) return true;
            const Object& a = reference[best->first];
            const Object& b = candidate[best->second];
            const double iou = iou_of(reference[i].box, candidate[j].box);
            const double other = iou_of(a.box, b.box);
            if (iou != other) return iou > other;
            const double difference = std::abs(double{reference[i].confidence} - candidate[j].confidence);
            return difference < std::abs(double{a.confidence} - b.confidence);
        };
        for (std::size_t i = 0; i < reference.size(); ++i) {
            for (std::size_t j = 0; j < candidate.size(); ++j) {
                if (reference[i].class_id != candidate[j].class_id) continue;
                if (iou_of(reference[i].box, candidate[j].box) < 0.5) continue;
                if (is_better(i, j)) best = {i, j};
            }
        }
        if (!best) break;
        const Object a = reference[best->first];
        const Object b = candidate[best->second];
        reference.erase(reference.begin() + static_cast<std::ptrdiff_t>(best->first));
        candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(best->second));
        if (counts(a)) ++result.matched_objects;
        if (!counts(a) && !counts(b)) continue;
        shifts.push_back(shift_of(a, b));
        result.smallest_iou = std::min(result.smallest_iou, iou_of(a.box, b.box));
        result.largest_confidence_difference =
            std::max(result.largest_confidence_difference, std::abs(double{a.confidence} - b.confidence));
    }
    result.reference_objects =
        result.matched_objects + static_cast<std::size_t>(std::ranges::count_if(reference, counts));
    result.extra_objects = static_cast<std::size_t>(std::ranges::count_if(candidate, counts));
    result.borderline_objects = reference.size() + candidate.size() - result.missing_objects() - result.extra_objects;
    result.compared_pairs = shifts.size();
    if (!shifts.empty()) {
        result.largest_shift = *std::ranges::max_element(shifts);
        result.mean_shift = std::accumulate(shifts.begin(), shifts.end(), 0.0) / static_cast<double>(shifts.size());
    }
    return result;
}

TEST(CompareDetections, IsWhatItsDefinitionSaysForRandomObjects) {
    std::size_t matched = 0;
    std::size_t unmatched = 0;
    for (std::uint32_t seed = 0; seed < 2000; ++seed) {
        SCOPED_TRACE(seed);
        RandomObjects random(seed);
        const auto reference = random.make();
        const auto candidate = random.changed(reference);
        const auto expected = by_definition(reference, candidate, 0.45);
        const auto found = compare_detections(detections(reference), detections(candidate), {.counts_above = 0.45});
        // The sums of the mean differ in their order.
        EXPECT_NEAR(found.mean_shift, expected.mean_shift, 1e-9);
        Agreement same_mean = found;
        same_mean.mean_shift = expected.mean_shift;
        expect_equal(same_mean, expected);
        matched += found.matched_objects;
        unmatched += found.missing_objects() + found.extra_objects + found.borderline_objects;
        if (HasFailure()) return;
    }
    EXPECT_GT(matched, 5000U);
    EXPECT_GT(unmatched, 1000U);
}

TEST(CompareDetections, IouIsTheShareOfPixelsThatAreInBothBoxes) {
    const Box box{10, 20, 50, 80};
    for (const Box& other : {Box{10, 20, 50, 80}, Box{12, 25, 55, 82}, Box{5, 15, 50, 78}, Box{15, 30, 45, 75}}) {
        const auto found = compare_detections(detections({{box}}), detections({{other}}));
        ASSERT_EQ(found.matched_objects, 1U);
        EXPECT_NEAR(found.smallest_iou, counted_iou(box, other), 2e-3);
    }
}

TEST(CompareDetections, WhatIsTheSameDoesNotDiffer) {
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        RandomObjects random(seed);
        const auto objects = random.make();
        const auto found = compare_detections(detections(objects), detections(random.shuffled(objects)));
        Agreement expected;
        expected.reference_objects = expected.matched_objects = expected.compared_pairs = objects.size();
        expect_equal(found, expected);
    }
}

TEST(CompareDetections, TheOrderOfObjectsDecidesNothing) {
    for (std::uint32_t seed = 0; seed < 500; ++seed) {
        SCOPED_TRACE(seed);
        RandomObjects random(seed);
        const auto reference = random.make();
        const auto candidate = random.changed(reference);
        const auto first = compare_detections(detections(reference), detections(candidate), {.counts_above = 0.5});
        const auto second = compare_detections(detections(random.shuffled(reference)),
                                               detections(random.shuffled(candidate)), {.counts_above = 0.5});
        EXPECT_EQ(first.mean_shift, second.mean_shift);  // to the last bit
        expect_equal(first, second);
    }
}

TEST(CompareDetections, TiesAreBrokenByWhatObjectsAreNotByTheirOrder) {
    // Two candidates overlap the reference alike, one to the left of it and one to the right.
    const std::vector<Object> reference{{{10, 10, 30, 30}, 0, 0.9F}};
    std::vector<Object> candidate{{{11, 10, 31, 30}, 0, 0.5F}, {{9, 10, 29, 30}, 0, 0.7F}};
    for (int order = 0; order < 2; ++order) {
        const auto found = compare_detections(detections(reference), detections(candidate));
        EXPECT_NEAR(found.largest_confidence_difference, 0.2, 1e-6);
        EXPECT_EQ(found.extra_objects, 1U);
        std::ranges::reverse(candidate);
    }
    // The same box several times, with confidences that tell which is which.
    const std::vector<Object> stack{
        {{10, 10, 30, 30}, 0, 0.9F}, {{10, 10, 30, 30}, 0, 0.8F}, {{10, 10, 30, 30}, 0, 0.7F}};
    std::vector<Object> same(stack.rbegin(), stack.rend());
    do {
        const auto found = compare_detections(detections(stack), detections(same));
        EXPECT_EQ(found.matched_objects, 3U);
        EXPECT_EQ(found.largest_confidence_difference, 0);
    } while (std::ranges::next_permutation(same, {}, &Object::confidence).found);
}

TEST(CompareDetections, ABoxThatWasMovedIsAsFarAway) {
    for (const float moved : {0.125F, 1.0F, 4.0F}) {
        RandomObjects random(7);
        const std::vector<Object> reference{{{10, 10, 50, 60}, 1, 0.8F}, {{200, 10, 260, 90}, 1, 0.7F}};
        std::vector<Object> candidate = reference;
        candidate[1].box.y_max += moved;
        const auto found = compare_detections(detections(reference), detections(random.shuffled(candidate)));
        EXPECT_EQ(found.matched_objects, 2U);
        EXPECT_DOUBLE_EQ(found.largest_shift, moved);
        EXPECT_DOUBLE_EQ(found.mean_shift, moved / 2.0);
        EXPECT_NEAR(found.smallest_iou, 80 / (80.0 + moved), 1e-9);
    }
}

TEST(CompareDetections, WhatIsMissingOnOneSideIsExtraOnTheOther) {
    for (std::uint32_t seed = 0; seed < 500; ++seed) {
        RandomObjects random(seed);
        const auto reference = detections(random.make());
        const auto candidate = detections(random.changed(objects_of(reference)));
        const auto there = compare_detections(reference, candidate, {.counts_above = 0.5});
        const auto back = compare_detections(candidate, reference, {.counts_above = 0.5});
        EXPECT_EQ(there.missing_objects(), back.extra_objects);
        EXPECT_EQ(there.extra_objects, back.missing_objects());
        EXPECT_EQ(there.borderline_objects, back.borderline_objects);
        EXPECT_EQ(there.compared_pairs, back.compared_pairs);
        EXPECT_EQ(there.largest_shift, back.largest_shift);
    }
}

TEST(CompareDetections, AnotherClassIsAnotherObject) {
    const auto found = compare_detections(detections({{{0, 0, 10, 10}, 1}}), detections({{{0, 0, 10, 10}, 2}}));
    EXPECT_EQ(found.missing_objects(), 1U);
    EXPECT_EQ(found.extra_objects, 1U);
}

TEST(CompareDetections, ObjectsThatDoNotCountComeAndGo) {
    const ComparisonOptions options{.counts_above = 0.45};
    const Detections nothing;
    const auto faint = detections({{{0, 0, 10, 10}, 0, 0.44F}});
    EXPECT_EQ(compare_detections(faint, nothing, options).borderline_objects, 1U);
    EXPECT_EQ(compare_detections(faint, nothing, options).reference_objects, 0U);
    EXPECT_EQ(compare_detections(nothing, faint, options).borderline_objects, 1U);
    EXPECT_EQ(compare_detections(nothing, faint, options).extra_objects, 0U);
    // They move as they will,
    const auto faint_elsewhere = detections({{{0, 0, 10, 12}, 0, 0.41F}});
    EXPECT_EQ(compare_detections(faint, faint_elsewhere, options).compared_pairs, 0U);
    EXPECT_EQ(compare_detections(faint, faint_elsewhere, options).largest_shift, 0);
    // but what is compared with one that counts is compared, whichever side that is on.
    const auto clear = detections({{{0, 0, 10, 12}, 0, 0.6F}});
    for (const auto& found : {compare_detections(faint, clear, options), compare_detections(clear, faint, options)}) {
        EXPECT_EQ(found.compared_pairs, 1U);
        EXPECT_EQ(found.largest_shift, 2);
        EXPECT_NEAR(found.largest_confidence_difference, 0.16, 1e-6);
        EXPECT_EQ(found.missing_objects() + found.extra_objects, 0U);
    }
}

TEST(CompareDetections, SliversAtTheBorderAreMatched) {
    const Box line{0, 10, 0, 40};  // what the border leaves of a box beside the image
    const auto same = compare_detections(detections({{line}}), detections({{line}}));
    EXPECT_EQ(same.matched_objects, 1U);
    EXPECT_EQ(same.smallest_iou, 1);
    const auto thicker = compare_detections(detections({{line}}), detections({{{0, 10, 0.05F, 40}}}));
    EXPECT_EQ(thicker.matched_objects, 1U);
    EXPECT_NEAR(thicker.largest_shift, 0.05, 1e-6);
    const auto elsewhere = compare_detections(detections({{line}}), detections({{{0, 10, 0, 41}}}));
    EXPECT_EQ(elsewhere.matched_objects, 0U);
}

TEST(CompareDetections, ImagesAddUp) {
    const auto one = compare_detections(detections({{{0, 0, 10, 10}}}), detections({{{0, 0, 10, 13}}}));
    const auto other = compare_detections(detections({{{0, 0, 10, 10}}, {{50, 0, 60, 10}}, {{90, 0, 99, 10}}}),
                                          detections({{{0, 0, 10, 11}}, {{50, 0, 60, 12}}, {{0, 80, 9, 90}}}));
    Agreement sum;
    sum += one;
    sum += other;
    Agreement expected;
    expected.reference_objects = 4;
    expected.matched_objects = 3;
    expected.extra_objects = 1;
    expected.compared_pairs = 3;
    expected.largest_shift = 3;
    expected.mean_shift = 2;
    expected.smallest_iou = 10.0 / 13;
    expect_equal(sum, expected);
}

}  // namespace
}  // namespace inference_models
