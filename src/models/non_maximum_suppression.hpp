#pragma once

#include <inference_models/detections.hpp>
#include <inference_models/object_detection_model.hpp>

namespace inference_models::models {

/// Greedy non-maximum suppression as torchvision's: boxes in order of falling confidence (equal ones in the order in
/// which they came); one goes when its intersection over union with a kept one of its class (of any class where
/// `class_agnostic_nms`) exceeds `iou_threshold`; at most `max_detections` are kept.
[[nodiscard]] Detections non_maximum_suppression(const Detections& boxes, const ObjectDetectionOptions& options);

}  // namespace inference_models::models
