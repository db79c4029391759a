#pragma once

#include <inference_models/load_options.hpp>
#include <inference_models/model_metadata.hpp>

#include <optional>
#include <string>

/// NMS that is part of a network, against what a caller wants of it.
namespace inference_models::selection {

/// The first parameter that is not as it is wanted, in words: `iou_threshold 0.5, nms_fusion_preferences asks for 0.7`.
/// One that the package does not state is not as it is wanted. Nothing where all are.
[[nodiscard]] std::optional<std::string> misfit(const FusedNms& nms, const NmsFusionPreferences& wanted);

/// How near the parameters are to the middle of what is wanted: up to 1 for each that is wanted, 0 where one misfits.
[[nodiscard]] double nearness(const FusedNms& nms, const NmsFusionPreferences& wanted);

/// What a caller writes behind `nms_fusion_preferences=`: `True`, or `{"iou_threshold": [0.5, 0.7]}`.
[[nodiscard]] std::string written(const NmsFusionPreferences& preferences);

/// The preferences that ask for exactly these parameters.
[[nodiscard]] NmsFusionPreferences preferences_for(const FusedNms& nms);

}  // namespace inference_models::selection
