#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// Dotted versions as runtimes and packages write them: `12.8`, `10.9.0.34`, `2.13.0+cu128`.
namespace inference_models {

/// A release number that can be compared. By the operators, parts that a text leaves out count as zero: `1.16` is
/// 1.16.0.
struct VersionNumber {
    std::array<std::uint32_t, 4> parts{};
    std::size_t stated = 0;  ///< how many of the parts the text has

    friend bool operator==(const VersionNumber& a, const VersionNumber& b) noexcept { return a.parts == b.parts; }
    friend auto operator<=>(const VersionNumber& a, const VersionNumber& b) noexcept { return a.parts <=> b.parts; }

    [[nodiscard]] std::uint32_t major() const noexcept { return parts[0]; }
    [[nodiscard]] std::uint32_t minor() const noexcept { return parts[1]; }
};

/// Reads the number at the beginning of a text; what follows it (`a0`, `rc1`, `+cu128`) has no influence.
/// Nothing where the text begins with no number, or with one that no release has.
[[nodiscard]] std::optional<VersionNumber> parse_version_number(std::string_view text) noexcept;

/// Compares the parts that both texts state: `12.8` is equivalent to `12`, so that what a text leaves out is held
/// against nobody. `unordered` where one of them has no number.
[[nodiscard]] std::partial_ordering compare_stated_parts(std::string_view a, std::string_view b) noexcept;

/// Both have a number, and parts that both state differ.
[[nodiscard]] bool stated_parts_differ(std::string_view a, std::string_view b) noexcept;

/// The first `count` dotted parts of a text: `36.4` of `36.4.3`.
[[nodiscard]] std::string_view first_parts(std::string_view version, std::size_t count) noexcept;

}  // namespace inference_models
