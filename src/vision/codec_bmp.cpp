#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>

#include "vision/image_codec.hpp"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#include <stb/stb_image.h>

namespace inference_models::vision {
namespace {

struct PixelsDeleter {
    void operator()(stbi_uc* pixels) const noexcept { stbi_image_free(pixels); }
};

constexpr std::uint32_t kOs2HeaderSize = 12;
constexpr std::uint32_t kUncompressed = 0;
constexpr std::uint32_t kBitFields = 3;
constexpr std::uint32_t kRunLength8 = 1;
constexpr std::uint32_t kRunLength4 = 2;

struct Header {
    std::uint32_t pixels_at;
    std::uint32_t header_size;
    std::int32_t width;
    std::int32_t height;  ///< below 0 where the top row comes first
    std::uint32_t bits_per_pixel;
    std::uint32_t compression;
};

Error unsupported_kind(const std::string& name, std::string_view kind) {
    return {ErrorKind::unreadable_image, name, fmt::format("{} is {}, which is not read", name, kind),
            "Save it anew as PNG or as BMP without compression."};
}

Header read_header(Bytes bytes, const std::string& name) {
    constexpr std::size_t kHeaderBytes = 34;
    if (bytes.size() < kHeaderBytes) throw truncated_image(name);
    const auto number_at = [bytes](std::size_t at, std::size_t count) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < count; ++i) value |= std::to_integer<std::uint32_t>(bytes[at + i]) << (8 * i);
        return value;
    };
    return {.pixels_at = number_at(10, 4),
            .header_size = number_at(14, 4),
            .width = static_cast<std::int32_t>(number_at(18, 4)),
            .height = static_cast<std::int32_t>(number_at(22, 4)),
            .bits_per_pixel = number_at(28, 2),
            .compression = number_at(30, 4)};
}

/// What stb_image does not see: kinds that it reads wrongly or refuses without a reason, our limits, and missing bytes,
/// which it takes for zeros.
ImageSize check_header(const Header& header, std::size_t file_size, const std::string& name) {
    if (header.header_size == kOs2HeaderSize) throw unsupported_kind(name, "a BMP picture of OS/2");
    if (header.compression == kRunLength8 || header.compression == kRunLength4) {
        throw unsupported_kind(name, "a run-length encoded BMP picture");
    }
    if (header.compression != kUncompressed && header.compression != kBitFields) {
        throw unsupported_kind(name, "a BMP picture of a rare compression");
    }
    const ImageSize size = checked_size(name, header.width < 0 ? 0 : static_cast<std::uint64_t>(header.width),
                                        static_cast<std::uint64_t>(std::abs(std::int64_t{header.height})));
    const std::uint64_t row_bits = static_cast<std::uint64_t>(size.width) * header.bits_per_pixel;
    const std::uint64_t row_bytes = (row_bits + 31) / 32 * 4;
    if (file_size < header.pixels_at + row_bytes * static_cast<std::uint64_t>(size.height)) throw truncated_image(name);
    return size;
}

/// Copies red, green, blue as blue, green, red.
void copy_swapped(const stbi_uc* from, std::span<std::uint8_t> to) {
    for (std::size_t i = 0; i < to.size(); i += 3) {
        to[i] = from[i + 2];
        to[i + 1] = from[i + 1];
        to[i + 2] = from[i];
    }
}

}  // namespace

DecodedImage decode_bmp(Bytes bytes, const std::string& name) {
    const ImageSize size = check_header(read_header(bytes, name), bytes.size(), name);
    const std::size_t length = std::min(bytes.size(), static_cast<std::size_t>(std::numeric_limits<int>::max()));
    int width = 0;
    int height = 0;
    const std::unique_ptr<stbi_uc, PixelsDeleter> pixels(
        stbi_load_from_memory(data_of(bytes), static_cast<int>(length), &width, &height, nullptr, STBI_rgb));
    if (!pixels) throw damaged_image(name, stbi_failure_reason());
    DecodedImage decoded{Image(size), {}};
    copy_swapped(pixels.get(), decoded.image.pixels());
    return decoded;
}

}  // namespace inference_models::vision
