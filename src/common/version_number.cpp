#include "common/version_number.hpp"

#include <algorithm>
#include <charconv>

namespace inference_models {

std::optional<VersionNumber> parse_version_number(std::string_view text) noexcept {
    VersionNumber version;
    const char* const end = text.data() + text.size();
    const char* here = text.data();
    for (std::uint32_t& part : version.parts) {
        const auto [next, problem] = std::from_chars(here, end, part);
        if (problem == std::errc::result_out_of_range) return std::nullopt;
        if (problem != std::errc{}) break;  // as in `1.2.rc1`
        ++version.stated;
        here = next;
        if (here == end || *here != '.') break;
        ++here;
    }
    return version.stated > 0 ? std::optional(version) : std::nullopt;
}

std::partial_ordering compare_stated_parts(std::string_view a, std::string_view b) noexcept {
    const auto left = parse_version_number(a);
    const auto right = parse_version_number(b);
    if (!left || !right) return std::partial_ordering::unordered;
    for (std::size_t i = 0; i < std::min(left->stated, right->stated); ++i) {
        if (left->parts[i] != right->parts[i]) return left->parts[i] <=> right->parts[i];
    }
    return std::partial_ordering::equivalent;
}

bool stated_parts_differ(std::string_view a, std::string_view b) noexcept {
    const std::partial_ordering order = compare_stated_parts(a, b);
    return order < 0 || order > 0;
}

std::string_view first_parts(std::string_view version, std::size_t count) noexcept {
    std::size_t end = 0;
    for (std::size_t parts = 0; parts < count; ++parts) {
        const std::size_t dot = version.find('.', parts == 0 ? 0 : end + 1);
        if (dot == std::string_view::npos) return version;
        end = dot;
    }
    return version.substr(0, end);
}

}  // namespace inference_models
