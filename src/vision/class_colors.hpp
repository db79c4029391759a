#pragma once

#include <cstdint>

#include "vision/canvas.hpp"

namespace inference_models::vision {

/// The colour of a class: the same in every picture, and for any number.
[[nodiscard]] Color color_of_class(std::int32_t class_id) noexcept;

/// Black or white, whichever is easier to read on this colour.
[[nodiscard]] Color text_color_on(Color background) noexcept;

}  // namespace inference_models::vision
