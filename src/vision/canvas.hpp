#pragma once

#include <cstdint>
#include <inference_models/image.hpp>

/// The few things that are drawn on a BGR picture. Whatever lies outside of it is left out.
namespace inference_models::vision {

struct Color {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;

    friend bool operator==(const Color&, const Color&) = default;
};

/// Whole pixels: left and top belong to it, right and bottom do not.
struct Rectangle {
    std::int32_t left = 0;
    std::int32_t top = 0;
    std::int32_t right = 0;
    std::int32_t bottom = 0;

    [[nodiscard]] std::int32_t width() const noexcept { return right - left; }
    [[nodiscard]] std::int32_t height() const noexcept { return bottom - top; }
};

/// The part that both share; its width or height is 0 or less where there is none.
[[nodiscard]] Rectangle intersection(const Rectangle& a, const Rectangle& b) noexcept;

[[nodiscard]] inline Rectangle frame_of(const Image& image) noexcept {
    return {0, 0, image.size().width, image.size().height};
}

/// The pixels in BGR order.
[[nodiscard]] Image copy_as_bgr(const ImageView& image);

void fill(Image& image, const Rectangle& area, Color color);

/// A frame of this thickness along the inside of the rectangle's edges.
void draw_outline(Image& image, const Rectangle& outline, std::int32_t thickness, Color color);

/// Covers a pixel of the picture to `coverage` 255ths.
void blend(Image& image, std::int32_t x, std::int32_t y, Color color, std::uint8_t coverage);

}  // namespace inference_models::vision
