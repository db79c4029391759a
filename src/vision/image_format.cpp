#include "vision/image_format.hpp"

#include <algorithm>
#include <array>

namespace inference_models::vision {
namespace {

using namespace std::string_view_literals;

template <class Meaning>
struct Signature {
    std::size_t offset = 0;
    std::string_view bytes;
    Meaning meaning{};
};

constexpr std::array<Signature<ImageFormat>, 4> kOwnFormats{{{0, "\xFF\xD8\xFF"sv, ImageFormat::jpeg},
                                                             {0, "\x89PNG\r\n\x1A\n"sv, ImageFormat::png},
                                                             {8, "WEBP"sv, ImageFormat::webp},
                                                             {0, "BM"sv, ImageFormat::bmp}}};

constexpr std::array<Signature<std::string_view>, 20> kForeignFormats{{
    {0, "GIF8"sv, "a GIF picture"},
    {0, "II*\0"sv, "a TIFF picture"},
    {0, "MM\0*"sv, "a TIFF picture"},
    {0, "II+\0"sv, "a BigTIFF picture"},
    {0, "MM\0+"sv, "a BigTIFF picture"},
    {4, "ftypavif"sv, "an AVIF picture"},
    {4, "ftypavis"sv, "an AVIF picture"},
    {4, "ftyphe"sv, "a HEIC picture"},
    {4, "ftypmif1"sv, "a HEIF picture"},
    {4, "ftypmsf1"sv, "a HEIF picture"},
    {4, "ftyp"sv, "a video"},
    {0, "\0\0\0\x0CJXL "sv, "a JPEG XL picture"},
    {0, "\xFF\x0A"sv, "a JPEG XL picture"},
    {0, "\0\0\0\x0CjP  "sv, "a JPEG 2000 picture"},
    {0, "%PDF"sv, "a PDF document"},
    {0, "8BPS"sv, "a Photoshop document"},
    {0, "<svg"sv, "an SVG drawing"},
    {0, "<?xml"sv, "an XML text"},
    {0, "<!DOCTYPE"sv, "a web page"},
    {0, "<html"sv, "a web page"},
}};

bool matches(Bytes bytes, std::size_t offset, std::string_view signature) {
    if (bytes.size() < offset + signature.size()) return false;
    const auto* const text = reinterpret_cast<const char*>(bytes.data()) + offset;
    return std::string_view(text, signature.size()) == signature;
}

template <class Meaning, std::size_t size>
std::optional<Meaning> meaning_of(const std::array<Signature<Meaning>, size>& signatures, Bytes bytes) {
    for (const auto& [offset, signature, meaning] : signatures) {
        if (matches(bytes, offset, signature)) return meaning;
    }
    return std::nullopt;
}

}  // namespace

std::optional<ImageFormat> sniff_image_format(Bytes bytes) {
    return meaning_of(kOwnFormats, bytes);
}

std::string_view sniff_foreign_format(Bytes bytes) {
    return meaning_of(kForeignFormats, bytes).value_or("");
}

std::optional<WritableFormat> writable_format_of_ending(std::string ending) {
    std::ranges::transform(ending, ending.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (ending == ".jpg" || ending == ".jpeg") return WritableFormat::jpeg;
    if (ending == ".png") return WritableFormat::png;
    if (ending == ".webp") return WritableFormat::webp;
    return std::nullopt;
}

}  // namespace inference_models::vision
