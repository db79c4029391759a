#include "formats/text.hpp"

#include <algorithm>
#include <cstddef>

namespace inference_models::formats {
namespace {

/// How many bytes follow a first byte, and the least code point that may be written with so many.
struct Sequence {
    std::size_t continuation_bytes;
    std::uint32_t least;
    std::uint32_t first_bits;
};

constexpr std::size_t kNoSequence = 4;

constexpr Sequence sequence_of(std::uint8_t first) noexcept {
    if (first < 0x80) return {0, 0, first};
    if ((first & 0xE0U) == 0xC0U) return {1, 0x80, first & 0x1FU};
    if ((first & 0xF0U) == 0xE0U) return {2, 0x800, first & 0x0FU};
    if ((first & 0xF8U) == 0xF0U) return {3, 0x10000, first & 0x07U};
    return {kNoSequence, 0, 0};
}

constexpr bool is_scalar_value(std::uint32_t code) noexcept {
    return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

constexpr std::string_view kSpaces = " \t\r\n\v\f";

}  // namespace

std::string_view trimmed_in_front(std::string_view text) noexcept {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(kSpaces)));
    return text;
}

std::string_view trimmed(std::string_view text) noexcept {
    const std::string_view rest = trimmed_in_front(text);
    return rest.substr(0, rest.find_last_not_of(kSpaces) + 1);  // npos + 1 is 0
}

std::string lowered(std::string_view text) {
    std::string result(text);
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

bool append_utf8(std::string& text, std::uint32_t code) {
    if (!is_scalar_value(code)) return false;
    const auto byte = [&text](std::uint32_t bits) { text.push_back(static_cast<char>(bits)); };
    const auto continuation = [&](unsigned shift) { byte(0x80U | (code >> shift & 0x3FU)); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xC0U | code >> 6U);
        continuation(0);
    } else if (code < 0x10000) {
        byte(0xE0U | code >> 12U);
        continuation(6);
        continuation(0);
    } else {
        byte(0xF0U | code >> 18U);
        continuation(12);
        continuation(6);
        continuation(0);
    }
    return true;
}

bool is_valid_utf8(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const Sequence sequence = sequence_of(static_cast<std::uint8_t>(text[at++]));
        if (sequence.continuation_bytes == kNoSequence || text.size() - at < sequence.continuation_bytes) return false;
        std::uint32_t code = sequence.first_bits;
        for (std::size_t i = 0; i < sequence.continuation_bytes; ++i) {
            const auto byte = static_cast<std::uint8_t>(text[at++]);
            if ((byte & 0xC0U) != 0x80U) return false;
            code = code << 6U | (byte & 0x3FU);
        }
        if (code < sequence.least || !is_scalar_value(code)) return false;
    }
    return true;
}

}  // namespace inference_models::formats
