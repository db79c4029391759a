#include "vision/canvas.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace inference_models::vision {
namespace {

constexpr std::size_t kPixelBytes = 3;

std::uint8_t* pixel_at(Image& image, std::int32_t x, std::int32_t y) {
    return image.pixels().data() + static_cast<std::size_t>(y) * image.row_stride() +
           static_cast<std::size_t>(x) * kPixelBytes;
}

void copy_row(std::span<const std::uint8_t> from, ColorFormat format, std::uint8_t* to) {
    switch (format) {
        case ColorFormat::bgr: std::memcpy(to, from.data(), from.size()); return;
        case ColorFormat::rgb:
            for (std::size_t i = 0; i < from.size(); i += kPixelBytes) {
                std::reverse_copy(&from[i], &from[i] + kPixelBytes, to + i);
            }
            return;
        case ColorFormat::gray:
            for (const std::uint8_t value : from) to = std::fill_n(to, kPixelBytes, value);
            return;
    }
}

}  // namespace

Rectangle intersection(const Rectangle& a, const Rectangle& b) noexcept {
    return {std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right), std::min(a.bottom, b.bottom)};
}

Image copy_as_bgr(const ImageView& image) {
    Image copy(image.size());
    for (std::int32_t y = 0; y < image.height(); ++y) copy_row(image.row(y), image.format(), pixel_at(copy, 0, y));
    return copy;
}

void fill(Image& image, const Rectangle& area, Color color) {
    const Rectangle visible = intersection(area, frame_of(image));
    for (std::int32_t y = visible.top; y < visible.bottom; ++y) {
        std::uint8_t* pixel = pixel_at(image, visible.left, y);
        for (std::int32_t x = visible.left; x < visible.right; ++x) {
            *pixel++ = color.blue;
            *pixel++ = color.green;
            *pixel++ = color.red;
        }
    }
}

void draw_outline(Image& image, const Rectangle& outline, std::int32_t thickness, Color color) {
    const auto [left, top, right, bottom] = outline;
    const auto part = [&](const Rectangle& side) { fill(image, intersection(side, outline), color); };
    part({left, top, right, top + thickness});
    part({left, bottom - thickness, right, bottom});
    part({left, top, left + thickness, bottom});
    part({right - thickness, top, right, bottom});
}

void blend(Image& image, std::int32_t x, std::int32_t y, Color color, std::uint8_t coverage) {
    std::uint8_t* const pixel = pixel_at(image, x, y);
    const auto mixed = [coverage](int below, int above) {
        return static_cast<std::uint8_t>((below * (255 - coverage) + above * coverage + 127) / 255);
    };
    pixel[0] = mixed(pixel[0], color.blue);
    pixel[1] = mixed(pixel[1], color.green);
    pixel[2] = mixed(pixel[2], color.red);
}

}  // namespace inference_models::vision
