#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <inference_models/error.hpp>
#include <string>

/// What a Python caller passed for an option, as a value of C++. Each function throws Error `invalid_argument` that
/// names the option where the object is something else.
namespace inference_models::python {

/// `argument` should be `wanted`, but is something else.
[[nodiscard]] Error wrong_type(const char* argument, nanobind::handle value, const char* wanted);

/// Python's and numpy's numbers; not True and False, which are numbers for Python.
[[nodiscard]] double number(const char* argument, nanobind::handle value);
[[nodiscard]] std::int64_t whole_number(const char* argument, nanobind::handle value);

/// At least 1.
[[nodiscard]] std::uint32_t positive_count(const char* argument, nanobind::handle value);

[[nodiscard]] bool flag(const char* argument, nanobind::handle value);

/// A text in UTF-8.
[[nodiscard]] std::string text(const char* argument, nanobind::handle value);

/// A text or an os.PathLike, as the bytes that the file system knows.
[[nodiscard]] std::string path_text(const char* argument, nanobind::handle value);

/// `a float`, `a numpy array`, `None`: how messages call a value.
[[nodiscard]] std::string described(nanobind::handle value);

}  // namespace inference_models::python
