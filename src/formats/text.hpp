#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace inference_models::formats {

/// Without the white space in front.
[[nodiscard]] std::string_view trimmed_in_front(std::string_view text) noexcept;

/// Without the white space at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// With the letters of ASCII in lower case, whatever the locale.
[[nodiscard]] std::string lowered(std::string_view text);

/// The number that a text is as a whole.
template <class Number>
[[nodiscard]] std::optional<Number> to_number(std::string_view text) noexcept {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    Number number{};
    const auto [stop, problem] = std::from_chars(begin, end, number);
    return problem == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

/// Appends a code point; false where it is none that a text can hold.
[[nodiscard]] bool append_utf8(std::string& text, std::uint32_t code);

/// Whether these bytes are well-formed UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

}  // namespace inference_models::formats
