#pragma once

#include <cstddef>
#include <inference_models/image.hpp>
#include <span>

namespace inference_models::vision {

/// How stored pixels become an upright picture: rows and columns are exchanged first, then the result is mirrored.
/// The eight combinations are the eight orientations of EXIF.
struct Orientation {
    bool transposed = false;
    bool flipped_horizontally = false;
    bool flipped_vertically = false;

    friend bool operator==(const Orientation&, const Orientation&) = default;
};

/// The orientation in an EXIF block, with or without its "Exif\0\0" prefix. Upright where the block says nothing or
/// makes no sense: a picture is not refused for its metadata.
[[nodiscard]] Orientation read_exif_orientation(std::span<const std::byte> exif);

/// The picture stood upright; the very same pixels where it already is.
[[nodiscard]] Image apply_orientation(Image stored, Orientation orientation);

}  // namespace inference_models::vision
