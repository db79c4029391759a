#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <inference_models/error.hpp>
#include <inference_models/image.hpp>
#include <optional>
#include <variant>

#include "pixels.hpp"

namespace inference_models::python {

/// One image as a Python caller holds it: a numpy array, a torch tensor, a PIL image, or a path.
///
/// Made and destroyed with Python's lock held; `view` reads and converts without it.
class ImageInput {
public:
    /// \param array_format  the order of colours in an array or tensor; none: BGR in arrays, RGB in tensors
    /// \param index         among the images of a call, for messages; none where it was given alone
    /// \throws Error `invalid_image` that says what the object is and what is taken
    ImageInput(nanobind::handle image, std::optional<ColorFormat> array_format, std::optional<std::size_t> index);

    /// The pixels: the caller's own where their rows are dense, else what this object keeps of them.
    /// \throws Error `unreadable_image` or `invalid_image`
    [[nodiscard]] ImageView view();

private:
    using Array = nanobind::ndarray<nanobind::ro, nanobind::device::cpu>;

    void take_path(nanobind::handle path);
    void take_array(nanobind::handle array, ColorFormat format);
    void take_tensor(nanobind::handle tensor, ColorFormat format);
    void take_pil_image(nanobind::handle image);
    void take_pixels(nanobind::handle array, std::size_t height, std::size_t width, std::optional<std::size_t> color,
                     ColorFormat format);
    [[nodiscard]] Error with_index(const Error& error) const;

    std::optional<std::size_t> index_;
    std::variant<std::filesystem::path, Pixels<std::uint8_t>, Pixels<float>> source_;
    ColorFormat format_ = ColorFormat::bgr;
    Array array_;                ///< keeps the caller's pixels alive
    std::optional<Image> made_;  ///< what was read or converted
};

/// `None`, `"bgr"` or `"rgb"`. \throws Error `invalid_argument` for anything else
[[nodiscard]] std::optional<ColorFormat> color_format(nanobind::handle input_color_format);

}  // namespace inference_models::python
