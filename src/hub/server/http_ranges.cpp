#include "hub/server/http_ranges.hpp"

#include <algorithm>
#include <limits>

#include "formats/text.hpp"

namespace inference_models::hub {
namespace {

constexpr RequestedRange kWholeFile{};
constexpr RequestedRange kBehindTheEnd{.satisfiable = false, .bytes = std::nullopt};

/// Digits alone; a number too large to hold lies behind the end of every file all the same.
std::optional<std::uint64_t> number(std::string_view text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    return formats::to_number<std::uint64_t>(text).value_or(std::numeric_limits<std::uint64_t>::max());
}

RequestedRange last_bytes(std::uint64_t count, std::uint64_t file_size) {
    if (count == 0 || file_size == 0) return kBehindTheEnd;
    const std::uint64_t kept = std::min(count, file_size);
    return {.satisfiable = true, .bytes = FileSlice{file_size - kept, kept}};
}

}  // namespace

RequestedRange requested_range(std::string_view header, std::uint64_t file_size) {
    const std::size_t equals = header.find('=');
    if (equals == std::string_view::npos || formats::lowered(header.substr(0, equals)) != "bytes") return kWholeFile;
    const std::string_view range = formats::trimmed(header.substr(equals + 1));
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos) return kWholeFile;
    const auto first = number(range.substr(0, dash));
    const std::string_view end = range.substr(dash + 1);
    const auto last = number(end);
    if (dash == 0) return last ? last_bytes(*last, file_size) : kWholeFile;
    if (!first || (!last && !end.empty()) || (last && *last < *first)) return kWholeFile;
    if (*first >= file_size) return kBehindTheEnd;
    const std::uint64_t most = file_size - *first;
    // `last` is at least `first`, so that only the difference can be as large as a number gets.
    const std::uint64_t count = last && *last - *first < most ? *last - *first + 1 : most;
    return {.satisfiable = true, .bytes = FileSlice{*first, count}};
}

}  // namespace inference_models::hub
