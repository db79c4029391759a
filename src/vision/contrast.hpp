#pragma once

#include <inference_models/image.hpp>

#include "vision/pre_processing.hpp"

namespace inference_models::vision {

/// Changes a picture of three channels as scikit-image 0.26 does in the Python reference.
void adjust_contrast(Image& image, Contrast contrast);

}  // namespace inference_models::vision
