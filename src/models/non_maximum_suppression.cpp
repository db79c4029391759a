#include "models/non_maximum_suppression.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace inference_models::models {
namespace {

float area(const Box& box) {
    return (box.x_max - box.x_min) * (box.y_max - box.y_min);
}

float intersection_over_union(const Box& a, const Box& b) {
    const float width = std::max(0.0F, std::min(a.x_max, b.x_max) - std::max(a.x_min, b.x_min));
    const float height = std::max(0.0F, std::min(a.y_max, b.y_max) - std::max(a.y_min, b.y_min));
    const float intersection = width * height;
    return intersection / (area(a) + area(b) - intersection);
}

}  // namespace

Detections non_maximum_suppression(const Detections& boxes, const ObjectDetectionOptions& options) {
    std::vector<std::size_t> order(boxes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return boxes.confidence[i]; });

    Detections kept;
    for (const std::size_t i : order) {
        if (kept.size() == static_cast<std::size_t>(options.max_detections)) break;
        // Only kept boxes suppress, so looking back at those is enough.
        bool suppressed = false;
        for (std::size_t k = 0; k < kept.size() && !suppressed; ++k) {
            suppressed = (options.class_agnostic_nms || kept.class_id[k] == boxes.class_id[i]) &&
                         intersection_over_union(kept.xyxy[k], boxes.xyxy[i]) > options.iou_threshold;
        }
        if (suppressed) continue;
        kept.xyxy.push_back(boxes.xyxy[i]);
        kept.class_id.push_back(boxes.class_id[i]);
        kept.confidence.push_back(boxes.confidence[i]);
    }
    return kept;
}

}  // namespace inference_models::models
