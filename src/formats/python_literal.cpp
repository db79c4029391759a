#include "formats/python_literal.hpp"

#include <charconv>
#include <cstddef>
#include <utility>

#include "formats/text.hpp"

namespace inference_models::formats {
namespace {

constexpr int kDeepest = 16;

/// Recursive descent; every function leaves `rest_` behind what it read, or returns nothing.
class Parser {
public:
    explicit Parser(std::string_view text) : rest_(text) {}

    std::optional<PythonValue> whole() {
        std::optional<PythonValue> value = parse_value(0);
        rest_ = trimmed_in_front(rest_);
        return rest_.empty() ? std::move(value) : std::nullopt;
    }

private:
    bool take(std::string_view token) {
        rest_ = trimmed_in_front(rest_);
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }

    std::optional<PythonValue> parse_value(int depth) {
        if (depth > kDeepest) return std::nullopt;
        if (take("None")) return PythonValue{};
        if (take("True")) return PythonValue{true};
        if (take("False")) return PythonValue{false};
        if (take("{")) return parse_dict(depth);
        if (take("[")) return parse_list("]", depth);
        if (take("(")) return parse_list(")", depth);
        if (rest_.starts_with('\'') || rest_.starts_with('"')) return parse_string();
        return parse_number();
    }

    std::optional<PythonValue> parse_list(std::string_view end, int depth) {
        PythonList list;
        while (!take(end)) {
            std::optional<PythonValue> element = parse_value(depth + 1);
            if (!element) return std::nullopt;
            list.push_back(*std::move(element));
            if (take(",")) continue;
            if (!take(end)) return std::nullopt;
            break;
        }
        return PythonValue{std::move(list)};
    }

    std::optional<PythonValue> parse_dict(int depth) {
        PythonDict dict;
        while (!take("}")) {
            std::optional<PythonValue> key = parse_value(depth + 1);
            if (!key || !take(":")) return std::nullopt;
            std::optional<PythonValue> value = parse_value(depth + 1);
            if (!value) return std::nullopt;
            dict.push_back({*std::move(key), *std::move(value)});
            if (take(",")) continue;
            if (!take("}")) return std::nullopt;
            break;
        }
        return PythonValue{std::move(dict)};
    }

    std::optional<PythonValue> parse_string() {
        const char quote = rest_.front();
        rest_.remove_prefix(1);
        std::string text;
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == quote) return PythonValue{std::move(text)};
            if (c != '\\') {
                text.push_back(c);
            } else if (!parse_escape(text)) {
                return std::nullopt;
            }
        }
        return std::nullopt;
    }

    /// What Python's repr() writes behind a backslash.
    bool parse_escape(std::string& text) {
        if (rest_.empty()) return false;
        const char c = rest_.front();
        rest_.remove_prefix(1);
        switch (c) {
            case '\\':
            case '\'':
            case '"': text.push_back(c); return true;
            case 'n': text.push_back('\n'); return true;
            case 'r': text.push_back('\r'); return true;
            case 't': text.push_back('\t'); return true;
            case 'x': return parse_code_point(2, text);
            case 'u': return parse_code_point(4, text);
            case 'U': return parse_code_point(8, text);
            default: return false;
        }
    }

    bool parse_code_point(std::size_t digits, std::string& text) {
        if (rest_.size() < digits) return false;
        std::uint32_t code = 0;
        const char* const begin = rest_.data();
        const auto [stop, problem] = std::from_chars(begin, begin + digits, code, 16);
        if (problem != std::errc{} || stop != begin + digits) return false;
        rest_.remove_prefix(digits);
        return append_utf8(text, code);
    }

    std::optional<PythonValue> parse_number() {
        const std::string_view digits = rest_.substr(0, rest_.find_first_not_of("+-.0123456789eE"));
        rest_.remove_prefix(digits.size());
        if (const auto whole = to_number<std::int64_t>(digits)) return PythonValue{*whole};
        if (const auto real = to_number<double>(digits)) return PythonValue{*real};
        return std::nullopt;
    }

    std::string_view rest_;
};

}  // namespace

std::optional<PythonValue> parse_python_literal(std::string_view text) {
    return Parser(trimmed(text)).whole();
}

}  // namespace inference_models::formats
