#pragma once

#include <inference_models/export.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace inference_models {

/// The order of the bytes of a pixel. The default everywhere is OpenCV's: `bgr`.
enum class ColorFormat { bgr, rgb, gray };

[[nodiscard]] constexpr std::size_t channel_count(ColorFormat format) noexcept {
    return format == ColorFormat::gray ? 1 : 3;
}

/// Width and height in pixels.
struct ImageSize {
    std::int32_t width = 0;
    std::int32_t height = 0;

    friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

/// The longest side of an image that is accepted, in pixels. Larger ones are an error, so that no product of sizes
/// can overflow: 65,500 is JPEG's own limit.
inline constexpr std::int32_t kMaxImageSide = 65'500;

/// Somebody's 8-bit pixels, not owned: `height` rows of `width` pixels, rows `row_stride` bytes apart.
///
/// Checked when made, so that holding one means that it is usable.
class INFERENCE_MODELS_EXPORT ImageView {
public:
    /// \param pixels     the first byte of the top row; must stay valid and unchanged while the view is in use
    /// \param size       both sides 1..kMaxImageSide
    /// \param format     order of the bytes of a pixel
    /// \param row_stride bytes from a row to the next, at least `width * channel_count(format)`; 0 means exactly that
    /// \throws Error `invalid_image` where one of these does not hold
    ImageView(const std::uint8_t* pixels, ImageSize size, ColorFormat format = ColorFormat::bgr,
              std::size_t row_stride = 0);

    [[nodiscard]] const std::uint8_t* pixels() const noexcept { return pixels_; }
    [[nodiscard]] ImageSize size() const noexcept { return size_; }
    [[nodiscard]] std::int32_t width() const noexcept { return size_.width; }
    [[nodiscard]] std::int32_t height() const noexcept { return size_.height; }
    [[nodiscard]] ColorFormat format() const noexcept { return format_; }
    [[nodiscard]] std::size_t row_stride() const noexcept { return row_stride_; }
    [[nodiscard]] std::span<const std::uint8_t> row(std::int32_t y) const noexcept {
        return {pixels_ + static_cast<std::size_t>(y) * row_stride_,
                static_cast<std::size_t>(size_.width) * channel_count(format_)};
    }

private:
    const std::uint8_t* pixels_;
    ImageSize size_;
    ColorFormat format_;
    std::size_t row_stride_;
};

/// A picture that owns its pixels: rows without gaps.
class INFERENCE_MODELS_EXPORT Image {
public:
    /// A black picture. \throws Error `invalid_image` where a side is not 1..kMaxImageSide
    explicit Image(ImageSize size, ColorFormat format = ColorFormat::bgr);

    [[nodiscard]] ImageSize size() const noexcept { return size_; }
    [[nodiscard]] ColorFormat format() const noexcept { return format_; }
    [[nodiscard]] std::span<std::uint8_t> pixels() noexcept { return pixels_; }
    [[nodiscard]] std::span<const std::uint8_t> pixels() const noexcept { return pixels_; }
    [[nodiscard]] std::size_t row_stride() const noexcept {
        return static_cast<std::size_t>(size_.width) * channel_count(format_);
    }
    [[nodiscard]] ImageView view() const { return {pixels_.data(), size_, format_, row_stride()}; }
    // NOLINTNEXTLINE(google-explicit-constructor): a picture may be passed wherever pixels are wanted
    operator ImageView() const { return view(); }

private:
    ImageSize size_;
    ColorFormat format_;
    std::vector<std::uint8_t> pixels_;
};

/// Reads a JPEG, PNG, WebP or BMP file as BGR, turned as its EXIF orientation says. Alpha, 16 bits per channel, CMYK,
/// palettes and gray become 8-bit BGR as OpenCV's IMREAD_COLOR makes them.
/// \throws Error `unreadable_image` where the file is missing, truncated, larger than the limits or of another format
[[nodiscard]] INFERENCE_MODELS_EXPORT Image load_image(const std::filesystem::path& path);

/// The same from bytes; `name` is what errors call them.
[[nodiscard]] INFERENCE_MODELS_EXPORT Image decode_image(std::span<const std::byte> bytes,
                                                         const std::filesystem::path& name = "image");

/// The bytes of an image file: JPEG (quality 95), PNG or WebP (lossless), as `ending` says: `.jpg`, `.jpeg`, `.png` or
/// `.webp`, in any case.
/// \throws Error `invalid_argument` for another ending
[[nodiscard]] INFERENCE_MODELS_EXPORT std::vector<std::byte> encode_image(const ImageView& image,
                                                                          const std::string& ending);

/// Writes a picture as JPEG (quality 95), PNG or WebP (lossless), as the file's ending says: written aside, then
/// renamed.
/// \throws Error `invalid_argument` for another ending, `io_failure` where it cannot be written
INFERENCE_MODELS_EXPORT void save_image(const ImageView& image, const std::filesystem::path& path);

}  // namespace inference_models
