#include <inference_models/compare_detections.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <vector>

namespace inference_models {
namespace {

/// Two objects that may be the same.
struct Pair {
    std::size_t reference = 0;
    std::size_t candidate = 0;
    double iou = 0;
    double shift = 0;
    double confidence_difference = 0;
};

double area(const Box& box) {
    return (double{box.x_max} - box.x_min) * (double{box.y_max} - box.y_min);
}

double intersection_over_union(const Box& a, const Box& b) {
    if (a == b) return 1;  // also without an area
    const double width = double{std::min(a.x_max, b.x_max)} - std::max(a.x_min, b.x_min);
    const double height = double{std::min(a.y_max, b.y_max)} - std::max(a.y_min, b.y_min);
    if (width <= 0 || height <= 0) return 0;
    const double common = width * height;
    return common / (area(a) + area(b) - common);
}

double largest_shift(const Box& a, const Box& b) {
    return std::max({std::abs(double{a.x_min} - b.x_min), std::abs(double{a.y_min} - b.y_min),
                     std::abs(double{a.x_max} - b.x_max), std::abs(double{a.y_max} - b.y_max)});
}

/// What an object is, wherever it stands among the others.
std::array<float, 5> value_of(const Detections& objects, std::size_t index) {
    const Box& box = objects.xyxy[index];
    return {box.x_min, box.y_min, box.x_max, box.y_max, objects.confidence[index]};
}

/// All pairs that may be the same object, the likeliest first.
std::vector<Pair> possible_pairs(const Detections& reference, const Detections& candidate) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        for (std::size_t j = 0; j < candidate.size(); ++j) {
            if (reference.class_id[i] != candidate.class_id[j]) continue;
            const double iou = intersection_over_union(reference.xyxy[i], candidate.xyxy[j]);
            const double shift = largest_shift(reference.xyxy[i], candidate.xyxy[j]);
            if (iou < kSameObjectIou && shift > kSameObjectShift) continue;
            pairs.push_back({i, j, iou, shift, std::abs(double{reference.confidence[i]} - candidate.confidence[j])});
        }
    }
    // Objects that are alike in all of this may change places: the result is the same.
    std::ranges::sort(pairs, {}, [&](const Pair& pair) {
        return std::tuple(-pair.iou, pair.shift, pair.confidence_difference, value_of(reference, pair.reference),
                          value_of(candidate, pair.candidate));
    });
    return pairs;
}

/// Objects of one side.
struct Side {
    const Detections& objects;
    double counts_above;
    std::vector<bool> has_match = std::vector<bool>(objects.size());

    [[nodiscard]] bool counts(std::size_t index) const { return double{objects.confidence[index]} > counts_above; }

    [[nodiscard]] std::size_t count(bool that_count, bool with_match) const {
        std::size_t found = 0;
        for (std::size_t i = 0; i < objects.size(); ++i) {
            if (counts(i) == that_count && has_match[i] == with_match) ++found;
        }
        return found;
    }
};

/// One more pair that is compared.
void add(Agreement& agreement, const Pair& pair) {
    agreement += {.compared_pairs = 1,
                  .largest_shift = pair.shift,
                  .mean_shift = pair.shift,
                  .smallest_iou = pair.iou,
                  .largest_confidence_difference = pair.confidence_difference};
}

}  // namespace

Agreement& Agreement::operator+=(const Agreement& other) noexcept {
    const std::size_t pairs = compared_pairs + other.compared_pairs;
    if (pairs > 0) {
        mean_shift = (mean_shift * static_cast<double>(compared_pairs) +
                      other.mean_shift * static_cast<double>(other.compared_pairs)) /
                     static_cast<double>(pairs);
    }
    reference_objects += other.reference_objects;
    matched_objects += other.matched_objects;
    extra_objects += other.extra_objects;
    borderline_objects += other.borderline_objects;
    compared_pairs = pairs;
    largest_shift = std::max(largest_shift, other.largest_shift);
    smallest_iou = std::min(smallest_iou, other.smallest_iou);
    largest_confidence_difference = std::max(largest_confidence_difference, other.largest_confidence_difference);
    return *this;
}

Agreement compare_detections(const Detections& reference, const Detections& candidate,
                             const ComparisonOptions& options) {
    Side ours{reference, options.counts_above};
    Side theirs{candidate, options.counts_above};
    Agreement agreement;
    for (const Pair& pair : possible_pairs(reference, candidate)) {
        if (ours.has_match[pair.reference] || theirs.has_match[pair.candidate]) continue;
        ours.has_match[pair.reference] = true;
        theirs.has_match[pair.candidate] = true;
        if (ours.counts(pair.reference) || theirs.counts(pair.candidate)) add(agreement, pair);
    }
    agreement.matched_objects = ours.count(true, true);
    agreement.reference_objects = agreement.matched_objects + ours.count(true, false);
    agreement.extra_objects = theirs.count(true, false);
    agreement.borderline_objects = ours.count(false, false) + theirs.count(false, false);
    return agreement;
}

}  // namespace inference_models
