#pragma once

#include "models/detection_decoder.hpp"
#include "selection/selection.hpp"

#include <memory>
#include <span>
#include <string_view>

/// The families of models that can be decoded. Adding one adds a row in families.cpp and a decoder beside it.
namespace inference_models::models {

[[nodiscard]] std::span<const selection::SupportedFamily> supported_families();

/// The decoder of a family of detectors, or null where there is none.
[[nodiscard]] std::unique_ptr<DetectionDecoder> make_detection_decoder(std::string_view architecture,
                                                                       const DecoderFacts& facts);

}  // namespace inference_models::models
