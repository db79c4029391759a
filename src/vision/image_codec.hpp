#pragma once

#include <cstddef>
#include <cstdint>
#include <inference_models/error.hpp>
#include <inference_models/image.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vision/exif_orientation.hpp"

/// What the codecs of image files share. Each one turns untrusted bytes into BGR pixels or throws; `name` is what
/// errors call the bytes.
namespace inference_models::vision {

using Bytes = std::span<const std::byte>;

/// Pixels as the file stores them, and how they have to be turned to stand upright.
struct DecodedImage {
    Image image;
    Orientation orientation;
};

[[nodiscard]] DecodedImage decode_jpeg(Bytes bytes, const std::string& name);
[[nodiscard]] DecodedImage decode_png(Bytes bytes, const std::string& name);
[[nodiscard]] DecodedImage decode_webp(Bytes bytes, const std::string& name);
[[nodiscard]] DecodedImage decode_bmp(Bytes bytes, const std::string& name);

[[nodiscard]] std::vector<std::byte> encode_jpeg(const ImageView& image);
[[nodiscard]] std::vector<std::byte> encode_png(const ImageView& image);
[[nodiscard]] std::vector<std::byte> encode_webp(const ImageView& image);

/// The bytes as the C libraries want them.
[[nodiscard]] inline const std::uint8_t* data_of(Bytes bytes) noexcept {
    return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

/// The size of an image of which nothing but the header was read.
/// \throws Error `unreadable_image` where it is empty or larger than the limits
[[nodiscard]] ImageSize checked_size(const std::string& name, std::uint64_t width, std::uint64_t height);

/// The bytes end before the picture does.
[[nodiscard]] Error truncated_image(const std::string& name);
/// The bytes contradict their format; `detail` is the codec's own word on it.
[[nodiscard]] Error damaged_image(const std::string& name, std::string_view detail);

/// \throws Error `invalid_argument` where rows lie further apart than the C libraries can count
[[nodiscard]] int checked_stride(const ImageView& image);

}  // namespace inference_models::vision
