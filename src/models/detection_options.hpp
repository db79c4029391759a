#pragma once

#include <inference_models/object_detection_model.hpp>

namespace inference_models::models {

/// \throws Error `invalid_argument` that names an option which is out of range
void check(const ObjectDetectionOptions& options);

}  // namespace inference_models::models
