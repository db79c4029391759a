#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The few Python literals that stand in a network's metadata: `{0: 'person', 1: 'traffic light'}`.
namespace inference_models::formats {

struct PythonValue;
struct PythonItem;

using PythonList = std::vector<PythonValue>;  ///< also tuples
using PythonDict = std::vector<PythonItem>;   ///< in the order in which it is written

struct PythonValue {
    /// None is the empty alternative.
    std::variant<std::monostate, bool, std::int64_t, double, std::string, PythonList, PythonDict> value;

    template <class Alternative>
    [[nodiscard]] const Alternative* as() const noexcept {
        return std::get_if<Alternative>(&value);
    }
};

struct PythonItem {
    PythonValue key;
    PythonValue value;
};

/// Nothing where the text is not one whole literal of these types.
[[nodiscard]] std::optional<PythonValue> parse_python_literal(std::string_view text);

}  // namespace inference_models::formats
