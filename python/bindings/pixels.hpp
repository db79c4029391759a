#pragma once

#include <array>
#include <cstdint>
#include <inference_models/image.hpp>
#include <optional>

namespace inference_models::python {

/// Somebody's pixels in whatever order they lie: the first element, and the distances between rows, pixels and colours.
template <class Element>
struct Pixels {
    const Element* data = nullptr;
    std::array<std::int64_t, 3> shape{};    ///< height, width, colours
    std::array<std::int64_t, 3> strides{};  ///< of the same, in elements
};

/// The same pixels without a copy where their rows are dense, else a copy that is kept in `copy`.
/// \throws Error `invalid_image` where they have a size that no image has
[[nodiscard]] ImageView image_view(const Pixels<std::uint8_t>& pixels, ColorFormat format, std::optional<Image>& copy);

/// The same of floats, rounded.
/// \throws Error `invalid_image` where one is NaN or not from 0 to 255, or where all are fractions
[[nodiscard]] ImageView image_view(const Pixels<float>& pixels, ColorFormat format, std::optional<Image>& copy);

}  // namespace inference_models::python
