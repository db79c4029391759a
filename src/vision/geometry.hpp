#pragma once

#include <inference_models/image.hpp>
#include <inference_models/object_detection_model.hpp>

#include <cstdint>

#include "vision/pre_processing.hpp"

/// Where the pixels of an image go in a network's input: arithmetic on sizes alone.
namespace inference_models::vision {

struct Area {
    std::int32_t x = 0;
    std::int32_t y = 0;
    ImageSize size;
};

struct Geometry {
    Area crop;   ///< the static crop in the caller's image; all of it where there is none
    Area shown;  ///< what of the crop reaches the network, in the crop's pixels
    Area inner;  ///< where that lies in the network's input, around it there is padding
    PreProcessingMetadata metadata;
};

/// \throws Error `invalid_image` where nothing is left of the image after the static crop
[[nodiscard]] Geometry plan_geometry(ImageSize image, const PreProcessing& rules);

}  // namespace inference_models::vision
