#include "pixels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <inference_models/error.hpp>

namespace inference_models::python {
namespace {

/// Sides that fit into ImageSize; one that is too long stays too long.
template <class Element>
ImageSize size_of(const Pixels<Element>& pixels) {
    const auto side = [](std::int64_t value) {
        return static_cast<std::int32_t>(std::min<std::int64_t>(value, kMaxImageSide + 1));
    };
    return {side(pixels.shape[1]), side(pixels.shape[0])};
}

/// A dense image of `converted(element)`.
template <class Element, class Convert>
Image converted(const Pixels<Element>& pixels, ColorFormat format, const Convert& convert) {
    Image image(size_of(pixels), format);
    const auto [height, width, colors] = pixels.shape;
    const auto [row_stride, pixel_stride, color_stride] = pixels.strides;
    std::uint8_t* row = image.pixels().data();
    for (std::int64_t y = 0; y < height; ++y, row += width * colors) {
        for (std::int64_t color = 0; color < colors; ++color) {
            const Element* from = pixels.data + y * row_stride + color * color_stride;
            std::uint8_t* to = row + color;
            for (std::int64_t x = 0; x < width; ++x, from += pixel_stride, to += colors) *to = convert(*from);
        }
    }
    return image;
}

bool has_dense_rows(const Pixels<std::uint8_t>& pixels) {
    const auto [height, width, colors] = pixels.shape;
    const auto [row_stride, pixel_stride, color_stride] = pixels.strides;
    return (colors == 1 || color_stride == 1) && (width == 1 || pixel_stride == colors) &&
           (height == 1 || row_stride >= width * colors);
}

/// What the values of an image of floats are like.
class FloatRange {
public:
    std::uint8_t to_byte(float value) {
        const bool usable = value >= 0 && value <= 255;  // NaN is neither
        usable_ = usable_ && usable;
        const float pixel = usable ? value : 0.0F;
        largest_ = std::max(largest_, pixel);
        const float next = pixel + 0.5F;
        return static_cast<std::uint8_t>(next);  // rounded to the nearest: no value is negative
    }

    void check() const {
        if (!usable_) {
            throw Error(ErrorKind::invalid_image, "images", "the tensor holds values that are NaN or not from 0 to 255",
                        "Pixels are 0 to 255, before any normalization: the model does that itself.");
        }
        if (largest_ > 0 && largest_ <= 1) {
            throw Error(ErrorKind::invalid_image, "images",
                        fmt::format("the tensor's values are 0 to {}, which is a black image", largest_),
                        "Pixels are 0 to 255: multiply the tensor by 255.");
        }
    }

private:
    float largest_ = 0;
    bool usable_ = true;
};

}  // namespace

ImageView image_view(const Pixels<std::uint8_t>& pixels, ColorFormat format, std::optional<Image>& copy) {
    if (has_dense_rows(pixels)) {
        const std::int64_t row_stride = pixels.shape[0] == 1 ? 0 : pixels.strides[0];
        return {pixels.data, size_of(pixels), format, static_cast<std::size_t>(row_stride)};
    }
    copy = converted(pixels, format, [](std::uint8_t value) { return value; });
    return *copy;
}

ImageView image_view(const Pixels<float>& pixels, ColorFormat format, std::optional<Image>& copy) {
    FloatRange range;
    copy = converted(pixels, format, [&](float value) { return range.to_byte(value); });
    range.check();
    return *copy;
}

}  // namespace inference_models::python
