#include "common/printable.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace inference_models {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// A character at the beginning of a text, and how many bytes it takes.
struct Character {
    std::uint32_t code_point = 0;
    std::size_t size = 0;  ///< 0 where the text begins with none
};

Character first_character(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80U) return {.code_point = lead, .size = 1};

    Character character;
    std::uint32_t smallest = 0;  // a longer form of a smaller one is no UTF-8
    if ((lead & 0xE0U) == 0xC0U) {
        character = {.code_point = lead & 0x1FU, .size = 2};
        smallest = 0x80;
    } else if ((lead & 0xF0U) == 0xE0U) {
        character = {.code_point = lead & 0x0FU, .size = 3};
        smallest = 0x800;
    } else if ((lead & 0xF8U) == 0xF0U) {
        character = {.code_point = lead & 0x07U, .size = 4};
        smallest = 0x10000;
    }
    if (character.size == 0 || character.size > text.size()) return {};
    for (std::size_t i = 1; i < character.size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return {};
        character.code_point = (character.code_point << 6U) | (byte(i) & 0x3FU);
    }
    const std::uint32_t code_point = character.code_point;
    const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    return code_point < smallest || surrogate || code_point > 0x10FFFF ? Character{} : character;
}

bool is_control(std::uint32_t code_point) noexcept {
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const auto [code_point, size] = first_character(text);
        if (size == 0) {
            result += kReplacement;
        } else if (code_point == '\n' || code_point == '\t') {
            result += ' ';
        } else if (is_control(code_point)) {
            result += '?';
        } else {
            result += text.substr(0, size);
        }
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return result;
}

}  // namespace inference_models
