#pragma once

#include <inference_models/export.hpp>
#include <inference_models/image.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace inference_models {

/// Corners in pixels of the caller's image: x to the right, y down, (0, 0) the top left corner of the top left pixel.
struct Box {
    float x_min = 0;
    float y_min = 0;
    float x_max = 0;
    float y_max = 0;

    friend bool operator==(const Box&, const Box&) = default;
};

/// What was found in one image, the most confident first. The three lists have the same length.
struct Detections {
    std::vector<Box> xyxy;               ///< within [0, width] x [0, height] of the image
    std::vector<std::int32_t> class_id;  ///< index into the model's `class_names()`
    std::vector<float> confidence;       ///< 0..1

    [[nodiscard]] std::size_t size() const noexcept { return xyxy.size(); }
    [[nodiscard]] bool empty() const noexcept { return xyxy.empty(); }

    friend bool operator==(const Detections&, const Detections&) = default;
};

/// A copy of the image with the boxes, class names and confidences drawn on it: a colour for each class that is the
/// same in every picture, lines and text scaled to the picture, labels kept inside of it.
/// A class id without a name is labelled with its number.
[[nodiscard]] INFERENCE_MODELS_EXPORT Image draw_detections(const ImageView& image, const Detections& detections,
                                                            std::span<const std::string> class_names);

}  // namespace inference_models
