#include "images.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "arguments.hpp"
#include "bindings.hpp"
#include "text.hpp"

namespace inference_models::python {
namespace {

constexpr const char* kTaken =
    "An image is a numpy array of uint8 with the shape (height, width, 3), a torch tensor, a PIL image or a path; "
    "several are a list of these.";

Error unusable(const std::string& message, const std::string& hint) {
    return {ErrorKind::invalid_image, "images", message, hint};
}

/// Whether a value is of a class of a module. One that is not imported stays so: nothing is of its classes.
bool is_instance_of(nb::handle value, const char* module, const char* name) {
    const auto modules = nb::cast<nb::dict>(nb::module_::import_("sys").attr("modules"));
    if (!modules.contains(module)) return false;
    const nb::object type = nb::getattr(modules[module], name, nb::none());
    return !type.is_none() && nb::isinstance(value, type);
}

bool is_array(nb::handle value) {
    return is_instance_of(value, "numpy", "ndarray");
}
bool is_tensor(nb::handle value) {
    return is_instance_of(value, "torch", "Tensor");
}
bool is_pil_image(nb::handle value) {
    return is_instance_of(value, "PIL.Image", "Image");
}
bool is_path(nb::handle value) {
    return nb::isinstance<nb::str>(value) || nb::hasattr(value, "__fspath__");
}
bool is_image(nb::handle value) {
    return is_array(value) || is_tensor(value) || is_pil_image(value) || is_path(value);
}

Error not_an_image(nb::handle value) {
    if (value.is_none()) {
        return unusable("None is no image", "cv2.imread gives None for a file that it cannot read: pass its path.");
    }
    return unusable(fmt::format("an object of the type {} is no image", described(value)), kTaken);
}

std::size_t dimensions(nb::handle array) {
    return nb::cast<std::size_t>(array.attr("ndim"));
}
std::size_t side(nb::handle array, std::size_t dimension) {
    return nb::cast<std::size_t>(array.attr("shape")[dimension]);
}
bool may_be_colors(std::size_t side) {
    return side == 1 || side == 3;
}

/// An array or tensor whose shape is no image's. `without_alpha` is the code that drops a fourth colour.
Error wrong_shape(nb::handle array, bool has_alpha, const char* without_alpha, const char* hint) {
    const auto shape = nb::cast<std::vector<std::size_t>>(array.attr("shape"));
    const std::string what =
        fmt::format("a {} of the shape ({}{})", described(array), fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
    if (dimensions(array) == 4) {
        return unusable(what + " holds several images", "Pass it alone, or each of its images: they are in a list.");
    }
    if (has_alpha) {
        return unusable(what + " has four colors", fmt::format("Drop the alpha channel: {}.", without_alpha));
    }
    return unusable(what + " is no image", hint);
}

}  // namespace

ImageInput::ImageInput(nb::handle image, std::optional<ColorFormat> array_format, std::optional<std::size_t> index)
    : index_(index) {
    try {
        if (is_array(image)) {
            take_array(image, array_format.value_or(ColorFormat::bgr));
        } else if (is_tensor(image)) {
            take_tensor(image, array_format.value_or(ColorFormat::rgb));
        } else if (is_pil_image(image)) {
            take_pil_image(image);
        } else if (is_path(image)) {
            take_path(image);
        } else {
            throw not_an_image(image);
        }
    } catch (const Error& error) {
        throw with_index(error);
    }
}

ImageView ImageInput::view() {
    try {
        if (const auto* path = std::get_if<std::filesystem::path>(&source_)) {
            if (!made_) made_ = load_image(*path);
            return *made_;
        }
        if (const auto* bytes = std::get_if<Pixels<std::uint8_t>>(&source_)) return image_view(*bytes, format_, made_);
        return image_view(std::get<Pixels<float>>(source_), format_, made_);
    } catch (const Error& error) {
        throw with_index(error);
    }
}

void ImageInput::take_path(nb::handle path) {
    const std::string text = path_text("images", path);
    if (text.starts_with("http://") || text.starts_with("https://")) {
        throw unusable(fmt::format("{} is an address, not a file", text),
                       "Download it first: this library does not use the network.");
    }
    source_ = std::filesystem::path(text);
}

/// (height, width) or (height, width, colors) of uint8.
void ImageInput::take_array(nb::handle array, ColorFormat format) {
    // The name of a type is Python code in numpy. It is only asked for where there is something to say: a daemon thread
    // that Python ends inside of such code, at its own end, would take the process with it (before Python 3.14).
    const bool is_readable = nb::try_cast(array, array_);
    const bool is_uint8 =
        is_readable ? array_.dtype() == nb::dtype<std::uint8_t>() : native_text(array.attr("dtype")) == "uint8";
    if (!is_uint8) {
        throw unusable(fmt::format("a numpy array of {} is no image", native_text(array.attr("dtype"))),
                       "Arrays hold uint8, 0 to 255: convert it with .astype(numpy.uint8), after a multiplication by "
                       "255 where its values are 0 to 1.");
    }
    const std::size_t count = dimensions(array);
    if (count == 2) return take_pixels(array, 0, 1, std::nullopt, format);
    if (count == 3 && may_be_colors(side(array, 2))) return take_pixels(array, 0, 1, 2, format);
    const bool is_chw = count == 3 && may_be_colors(side(array, 0));
    throw wrong_shape(array, count == 3 && side(array, 2) == 4, "image[:, :, :3]",
                      is_chw ? "Arrays are (height, width, colors): image.transpose(1, 2, 0)." : kTaken);
}

/// (colors, height, width), (height, width, colors) or (height, width), of uint8 or floats, on any device.
void ImageInput::take_tensor(nb::handle tensor, ColorFormat format) {
    nb::object values = tensor.attr("detach")().attr("cpu")();
    if (nb::cast<bool>(values.attr("is_floating_point")())) {
        values = values.attr("float")();
    } else if (native_text(values.attr("dtype")) != "torch.uint8") {
        throw unusable(fmt::format("a tensor of {} is no image", native_text(values.attr("dtype"))),
                       "Tensors hold uint8, or floats from 0 to 255: convert it with .to(torch.uint8).");
    }
    const std::size_t count = dimensions(tensor);
    if (count == 2) return take_pixels(values, 0, 1, std::nullopt, format);
    if (count == 3 && may_be_colors(side(tensor, 0))) return take_pixels(values, 1, 2, 0, format);
    if (count == 3 && may_be_colors(side(tensor, 2))) return take_pixels(values, 0, 1, 2, format);
    const bool has_alpha = count == 3 && (side(tensor, 0) == 4 || side(tensor, 2) == 4);
    throw wrong_shape(tensor, has_alpha, count == 3 && side(tensor, 0) == 4 ? "image[:3]" : "image[:, :, :3]", kTaken);
}

/// 8-bit pictures of any kind, as RGB. They are not turned: boxes are in the pixels of the object that the user holds.
void ImageInput::take_pil_image(nb::handle image) {
    const std::string mode = native_text(image.attr("mode"));
    if (mode.starts_with("I") || mode.starts_with("F")) {
        throw unusable(
            fmt::format("a PIL image of the mode {} has more than 8 bits", mode),
            "Pillow would cut its values at 255: scale them to 0 to 255 and convert it to the mode L or RGB.");
    }
    try {
        const nb::object rgb = mode == "RGB" ? nb::borrow(image) : image.attr("convert")("RGB");
        take_array(nb::module_::import_("numpy").attr("asarray")(rgb), ColorFormat::rgb);
    } catch (const nb::python_error& error) {
        if (!error.matches(PyExc_OSError)) throw;
        throw Error(ErrorKind::unreadable_image, "images",
                    fmt::format("Pillow cannot read the image: {}", native_text(error.value())),
                    "Check that the file is whole.");
    }
}

/// The dimensions that are the height, the width and the colours of an array's or a tensor's elements.
void ImageInput::take_pixels(nb::handle array, std::size_t height, std::size_t width, std::optional<std::size_t> color,
                             ColorFormat format) {
    if (!nb::try_cast(array, array_)) {
        throw unusable(fmt::format("the memory of a {} cannot be read", described(array)),
                       "Pass a dense array or tensor in the memory of the processor.");
    }
    const auto fill = [&](auto pixels) {
        using Element = std::remove_cvref_t<decltype(*pixels.data)>;
        pixels.data = static_cast<const Element*>(array_.data());
        pixels.shape = {array_.shape_ptr()[height], array_.shape_ptr()[width], color ? array_.shape_ptr()[*color] : 1};
        pixels.strides = {array_.stride(height), array_.stride(width), color ? array_.stride(*color) : 1};
        format_ = pixels.shape[2] == 1 ? ColorFormat::gray : format;
        source_ = pixels;
    };
    if (array_.dtype() == nb::dtype<float>()) {
        fill(Pixels<float>{});
    } else {
        fill(Pixels<std::uint8_t>{});
    }
}

Error ImageInput::with_index(const Error& error) const {
    if (!index_) return error;
    return {error.kind(), error.subject(), fmt::format("image {}: {}", *index_, error.message()), error.hint()};
}

std::optional<ColorFormat> color_format(nb::handle input_color_format) {
    if (input_color_format.is_none()) return std::nullopt;
    const std::string word = text("input_color_format", input_color_format);
    if (word == "bgr") return ColorFormat::bgr;
    if (word == "rgb") return ColorFormat::rgb;
    throw Error(ErrorKind::invalid_argument, "input_color_format",
                fmt::format("input_color_format does not know `{}`", word),
                "Use \"bgr\" or \"rgb\", or leave it out: arrays are BGR, tensors RGB.");
}

void bind_images(nb::module_& module) {
    nb::class_<ImageInput>(module, "ImageInput", "One image as a caller holds it, checked; not yet read or converted.")
        .def(
            "__init__",
            [](ImageInput* self, nb::handle image, nb::handle input_color_format, std::optional<std::size_t> index) {
                new (self) ImageInput(image, color_format(input_color_format), index);
            },
            nb::arg("image").none(), nb::arg("input_color_format").none(), nb::arg("index").none());
    module.def("is_image", is_image, nb::arg("value").none(),
               "Whether this is an array, a tensor, a PIL image or a path.");
}

}  // namespace inference_models::python
