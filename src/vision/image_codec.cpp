#include "vision/image_codec.hpp"

#include <fmt/format.h>

#include <limits>

namespace inference_models::vision {
namespace {

/// A file of a few kilobytes can promise any number of pixels; these are 768 MiB as BGR, more than any camera makes.
constexpr std::uint64_t kMaxPixels = std::uint64_t{1} << 28U;

}  // namespace

ImageSize checked_size(const std::string& name, std::uint64_t width, std::uint64_t height) {
    constexpr auto kMaxSide = static_cast<std::uint64_t>(kMaxImageSide);
    if (width == 0 || height == 0) throw damaged_image(name, "it has no pixels");
    if (width > kMaxSide || height > kMaxSide || width * height > kMaxPixels) {
        throw Error(ErrorKind::unreadable_image, name,
                    fmt::format("{} has {} x {} pixels, which is more than is accepted", name, width, height),
                    fmt::format("Scale it down: at most {} pixels a side and {} pixels in all are read.", kMaxImageSide,
                                kMaxPixels));
    }
    return {static_cast<std::int32_t>(width), static_cast<std::int32_t>(height)};
}

Error truncated_image(const std::string& name) {
    return {ErrorKind::unreadable_image, name, fmt::format("{} is truncated: its end is missing", name),
            "Copy or download it again, and make sure that whatever writes it has finished."};
}

Error damaged_image(const std::string& name, std::string_view detail) {
    return {ErrorKind::unreadable_image, name, fmt::format("{} is damaged: {}", name, detail),
            "Copy or download it again; if other programs show it, save it anew as PNG with one of them."};
}

int checked_stride(const ImageView& image) {
    if (image.row_stride() <= static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        return static_cast<int>(image.row_stride());
    }
    throw Error(ErrorKind::invalid_argument, "image",
                fmt::format("rows that lie {} bytes apart cannot be encoded", image.row_stride()),
                "Copy the pixels into an Image, whose rows have no gaps, and save that.");
}

}  // namespace inference_models::vision
