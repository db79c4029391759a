#include "benchmark/average_precision.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <vector>

namespace inference_models {
namespace {

constexpr std::size_t kMostFound = 100;  ///< of a class in an image
constexpr std::size_t kThresholds = 10;
constexpr std::size_t kRecalls = 101;

/// As numpy.linspace(0.5, 0.95, 10) has them, to the last bit: an IoU may lie on one.
double iou_threshold(std::size_t which) {
    constexpr double kStep = (0.95 - 0.5) / 9;
    return which + 1 == kThresholds ? 0.95 : static_cast<double>(which) * kStep + 0.5;
}

/// As numpy.linspace(0, 1, 101).
double recall_level(std::size_t which) {
    return which + 1 == kRecalls ? 1.0 : static_cast<double>(which) * 0.01;
}

struct Found {
    LabelledBox box;
    float confidence = 0;
};

/// One class in one image.
struct ClassInImage {
    std::vector<LabelledObject> labels;  ///< crowds last
    std::vector<Found> found;            ///< the most confident first
};

enum class Outcome : std::uint8_t { right, wrong, ignored };

struct Judged {
    float confidence = 0;
    Outcome outcome = Outcome::wrong;
};

double overlap(const LabelledBox& found, const LabelledObject& label) {
    const LabelledBox& box = label.box;
    const double width = std::min(found.x + found.width, box.x + box.width) - std::max(found.x, box.x);
    const double height = std::min(found.y + found.height, box.y + box.height) - std::max(found.y, box.y);
    if (width <= 0 || height <= 0) return 0;
    const double common = width * height;
    const double area = found.width * found.height;
    // Within a crowd, an object need not fill it.
    return common / (label.is_crowd ? area : area + box.width * box.height - common);
}

ClassInImage class_in_image(std::int64_t category, const ImageLabels& labels, const Detections& found) {
    ClassInImage one;
    for (const LabelledObject& label : labels.objects) {
        if (label.category == category) one.labels.push_back(label);
    }
    std::ranges::stable_partition(one.labels, [](const LabelledObject& label) { return !label.is_crowd; });
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (found.class_id[i] != category) continue;
        const Box& box = found.xyxy[i];
        const double x = box.x_min;
        const double y = box.y_min;
        one.found.push_back({{x, y, box.x_max - x, box.y_max - y}, found.confidence[i]});
    }
    std::ranges::stable_sort(one.found, std::ranges::greater{}, &Found::confidence);
    one.found.resize(std::min(one.found.size(), kMostFound));
    return one;
}

/// The label that an object is taken for: of those still free that overlap enough the one that overlaps most, a crowd
/// only where there is no other.
std::optional<std::size_t> match_of(const Found& found, const ClassInImage& one, const std::vector<bool>& taken,
                                    double threshold) {
    std::optional<std::size_t> match;
    double most = threshold;
    for (std::size_t i = 0; i < one.labels.size(); ++i) {
        const bool is_crowd = one.labels[i].is_crowd;
        if (taken[i] && !is_crowd) continue;
        if (match && is_crowd && !one.labels[*match].is_crowd) break;
        const double iou = overlap(found.box, one.labels[i]);
        if (iou < most) continue;
        most = iou;
        match = i;
    }
    return match;
}

void judge(std::vector<Judged>& judged, const ClassInImage& one, double threshold) {
    std::vector<bool> taken(one.labels.size());
    for (const Found& found : one.found) {
        const auto match = match_of(found, one, taken, threshold);
        Judged& outcome = judged.emplace_back(found.confidence, Outcome::wrong);
        if (!match) continue;
        taken[*match] = true;
        outcome.outcome = one.labels[*match].is_crowd ? Outcome::ignored : Outcome::right;
    }
}

/// The mean, over 101 levels of recall, of the best precision that is reached with at least that recall.
double average_of(std::vector<Judged> judged, std::size_t labelled) {
    std::ranges::stable_sort(judged, std::ranges::greater{}, &Judged::confidence);
    std::vector<double> recall;
    std::vector<double> precision;
    double right = 0;
    double wrong = 0;
    for (const Judged& one : judged) {
        right += one.outcome == Outcome::right ? 1 : 0;
        wrong += one.outcome == Outcome::wrong ? 1 : 0;
        recall.push_back(right / static_cast<double>(labelled));
        precision.push_back(right / (right + wrong + std::numeric_limits<double>::epsilon()));
    }
    for (std::size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
    double sum = 0;
    for (std::size_t level = 0; level < kRecalls; ++level) {
        const auto reached = std::ranges::lower_bound(recall, recall_level(level)) - recall.begin();
        if (reached < std::ssize(precision)) sum += precision[static_cast<std::size_t>(reached)];
    }
    return sum / kRecalls;
}

/// The average precision of one class at each threshold.
std::array<double, kThresholds> class_averages(const std::vector<ClassInImage>& images, std::size_t labelled) {
    std::array<double, kThresholds> averages{};
    for (std::size_t i = 0; i < kThresholds; ++i) {
        std::vector<Judged> judged;
        for (const ClassInImage& image : images) judge(judged, image, iou_threshold(i));
        averages[i] = average_of(std::move(judged), labelled);
    }
    return averages;
}

/// The order of COCO's evaluation, which decides between equal confidences.
std::vector<std::size_t> by_image_id(std::span<const ImageLabels> labels) {
    std::vector<std::size_t> order(labels.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return labels[i].image_id; });
    return order;
}

std::set<std::int64_t> categories_of(std::span<const ImageLabels> labels) {
    std::set<std::int64_t> categories;
    for (const ImageLabels& image : labels) {
        for (const LabelledObject& object : image.objects) {
            if (!object.is_crowd) categories.insert(object.category);
        }
    }
    return categories;
}

}  // namespace

AveragePrecision average_precision(std::span<const ImageLabels> labels, std::span<const Detections> found) {
    const std::vector<std::size_t> order = by_image_id(labels);
    const std::set<std::int64_t> categories = categories_of(labels);
    AveragePrecision sum;
    for (const std::int64_t category : categories) {
        std::vector<ClassInImage> images;
        std::size_t labelled = 0;
        for (const std::size_t i : order) {
            images.push_back(class_in_image(category, labels[i], found[i]));
            labelled +=
                static_cast<std::size_t>(std::ranges::count(images.back().labels, false, &LabelledObject::is_crowd));
        }
        const auto averages = class_averages(images, labelled);
        sum.ap += std::accumulate(averages.begin(), averages.end(), 0.0) / kThresholds;
        sum.ap50 += averages.front();
    }
    const auto classes = static_cast<double>(categories.size());
    return {sum.ap / classes, sum.ap50 / classes};
}

}  // namespace inference_models
