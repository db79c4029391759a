#include <fmt/format.h>

#include <system_error>

#include "common/mapped_file.hpp"
#include "vision/image_codec.hpp"
#include "vision/image_format.hpp"

namespace inference_models {
namespace {

using vision::Bytes;
using vision::DecodedImage;
using vision::ImageFormat;
using vision::WritableFormat;

constexpr std::string_view kReadableFormats = "JPEG, PNG, WebP and BMP are read";

Error unreadable(const std::string& name, std::string_view what, std::string hint) {
    return {ErrorKind::unreadable_image, name, fmt::format("{} {}", name, what), std::move(hint)};
}

Error unknown_format(Bytes bytes, const std::string& name) {
    if (bytes.empty()) {
        return unreadable(name, "is empty",
                          "Copy or download it again, and make sure that whatever writes it has finished.");
    }
    if (const std::string_view foreign = vision::sniff_foreign_format(bytes); !foreign.empty()) {
        return unreadable(name, fmt::format("is {}, which is not read", foreign),
                          fmt::format("Convert it to JPEG or PNG: {}.", kReadableFormats));
    }
    return unreadable(name, "is not a picture of a known format", fmt::format("{}.", kReadableFormats));
}

DecodedImage decode(Bytes bytes, const std::string& name) {
    const std::optional<ImageFormat> format = vision::sniff_image_format(bytes);
    if (!format) throw unknown_format(bytes, name);
    switch (*format) {
        case ImageFormat::jpeg: return vision::decode_jpeg(bytes, name);
        case ImageFormat::png: return vision::decode_png(bytes, name);
        case ImageFormat::webp: return vision::decode_webp(bytes, name);
        case ImageFormat::bmp: break;
    }
    return vision::decode_bmp(bytes, name);
}

/// Says what a path lacks before it is opened: opening a pipe, for one, would wait for ever.
void check_is_file(const std::filesystem::path& path) {
    std::error_code problem;
    const std::filesystem::file_status status = std::filesystem::status(path, problem);
    switch (status.type()) {
        case std::filesystem::file_type::regular: return;
        case std::filesystem::file_type::not_found:
            throw unreadable(path.string(), "does not exist",
                             "Check the path; a relative one starts at the current directory.");
        case std::filesystem::file_type::directory:
            throw unreadable(path.string(), "is a directory", "Give the path of one picture.");
        case std::filesystem::file_type::none:
            throw unreadable(path.string(), fmt::format("cannot be reached: {}", problem.message()),
                             "Check that this user may read the file and all directories above it.");
        default: throw unreadable(path.string(), "is not a file", "Copy its content into a file and give that.");
    }
}

MappedFile open_image_file(const std::filesystem::path& path) {
    check_is_file(path);
    try {
        return MappedFile(path);
    } catch (const Error& error) {
        throw Error(ErrorKind::unreadable_image, error.subject(), error.message(), error.hint());
    }
}

/// `name` is what an error calls the picture.
std::vector<std::byte> encode(const ImageView& image, const std::string& ending, const std::string& name) {
    const std::optional<WritableFormat> format = vision::writable_format_of_ending(ending);
    if (!format) {
        throw Error(ErrorKind::invalid_argument, name,
                    fmt::format("the ending of {} names no format that pictures are written in", name),
                    "End the name in .jpg, .jpeg, .png or .webp.");
    }
    switch (*format) {
        case WritableFormat::jpeg: return vision::encode_jpeg(image);
        case WritableFormat::webp: return vision::encode_webp(image);
        case WritableFormat::png: break;
    }
    return vision::encode_png(image);
}

}  // namespace

Image load_image(const std::filesystem::path& path) {
    const MappedFile file = open_image_file(path);
    return decode_image(file.bytes(), path);
}

Image decode_image(std::span<const std::byte> bytes, const std::filesystem::path& name) {
    DecodedImage decoded = decode(bytes, name.string());
    return vision::apply_orientation(std::move(decoded.image), decoded.orientation);
}

std::vector<std::byte> encode_image(const ImageView& image, const std::string& ending) {
    return encode(image, ending, ending);
}

void save_image(const ImageView& image, const std::filesystem::path& path) {
    write_file_atomically(path, encode(image, path.extension().string(), path.string()));
}

}  // namespace inference_models
