#include "vision/pixel_rows.hpp"

namespace inference_models::vision {
namespace {

void triple(std::uint8_t value, std::uint8_t* pixel) {
    pixel[0] = pixel[1] = pixel[2] = value;
}

/// ITU-R BT.601 in fixed point of 15 bits, OpenCV's.
std::uint8_t luma(std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
    return static_cast<std::uint8_t>((red * 9798 + green * 19235 + blue * 3735 + (1U << 14)) >> 15);
}

}  // namespace

PixelRows::PixelRows(const ImageView& image, const Area& part, bool grayscale, std::vector<std::uint8_t>& scratch)
    : image_(image), part_(part), grayscale_(grayscale), scratch_(scratch) {
    if (grayscale || image.format() == ColorFormat::gray) {
        scratch_.resize(static_cast<std::size_t>(part.size.width) * 3);
    }
}

const std::uint8_t* PixelRows::row(std::int32_t y) const {
    const std::uint8_t* const first =
        image_.row(part_.y + y).data() + static_cast<std::size_t>(part_.x) * channel_count(image_.format());
    const auto width = static_cast<std::size_t>(part_.size.width);
    if (image_.format() == ColorFormat::gray) {
        for (std::size_t x = 0; x < width; ++x) triple(first[x], scratch_.data() + x * 3);
        return scratch_.data();
    }
    if (!grayscale_) return first;
    const std::size_t red = image_.format() == ColorFormat::rgb ? 0 : 2;
    for (std::size_t x = 0; x < width; ++x) {
        const std::uint8_t* const pixel = first + x * 3;
        triple(luma(pixel[red], pixel[1], pixel[2 - red]), scratch_.data() + x * 3);
    }
    return scratch_.data();
}

}  // namespace inference_models::vision
