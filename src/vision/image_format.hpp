#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vision/image_codec.hpp"

namespace inference_models::vision {

enum class ImageFormat { jpeg, png, webp, bmp };

/// Those that pictures are also written in.
enum class WritableFormat { jpeg, png, webp };

/// What the first bytes say. A file's ending is not asked: it is often wrong.
[[nodiscard]] std::optional<ImageFormat> sniff_image_format(Bytes bytes);

/// What bytes that are none of our formats probably are, for people: "a GIF picture". Empty where it is unknown.
[[nodiscard]] std::string_view sniff_foreign_format(Bytes bytes);

/// The format that an ending such as ".JPG" asks for.
[[nodiscard]] std::optional<WritableFormat> writable_format_of_ending(std::string ending);

}  // namespace inference_models::vision
