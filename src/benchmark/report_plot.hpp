#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Plots of a benchmark's page.
namespace inference_models {

/// What a bar stands for, which is its class in the page's style.
enum class BarKind {
    full,   ///< a candidate in fp32
    lower,  ///< a candidate in a lower precision
    wrong,  ///< a candidate that does not find what the reference finds
    peer,   ///< another product
};

[[nodiscard]] std::string_view style_class(BarKind kind) noexcept;

struct Bar {
    std::string group;  ///< heads the bars of one group that stand together; empty where it has none
    std::string name;
    BarKind kind = BarKind::full;
    double value = 0;
    std::optional<double> p90;  ///< what lies above the value: a whisker
    std::optional<double> p99;
    std::vector<double> rounds;  ///< a dot for each
};

/// Horizontal bars on one scale from 0, each with its name and number, as HTML.
/// \param better  `less is better`
[[nodiscard]] std::string plot(std::string_view title, std::string_view unit, std::string_view better,
                               std::span<const Bar> bars);

}  // namespace inference_models
