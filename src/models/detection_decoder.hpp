#pragma once

#include "formats/package.hpp"

#include <cstdint>
#include <inference_models/detections.hpp>
#include <inference_models/object_detection_model.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inference_models::models {

/// One image's part of one of a network's outputs.
struct OutputSlice {
    std::string_view name;
    std::span<const std::int64_t> shape;  ///< without the batch
    std::span<const float> values;        ///< dense, last dimension fastest
};

/// Turns the raw outputs for one image into detections in pixels of the network's input, the most confident first.
/// A family of detectors is its decoder; everything else is common to all.
class DetectionDecoder {
public:
    virtual ~DetectionDecoder() = default;

    /// \throws Error `invalid_output` where the outputs are not what the family promises, or hold NaN
    [[nodiscard]] virtual Detections decode(std::span<const OutputSlice> outputs,
                                            const ObjectDetectionOptions& options) const = 0;
};

/// What a decoder needs to know of its package.
struct DecoderFacts {
    std::size_t class_count = 0;
    formats::PostProcessing post_processing;
};

}  // namespace inference_models::models
