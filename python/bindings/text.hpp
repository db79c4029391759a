#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <string_view>

namespace inference_models::python {

/// A Python string; what is no UTF-8 in names from outside becomes U+FFFD.
inline nanobind::str python_text(std::string_view text) {
    PyObject* const string = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
    if (string == nullptr) throw nanobind::python_error();
    return nanobind::steal<nanobind::str>(string);
}

/// str() of a value; what is no Unicode in it becomes `?`.
inline std::string native_text(nanobind::handle value) {
    const auto string = nanobind::steal(PyObject_Str(value.ptr()));
    if (!string.is_valid()) throw nanobind::python_error();
    const auto bytes = nanobind::steal<nanobind::bytes>(PyUnicode_AsEncodedString(string.ptr(), "utf-8", "replace"));
    if (!bytes.is_valid()) throw nanobind::python_error();
    return {bytes.c_str(), bytes.size()};
}

}  // namespace inference_models::python
