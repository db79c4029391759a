#pragma once

#include <filesystem>
#include <string>
#include <string_view>

/// Names that come from users and providers, before they become part of a path or a URL.
namespace inference_models::hub {

/// Whether a text can be a model's id: one to four words of letters, digits, `-`, `_` and `.` with `/` between them,
/// none of them `.` or `..` and none beginning with `.`; at most 255 bytes.
[[nodiscard]] bool is_model_id(std::string_view text) noexcept;

/// \throws Error `invalid_argument` that says what an id looks like
void expect_model_id(const std::string& text);

/// A package's id: one such word, of at most 200 bytes.
[[nodiscard]] bool is_package_id(std::string_view text) noexcept;

/// A file's place inside of its package: at most four such words, each of at most 200 bytes, with `/` between
/// them. So it is relative, hides nothing and leads nowhere else.
[[nodiscard]] bool is_file_handle(std::string_view text) noexcept;

/// Whether a text is `http://` or `https://`, a host, and whatever follows in the characters that a URL is written in;
/// at most 16384 bytes.
[[nodiscard]] bool is_http_url(std::string_view text) noexcept;

}  // namespace inference_models::hub
