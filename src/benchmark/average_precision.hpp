#pragma once

#include <inference_models/benchmark.hpp>
#include <inference_models/detections.hpp>

#include <span>

#include "benchmark/coco_labels.hpp"

namespace inference_models {

/// How right detections are, counted as COCO's own evaluation of boxes does: all areas, at most 100 objects of a class
/// in an image, the mean over IoU thresholds 0.50 to 0.95 and over all classes of which an object is labelled.
///
/// Detections should reach down to a confidence of almost 0: what is left out for its confidence counts as not found.
///
/// \param labels  of each image
/// \param found   in each image; class ids are the labels' categories
[[nodiscard]] AveragePrecision average_precision(std::span<const ImageLabels> labels,
                                                 std::span<const Detections> found);

}  // namespace inference_models
