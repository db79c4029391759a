#include <fmt/format.h>
#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include "common/log.hpp"
#include "vision/image_codec.hpp"

namespace inference_models::vision {
namespace {

constexpr int kQuality = 95;

constexpr std::byte kMarker{0xFF};
constexpr std::byte kEndOfImage{0xD9};
constexpr std::byte kStartOfScan{0xDA};
constexpr std::byte kApp1{0xE1};

struct HandleDeleter {
    void operator()(void* handle) const noexcept { tjDestroy(handle); }
};
using Handle = std::unique_ptr<void, HandleDeleter>;

/// Where a marker stands for the last time. Within compressed pixels neither of the two that are asked for can occur.
std::size_t last_position(Bytes bytes, std::byte code) {
    const std::array<std::byte, 2> marker{kMarker, code};
    const auto found = std::ranges::find_end(bytes, marker);
    return static_cast<std::size_t>(found.begin() - bytes.begin());
}

bool lacks_end(Bytes bytes) {
    const std::size_t end = last_position(bytes, kEndOfImage);
    if (end == bytes.size()) return true;
    const std::size_t scan = last_position(bytes, kStartOfScan);
    return scan != bytes.size() && end < scan;  // what ended was only a preview in the metadata
}

/// The first APP1 segment that holds EXIF, without its marker and length.
Bytes find_exif(Bytes bytes) {
    constexpr std::string_view kPrefix{"Exif\0\0", 6};
    std::size_t at = 2;
    while (at + 4 <= bytes.size() && bytes[at] == kMarker && bytes[at + 1] != kStartOfScan) {
        if (bytes[at + 1] == kMarker) {  // a fill byte
            ++at;
            continue;
        }
        const std::size_t length =
            std::to_integer<std::size_t>(bytes[at + 2]) << 8U | std::to_integer<std::size_t>(bytes[at + 3]);
        if (length < 2 || length > bytes.size() - at - 2) return {};
        const Bytes payload = bytes.subspan(at + 4, length - 2);
        if (bytes[at + 1] == kApp1 && payload.size() > kPrefix.size() &&
            std::equal(kPrefix.begin(), kPrefix.end(), reinterpret_cast<const char*>(payload.data()))) {
            return payload;
        }
        at += 2 + length;
    }
    return {};
}

struct Header {
    ImageSize size;
    bool is_cmyk = false;
};

Header read_header(const Handle& handle, Bytes bytes, const std::string& name) {
    int width = 0;
    int height = 0;
    int subsampling = -1;
    int color_space = -1;
    // It fails for rare subsamplings, which it has no name for but can decode: what counts is what it has found out.
    tjDecompressHeader3(handle.get(), data_of(bytes), bytes.size(), &width, &height, &subsampling, &color_space);
    if (color_space < 0) {
        if (lacks_end(bytes)) throw truncated_image(name);
        throw damaged_image(name, tjGetErrorStr2(handle.get()));
    }
    return {checked_size(name, static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height)),
            color_space == TJCS_CMYK || color_space == TJCS_YCCK};
}

/// Whether libjpeg's warning means that pixels are wrong. The others (stray bytes between segments, odd headers) come
/// from well-meaning programs, and all pixels are there.
bool spoils_pixels(std::string_view warning) {
    return warning.starts_with("Corrupt JPEG data") && warning.find("extraneous bytes") == std::string_view::npos;
}

void check_decoded(const Handle& handle, Bytes bytes, const std::string& name) {
    const std::string_view problem = tjGetErrorStr2(handle.get());
    // The library keeps the first warning only: after a harmless one, the missing end has to be looked for.
    if (problem.starts_with("Premature end of JPEG") || lacks_end(bytes)) throw truncated_image(name);
    if (tjGetErrorCode(handle.get()) != TJERR_WARNING || spoils_pixels(problem)) throw damaged_image(name, problem);
    log::message(LogLevel::warning, "{}: {}", name, problem);
}

void decode_into(std::span<std::uint8_t> pixels, TJPF format, const Handle& handle, Bytes bytes, ImageSize size,
                 const std::string& name) {
    const int status = tjDecompress2(handle.get(), data_of(bytes), bytes.size(), pixels.data(), size.width, 0,
                                     size.height, format, TJFLAG_LIMITSCANS);
    if (status != 0) check_decoded(handle, bytes, name);
}

/// OpenCV's formula. Like it, this takes the inks as inverted, which is how Adobe's programs store them.
void bgr_from_cmyk(std::span<const std::uint8_t> cmyk, std::span<std::uint8_t> bgr) {
    for (std::size_t from = 0, to = 0; from < cmyk.size(); from += 4, to += 3) {
        const int black = cmyk[from + 3];
        const auto mixed = [black](int ink) { return static_cast<std::uint8_t>(black - ((255 - ink) * black >> 8)); };
        bgr[to] = mixed(cmyk[from + 2]);
        bgr[to + 1] = mixed(cmyk[from + 1]);
        bgr[to + 2] = mixed(cmyk[from]);
    }
}

struct BufferDeleter {
    void operator()(unsigned char* buffer) const noexcept { tjFree(buffer); }
};

TJPF pixel_format(ColorFormat format) {
    switch (format) {
        case ColorFormat::gray: return TJPF_GRAY;
        case ColorFormat::rgb: return TJPF_RGB;
        case ColorFormat::bgr: break;
    }
    return TJPF_BGR;
}

}  // namespace

DecodedImage decode_jpeg(Bytes bytes, const std::string& name) {
    const Handle handle(tjInitDecompress());
    if (!handle) throw std::bad_alloc();
    const Header header = read_header(handle, bytes, name);
    DecodedImage decoded{Image(header.size), read_exif_orientation(find_exif(bytes))};
    if (header.is_cmyk) {
        std::vector<std::uint8_t> cmyk(decoded.image.pixels().size() / 3 * 4);
        decode_into(cmyk, TJPF_CMYK, handle, bytes, header.size, name);
        bgr_from_cmyk(cmyk, decoded.image.pixels());
    } else {
        decode_into(decoded.image.pixels(), TJPF_BGR, handle, bytes, header.size, name);
    }
    return decoded;
}

std::vector<std::byte> encode_jpeg(const ImageView& image) {
    const Handle handle(tjInitCompress());
    if (!handle) throw std::bad_alloc();
    const bool is_gray = image.format() == ColorFormat::gray;
    unsigned char* raw = nullptr;
    unsigned long size = 0;
    // Colour at full resolution: lines and letters of annotated pictures would get coloured fringes without it.
    const int status =
        tjCompress2(handle.get(), image.pixels(), image.width(), checked_stride(image), image.height(),
                    pixel_format(image.format()), &raw, &size, is_gray ? TJSAMP_GRAY : TJSAMP_444, kQuality, 0);
    const std::unique_ptr<unsigned char, BufferDeleter> buffer(raw);
    if (status != 0) {
        throw Error(ErrorKind::io_failure, "image",
                    fmt::format("the picture cannot be encoded as JPEG: {}", tjGetErrorStr2(handle.get())));
    }
    const auto* const first = reinterpret_cast<const std::byte*>(buffer.get());
    return {first, first + size};
}

}  // namespace inference_models::vision
