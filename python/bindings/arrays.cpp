#include "arrays.hpp"

#include <fmt/format.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "arguments.hpp"
#include "text.hpp"

namespace inference_models::python {
namespace {

namespace nb = nanobind;

/// Moves a value to where Python's memory management takes care of it.
template <class Value>
std::pair<Value*, nb::capsule> owned_by_python(Value value) {
    auto moved = std::make_unique<Value>(std::move(value));
    nb::capsule owner(moved.get(), [](void* pointer) noexcept { delete static_cast<Value*>(pointer); });
    return {moved.release(), std::move(owner)};
}

/// A numpy array of elements in somebody's memory. numpy wants an address also for no elements.
template <class Element>
nb::object array_of(Element* data, std::initializer_list<std::size_t> shape, const nb::capsule& owner) {
    static Element nothing{};
    return nb::cast(nb::ndarray<nb::numpy, Element>(data != nullptr ? data : &nothing, shape, owner));
}

/// The element type that is called so by numpy.
ElementType element_type(const char* argument, nb::handle array) {
    std::string name = native_text(array.attr("dtype"));
    if (name == "bool") name = to_string(ElementType::boolean);
    for (int i = 0; i <= static_cast<int>(ElementType::boolean); ++i) {
        const auto type = static_cast<ElementType>(i);
        if (to_string(type) == name) return type;
    }
    throw Error(ErrorKind::invalid_argument, argument, fmt::format("{} is an array of {}", argument, name),
                "Networks take and give numbers.");
}

nb::dlpack::dtype dlpack_type(ElementType type) {
    using Code = nb::dlpack::dtype_code;
    const auto code = [&] {
        switch (type) {
            case ElementType::float16:
            case ElementType::float32:
            case ElementType::float64: return Code::Float;
            case ElementType::bfloat16: return Code::Bfloat;
            case ElementType::int8:
            case ElementType::int16:
            case ElementType::int32:
            case ElementType::int64: return Code::Int;
            case ElementType::uint8:
            case ElementType::uint16:
            case ElementType::uint32:
            case ElementType::uint64: return Code::UInt;
            case ElementType::boolean: return Code::Bool;
        }
        return Code::UInt;
    }();
    return {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(8 * element_size(type)), 1};
}

/// An argument as a dense numpy array of elements of one type.
template <class Element, class... Shape>
nb::ndarray<const Element, Shape..., nb::c_contig, nb::device::cpu> dense(const char* argument, nb::handle value) {
    nb::ndarray<const Element, Shape..., nb::c_contig, nb::device::cpu> array;
    if (!nb::try_cast(value, array)) throw wrong_type(argument, value, "a numpy array of its type and shape");
    return array;
}

}  // namespace

nb::tuple detection_arrays(Detections detections) {
    static_assert(sizeof(Box) == 4 * sizeof(float));
    const std::size_t count = detections.size();
    const auto [data, owner] = owned_by_python(std::move(detections));
    float* const boxes = data->xyxy.empty() ? nullptr : &data->xyxy.front().x_min;
    return nb::make_tuple(array_of(boxes, {count, 4}, owner), array_of(data->class_id.data(), {count}, owner),
                          array_of(data->confidence.data(), {count}, owner));
}

Detections detections_of(nb::handle xyxy, nb::handle class_id, nb::handle confidence) {
    const auto boxes = dense<float, nb::shape<-1, 4>>("xyxy", xyxy);
    const auto classes = dense<std::int32_t, nb::ndim<1>>("class_id", class_id);
    const auto confidences = dense<float, nb::ndim<1>>("confidence", confidence);
    const std::size_t count = boxes.shape(0);
    if (classes.shape(0) != count || confidences.shape(0) != count) {
        throw Error(ErrorKind::invalid_argument, "xyxy",
                    fmt::format("{} boxes, {} class ids and {} confidences are no detections", count, classes.shape(0),
                                confidences.shape(0)),
                    "Each box has one of each.");
    }
    Detections detections;
    for (const float* box = boxes.data(); box != boxes.data() + 4 * count; box += 4) {
        detections.xyxy.push_back({box[0], box[1], box[2], box[3]});
    }
    detections.class_id.assign(classes.data(), classes.data() + count);
    detections.confidence.assign(confidences.data(), confidences.data() + count);
    return detections;
}

nb::object tensor_array(Tensor tensor) {
    if (tensor.type() == ElementType::bfloat16) {
        throw Error(ErrorKind::invalid_output, "outputs", "the network gives bfloat16, which numpy does not have",
                    "Call infer, which does not need numpy for it, or another package of this model.");
    }
    const auto [data, owner] = owned_by_python(std::move(tensor));
    const std::vector<std::size_t> shape(data->shape().begin(), data->shape().end());
    static std::byte nothing{};
    void* const bytes = data->bytes().empty() ? &nothing : data->bytes().data();
    return nb::cast(
        nb::ndarray<nb::numpy>(bytes, shape.size(), shape.data(), owner, nullptr, dlpack_type(data->type())));
}

Tensor tensor_of(const char* argument, nb::handle value) {
    nb::object array;
    try {
        array = nb::module_::import_("numpy").attr("ascontiguousarray")(value);
    } catch (const nb::python_error& error) {
        throw wrong_type(argument, value, "a numpy array");
    }
    const ElementType type = element_type(argument, array);
    nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu> elements;
    if (!nb::try_cast(array, elements)) throw wrong_type(argument, value, "a numpy array");
    Tensor tensor(type, {elements.shape_ptr(), elements.shape_ptr() + elements.ndim()});
    std::memcpy(tensor.bytes().data(), elements.data(), tensor.bytes().size());
    return tensor;
}

}  // namespace inference_models::python
