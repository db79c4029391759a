#pragma once

#include <inference_models/image.hpp>
#include <inference_models/object_detection_model.hpp>
#include <inference_models/tensor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

/// How an image becomes a network's input. `PreProcessing` is one plain value that the readers in formats/ make from
/// whatever a package says; `pre_process` is the one fused pass that obeys it.
namespace inference_models::vision {

/// A part of the image that is used alone, in percent of its size: 0 <= min < max <= 100.
struct StaticCrop {
    std::int32_t x_min = 0;
    std::int32_t y_min = 0;
    std::int32_t x_max = 100;
    std::int32_t y_max = 100;
};

enum class Contrast { adaptive_equalization, contrast_stretching, histogram_equalization };

enum class ResizeMode {
    stretch,                  ///< to the network's size, each axis with its own scale
    letterbox,                ///< one scale for both axes, padded evenly on both sides
    center_crop,              ///< not scaled: cut or padded around the centre
    letterbox_reflect_edges,  ///< letterbox whose border mirrors the image, its outermost pixels not repeated
};

/// How a letterbox's inner size and padding become whole pixels; boxes differ by up to 8 px where this is mixed up.
enum class LetterboxGeometry {
    truncate,  ///< Roboflow: sizes and pads truncated, boxes go back with the exact scale
    round,     ///< Ultralytics: sizes rounded, pads `round(pad / 2 - 0.1)`, boxes go back with the rounded sizes' scale
};

struct Normalization {
    std::array<float, 3> mean{};
    std::array<float, 3> deviation{1, 1, 1};  ///< none is 0
};

enum class TensorLayout { nchw, nhwc };

/// Applied in this order: static crop, grayscale, contrast, resize, pad, colour swap, scaling, normalisation.
struct PreProcessing {
    std::optional<StaticCrop> static_crop;
    bool grayscale = false;
    std::optional<Contrast> contrast;
    ResizeMode resize_mode = ResizeMode::letterbox;
    LetterboxGeometry letterbox_geometry = LetterboxGeometry::truncate;
    ImageSize network_size;                   ///< of the network's input, or the most of it, see `rect_stride`
    std::optional<std::int32_t> rect_stride;  ///< letterboxes: each image has a network input of its own, whose sides
                                              ///< are the smallest multiples of this that the scaled image fits in
    std::uint8_t padding_value = 0;           ///< of each channel, before scaling
    ColorFormat network_color = ColorFormat::rgb;  ///< rgb or bgr
    std::optional<float> scaling_factor;           ///< values are divided by it; > 0
    std::optional<Normalization> normalization;    ///< (value - mean) / deviation, channels in the network's order
};

/// Room for one image in a network's input: 3 * height * width elements of its `network_size_for`, without gaps.
struct NetworkInputSlot {
    std::span<std::byte> memory;
    ElementType type = ElementType::float32;  ///< float32 or float16
    TensorLayout layout = TensorLayout::nchw;
};

/// The size of the network's input for an image of a size.
/// \throws Error `invalid_image` where nothing is left of the image after the static crop
[[nodiscard]] ImageSize network_size_for(ImageSize image, const PreProcessing& rules);

/// Writes one image into its slot.
/// \throws Error `invalid_image` where nothing is left of the image after the static crop
[[nodiscard]] PreProcessingMetadata pre_process(const ImageView& image, const PreProcessing& rules,
                                                const NetworkInputSlot& slot);

}  // namespace inference_models::vision
