#pragma once

#include <CLI/CLI.hpp>

#include <inference_models/object_detection_model.hpp>

namespace inference_models::cli {

/// The two thresholds by which detections are found.
inline void add_thresholds(CLI::App& command, ObjectDetectionOptions& detection) {
    command.add_option("--confidence", detection.confidence, "least confidence, 0 to 1")->capture_default_str();
    command
        .add_option("--iou,--iou-threshold", detection.iou_threshold,
                    "boxes of a class that overlap more than this are one, 0 to 1")
        ->capture_default_str();
}

}  // namespace inference_models::cli
