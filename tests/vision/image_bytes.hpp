#pragma once

#include <cstddef>
#include <cstdint>
#include <inference_models/image.hpp>
#include <string_view>
#include <vector>

#include "vision/image_codec.hpp"

/// Files of images for the tests, made in memory.
namespace inference_models::tests {

using FileBytes = std::vector<std::byte>;

inline FileBytes bytes_of(std::string_view text) {
    const auto* const first = reinterpret_cast<const std::byte*>(text.data());
    return {first, first + text.size()};
}

inline void append(FileBytes& bytes, const FileBytes& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
}

inline void append_little_endian(FileBytes& bytes, std::uint64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

inline void put_big_endian(FileBytes& bytes, std::size_t at, std::uint32_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * (count - 1 - i)));
}

inline std::uint32_t big_endian_at(const FileBytes& bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8U | std::to_integer<std::uint32_t>(bytes[at + i]);
    return value;
}

/// A picture without symmetries, so that every turn of it is another picture.
inline Image sample_image(ImageSize size = {24, 20}, ColorFormat format = ColorFormat::bgr) {
    Image image(size, format);
    std::uint32_t value = 7;
    for (std::uint8_t& byte : image.pixels()) {
        value = value * 1'664'525U + 1'013'904'223U;
        byte = static_cast<std::uint8_t>(value >> 25U);  // 0..127: little noise compresses a little
    }
    return image;
}

/// Gray, because JPEG keeps the place of black and white: the left half is black, the right one white.
inline Image two_halves(ImageSize size) {
    Image image(size, ColorFormat::gray);
    for (std::size_t i = 0; i < image.pixels().size(); ++i) {
        const std::size_t x = i % static_cast<std::size_t>(size.width);
        image.pixels()[i] = x < static_cast<std::size_t>(size.width) / 2 ? 0 : 255;
    }
    return image;
}

inline FileBytes jpeg_bytes() {
    return vision::encode_jpeg(sample_image());
}
inline FileBytes png_bytes() {
    return vision::encode_png(sample_image());
}
inline FileBytes webp_bytes() {
    return vision::encode_webp(sample_image());
}

/// A 24-bit BMP, the bottom row first.
inline FileBytes bmp_bytes(const Image& image = sample_image()) {
    const auto [width, height] = image.size();
    const std::size_t row_bytes = (image.row_stride() + 3) / 4 * 4;
    FileBytes bytes = bytes_of("BM");
    append_little_endian(bytes, 0, 8);
    append_little_endian(bytes, 54, 4);
    append_little_endian(bytes, 40, 4);
    append_little_endian(bytes, static_cast<std::uint32_t>(width), 4);
    append_little_endian(bytes, static_cast<std::uint32_t>(height), 4);
    append_little_endian(bytes, 1, 2);
    append_little_endian(bytes, 24, 2);
    bytes.resize(54);
    for (std::int32_t y = height; y-- > 0;) {
        const auto row = std::as_bytes(image.view().row(y));
        bytes.insert(bytes.end(), row.begin(), row.end());
        bytes.resize(bytes.size() + row_bytes - row.size());
    }
    return bytes;
}

inline void append_riff_chunk(FileBytes& bytes, std::string_view kind, const FileBytes& payload) {
    append(bytes, bytes_of(kind));
    append_little_endian(bytes, payload.size(), 4);
    append(bytes, payload);
    if (payload.size() % 2 != 0) bytes.push_back({});
}

/// An animation of one frame that fills a canvas; `canvas` may lie.
inline FileBytes animated_webp_bytes(ImageSize canvas = {24, 20}) {
    constexpr std::size_t kRiffHeader = 12;
    const ImageSize size = sample_image().size();
    const auto less_one = [](std::int32_t side) { return static_cast<std::uint32_t>(side - 1); };
    FileBytes still = webp_bytes();
    still.erase(still.begin(), still.begin() + kRiffHeader);

    FileBytes extended{std::byte{2}, {}, {}, {}};  // the flag of animations
    append_little_endian(extended, less_one(canvas.width), 3);
    append_little_endian(extended, less_one(canvas.height), 3);
    FileBytes frame(6);  // at (0, 0)
    append_little_endian(frame, less_one(size.width), 3);
    append_little_endian(frame, less_one(size.height), 3);
    append_little_endian(frame, 100, 4);  // milliseconds, then flags
    append(frame, still);

    FileBytes body = bytes_of("WEBP");
    append_riff_chunk(body, "VP8X", extended);
    append_riff_chunk(body, "ANIM", FileBytes(6));
    append_riff_chunk(body, "ANMF", frame);
    FileBytes bytes;
    append_riff_chunk(bytes, "RIFF", body);
    return bytes;
}

/// TIFF with nothing but the orientation, in the byte order of "MM" or "II".
inline FileBytes exif_bytes(std::uint16_t orientation, bool big_endian = true) {
    const auto number = [big_endian](std::uint32_t value, std::size_t count) {
        FileBytes bytes(count);
        put_big_endian(bytes, 0, value, count);
        return big_endian ? bytes : FileBytes(bytes.rbegin(), bytes.rend());
    };
    FileBytes bytes = bytes_of(big_endian ? "MM" : "II");
    for (const FileBytes& field : {number(42, 2), number(8, 4), number(1, 2), number(0x0112, 2), number(3, 2),
                                   number(1, 4), number(orientation, 2), number(0, 2), number(0, 4)}) {
        append(bytes, field);
    }
    return bytes;
}

/// A JPEG with EXIF as cameras write it: an APP1 segment behind the first marker.
inline FileBytes with_exif(const FileBytes& jpeg, const FileBytes& exif) {
    FileBytes bytes(jpeg.begin(), jpeg.begin() + 2);
    append(bytes, {std::byte{0xFF}, std::byte{0xE1}, {}, {}});
    put_big_endian(bytes, 4, static_cast<std::uint32_t>(2 + 6 + exif.size()), 2);
    append(bytes, bytes_of(std::string_view("Exif\0\0", 6)));
    append(bytes, exif);
    bytes.insert(bytes.end(), jpeg.begin() + 2, jpeg.end());
    return bytes;
}

/// Makes the checksums of a PNG right again after its content was changed.
inline void mend_png_checksums(FileBytes& png) {
    constexpr std::size_t kSignature = 8;
    constexpr std::size_t kAround = 12;  // length, kind and checksum of a chunk
    for (std::size_t at = kSignature; at + kAround <= png.size();) {
        const std::size_t length = big_endian_at(png, at, 4);
        if (length > png.size() - at - kAround) return;
        std::uint32_t sum = 0xFFFF'FFFFU;
        for (std::size_t i = at + 4; i < at + 8 + length; ++i) {
            sum ^= std::to_integer<std::uint32_t>(png[i]);
            for (int bit = 0; bit < 8; ++bit) sum = sum >> 1U ^ ((sum & 1U) != 0 ? 0xEDB8'8320U : 0);
        }
        put_big_endian(png, at + 8 + length, ~sum, 4);
        at += kAround + length;
    }
}

}  // namespace inference_models::tests
