#pragma once

#include <inference_models/image.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vision/geometry.hpp"

namespace inference_models::vision {

/// The rows of a part of an image as three bytes for each pixel: a pointer into the image where that is what it holds,
/// else one row made on demand, so that a gray image never exists three times as large.
class PixelRows {
public:
    /// \param grayscale  whether colours become gray as OpenCV's cvtColor makes them
    /// \param scratch    room for the row that is made; must outlive this
    PixelRows(const ImageView& image, const Area& part, bool grayscale, std::vector<std::uint8_t>& scratch);

    [[nodiscard]] ImageSize size() const noexcept { return part_.size; }

    /// Valid until the next call.
    [[nodiscard]] const std::uint8_t* row(std::int32_t y) const;

private:
    ImageView image_;
    Area part_;
    bool grayscale_;
    std::vector<std::uint8_t>& scratch_;
};

}  // namespace inference_models::vision
