#pragma once

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <inference_models/types.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "text.hpp"

namespace inference_models::python {

namespace nb = nanobind;

// A member's value as Python sees it: texts, and enumerators and devices under the names that they have everywhere.
inline nb::str python_value(const std::string& value) {
    return python_text(value);
}
/// In UTC, to the second, as JSON documents have it.
inline nb::str python_value(const std::chrono::system_clock::time_point& value) {
    return python_text(fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(value)));
}
inline nb::str python_value(const Device& value) {
    return python_text(to_string(value));
}
template <class Value>
auto python_value(const Value& value) {
    if constexpr (std::is_enum_v<Value>) {
        return python_text(to_string(value));
    } else {
        return value;
    }
}
template <class Value>
auto python_value(const std::optional<Value>& value) {
    using Result = std::optional<decltype(python_value(*value))>;
    return value ? Result(python_value(*value)) : Result();
}
template <class Value>
auto python_value(const std::vector<Value>& values) {
    std::vector<decltype(python_value(values.front()))> result;
    result.reserve(values.size());
    for (const Value& value : values) result.push_back(python_value(value));
    return result;
}

/// `Name(member=value, ...)`.
[[nodiscard]] nb::str record_repr(nb::handle record);

/// The members by name, those of members too; paths become texts, so that it is what a JSON document holds.
[[nodiscard]] nb::dict record_to_dict(nb::handle record);

/// The same as a JSON document.
[[nodiscard]] nb::str record_to_json(nb::handle record);

/// Binds a struct of plain data: its members, read-only, under their C++ names.
template <class Record>
class RecordBinding {
public:
    RecordBinding(nb::module_& module, const char* name, const char* documentation)
        : class_(module, name, documentation) {}
    ~RecordBinding() { class_.attr("__match_args__") = nb::tuple(names_); }
    RecordBinding(const RecordBinding&) = delete;
    RecordBinding& operator=(const RecordBinding&) = delete;

    template <class Member>
    RecordBinding& member(const char* name, Member Record::* pointer, const char* documentation) {
        class_.def_prop_ro(
            name, [pointer](const Record& record) { return python_value(record.*pointer); }, documentation);
        names_.append(name);
        return *this;
    }

    /// A path that may be empty, which no pathlib.Path can be: None then.
    RecordBinding& path_or_none(const char* name, std::filesystem::path Record::* pointer, const char* documentation) {
        const auto get = [pointer](const Record& record) {
            const std::filesystem::path& path = record.*pointer;
            return path.empty() ? std::nullopt : std::optional(path);
        };
        class_.def_prop_ro(name, get, documentation);
        names_.append(name);
        return *this;
    }

    /// `repr()`, `to_dict()` and `to_json()` that follow from the members.
    RecordBinding& plain() {
        class_.def("__repr__", record_repr);
        class_.def("to_dict", record_to_dict, "The members by name, as plain values.");
        class_.def("to_json", record_to_json, "The members as one JSON document.");
        return *this;
    }

    /// What the library itself makes of it: a table for `str()`, a JSON document, and the dictionary that this holds.
    RecordBinding& with_text_and_json() {
        class_.def("__str__", [](const Record& record) { return python_text(to_text(record)); });
        class_.def(
            "to_json", [](const Record& record) { return python_text(to_json(record)); },
            "One JSON document: the members under their own names.");
        class_.def(
            "to_dict",
            [](const Record& record) {
                return nb::cast<nb::dict>(nb::module_::import_("json").attr("loads")(python_text(to_json(record))));
            },
            "What `to_json()` holds, as plain values.");
        return *this;
    }

    nb::class_<Record>& operator*() { return class_; }
    nb::class_<Record>* operator->() { return &class_; }

private:
    nb::class_<Record> class_;
    nb::list names_;
};

}  // namespace inference_models::python
