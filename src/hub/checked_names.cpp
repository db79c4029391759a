#include "hub/checked_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <inference_models/error.hpp>

#include "common/printable.hpp"

namespace inference_models::hub {
namespace {

constexpr std::size_t kLongestId = 255;    ///< in bytes
constexpr std::size_t kLongestWord = 200;  ///< of a path: what a file system takes, 255, less what we write behind it
constexpr std::size_t kMostWords = 4;

constexpr bool may_stand_in_a_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
}

/// No word begins with `.`: that keeps `.` and `..` out, and whatever a directory keeps hidden for itself.
bool is_word(std::string_view text, std::size_t longest) noexcept {
    return !text.empty() && text.size() <= longest && text.front() != '.' &&
           std::ranges::all_of(text, may_stand_in_a_word);
}

bool are_words(std::string_view text, std::size_t longest) noexcept {
    for (std::size_t words = 1; words <= kMostWords; ++words) {
        const std::size_t slash = text.find('/');
        if (!is_word(text.substr(0, slash), longest)) return false;
        if (slash == std::string_view::npos) return true;
        text.remove_prefix(slash + 1);
    }
    return false;
}

constexpr bool may_stand_in_a_url(char c) noexcept {
    return c > ' ' && c < '\x7f' && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' && c != '`';
}

}  // namespace

bool is_model_id(std::string_view text) noexcept {
    return text.size() <= kLongestId && are_words(text, kLongestId);
}

void expect_model_id(const std::string& text) {
    if (is_model_id(text)) return;
    constexpr std::size_t kShown = 100;
    const std::string shown = printable(text.substr(0, kShown)) + (text.size() > kShown ? "..." : "");
    throw Error(ErrorKind::invalid_argument, "model_id", fmt::format("`{}` is no model's id", shown),
                "An id is one to four words of letters, digits, `-`, `_` and `.` with `/` between them, such as "
                "`yolov8n-640` or `workspace/project/3`.");
}

bool is_package_id(std::string_view text) noexcept {
    return is_word(text, kLongestWord);
}

bool is_file_handle(std::string_view text) noexcept {
    return are_words(text, kLongestWord);
}

bool is_http_url(std::string_view text) noexcept {
    constexpr std::size_t kLongestUrl = 16'384;
    if (text.size() > kLongestUrl || !std::ranges::all_of(text, may_stand_in_a_url)) return false;
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (!text.starts_with(scheme)) continue;
        const std::string_view host =
            text.substr(scheme.size(), text.find_first_of("/?#", scheme.size()) - scheme.size());
        return !host.empty() && !host.starts_with(':') && host.find('@') == std::string_view::npos;
    }
    return false;
}

}  // namespace inference_models::hub
