#pragma once

#include <fmt/format.h>

#include <inference_models/load_options.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

/// How options are told to people: as they are written on the command line.
namespace inference_models::selection {

/// Values of the product's own words, separated by commas: `trt,onnx`.
template <class Range>
[[nodiscard]] std::string listed(const Range& values) {
    std::vector<std::string> names;
    std::ranges::transform(values, std::back_inserter(names), [](auto value) { return std::string(to_string(value)); });
    return fmt::format("{}", fmt::join(names, ","));
}

/// One number, or a range of them: `8`, `1..16`.
template <class Number>
[[nodiscard]] std::string told(const AcceptedRange<Number>& range) {
    return range.min == range.max ? fmt::format("{}", range.min) : fmt::format("{}..{}", range.min, range.max);
}

/// As `image_size` is given: `480x640`, the height first.
[[nodiscard]] inline std::string told(ImageSize size) {
    return fmt::format("{}x{}", size.height, size.width);
}

/// What a remedy ends with that asks for nothing but another request.
inline constexpr std::string_view kWhichRunsHere = ", which runs here";

}  // namespace inference_models::selection
