#include "arguments.hpp"

#include <fmt/format.h>

#include <limits>

#include "text.hpp"

namespace inference_models::python {
namespace {

namespace nb = nanobind;

bool is_numpy_bool(nb::handle value) {
    return nb::isinstance(value, nb::module_::import_("numpy").attr("bool_"));
}

bool is_bool(nb::handle value) {
    return nb::isinstance<nb::bool_>(value) || is_numpy_bool(value);
}

}  // namespace

std::string described(nb::handle value) {
    if (value.is_none()) return "None";
    const nb::object type = nb::borrow(value.type());
    const std::string name = native_text(type.attr("__qualname__"));
    const std::string module = native_text(type.attr("__module__"));
    return module == "builtins" ? name : fmt::format("{}.{}", module, name);
}

Error wrong_type(const char* argument, nb::handle value, const char* wanted) {
    std::string shown = native_text(nb::repr(value));
    constexpr std::size_t kLongest = 60;
    if (shown.size() > kLongest) shown = described(value);
    return {ErrorKind::invalid_argument, argument, fmt::format("{} = {} is of the wrong type", argument, shown),
            fmt::format("{} takes {}.", argument, wanted)};
}

double number(const char* argument, nb::handle value) {
    if (is_bool(value)) throw wrong_type(argument, value, "a number");
    const double result = PyFloat_AsDouble(value.ptr());
    if (result == -1 && PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        throw wrong_type(argument, value, "a number");
    }
    return result;
}

std::int64_t whole_number(const char* argument, nb::handle value) {
    const nb::object index = is_bool(value) ? nb::object() : nb::steal(PyNumber_Index(value.ptr()));
    if (!index.is_valid()) {
        PyErr_Clear();
        throw wrong_type(argument, value, "a whole number");
    }
    const long long result = PyLong_AsLongLong(index.ptr());
    if (result == -1 && PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        throw Error(ErrorKind::invalid_argument, argument,
                    fmt::format("{} = {} is out of range", argument, native_text(index)),
                    "Whole numbers have 64 bits at most.");
    }
    return result;
}

std::uint32_t positive_count(const char* argument, nb::handle value) {
    const std::int64_t count = whole_number(argument, value);
    if (count < 1 || count > std::numeric_limits<std::uint32_t>::max()) {
        throw Error(ErrorKind::invalid_argument, argument, fmt::format("{} = {}", argument, count),
                    fmt::format("{} must be at least 1.", argument));
    }
    return static_cast<std::uint32_t>(count);
}

bool flag(const char* argument, nb::handle value) {
    if (!is_bool(value)) throw wrong_type(argument, value, "True or False");
    return PyObject_IsTrue(value.ptr()) == 1;
}

std::string text(const char* argument, nb::handle value) {
    if (!nb::isinstance<nb::str>(value)) throw wrong_type(argument, value, "a text");
    return path_text(argument, value);
}

std::string path_text(const char* argument, nb::handle value) {
    const nb::object path = nb::steal(PyOS_FSPath(value.ptr()));
    if (!path.is_valid() || !nb::isinstance<nb::str>(path)) {
        PyErr_Clear();
        throw wrong_type(argument, value, "a text or an os.PathLike");
    }
    const auto bytes = nb::steal<nb::bytes>(PyUnicode_EncodeFSDefault(path.ptr()));
    if (!bytes.is_valid()) throw nb::python_error();
    return {bytes.c_str(), bytes.size()};
}

}  // namespace inference_models::python
