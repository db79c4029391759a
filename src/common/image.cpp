#include <fmt/format.h>

#include <inference_models/error.hpp>
#include <inference_models/image.hpp>

namespace inference_models {
namespace {

void check_size(ImageSize size) {
    const auto usable = [](std::int32_t side) { return side >= 1 && side <= kMaxImageSide; };
    if (usable(size.width) && usable(size.height)) return;
    throw Error(ErrorKind::invalid_image, "size",
                fmt::format("an image of {}x{} pixels cannot be used", size.width, size.height),
                fmt::format("Width and height must be 1 to {}.", kMaxImageSide));
}

}  // namespace

ImageView::ImageView(const std::uint8_t* pixels, ImageSize size, ColorFormat format, std::size_t row_stride)
    : pixels_(pixels), size_(size), format_(format), row_stride_(row_stride) {
    check_size(size);
    if (pixels == nullptr) {
        throw Error(ErrorKind::invalid_image, "pixels", "the pointer to the pixels is null",
                    "Pass the address of the first byte of the top row.");
    }
    const std::size_t row_bytes = static_cast<std::size_t>(size.width) * channel_count(format);
    if (row_stride_ == 0) row_stride_ = row_bytes;
    if (row_stride_ < row_bytes) {
        throw Error(ErrorKind::invalid_image, "row_stride",
                    fmt::format("a row stride of {} bytes is too small for rows of {} bytes", row_stride_, row_bytes),
                    "The row stride is in bytes, from the start of a row to the start of the next.");
    }
}

Image::Image(ImageSize size, ColorFormat format) : size_(size), format_(format) {
    check_size(size);
    pixels_.resize(row_stride() * static_cast<std::size_t>(size.height));
}

}  // namespace inference_models
