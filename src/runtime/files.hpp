#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Reading what others wrote, none of which may stop a description: whatever cannot be read is empty, and nothing here
/// throws, blocks, or reads without a limit.
namespace inference_models::runtime {

/// The beginning of a text file, for /proc and /sys too, whose files have no size; empty where there is none.
[[nodiscard]] std::string read_text(const std::filesystem::path& path, std::size_t limit = 256U << 10U);

/// The names in a directory that begin with a prefix, in alphabetical order; empty where there are none.
[[nodiscard]] std::vector<std::string> names_in(const std::filesystem::path& directory, std::string_view prefix = {});

[[nodiscard]] bool file_exists(const std::filesystem::path& path) noexcept;
[[nodiscard]] bool directory_exists(const std::filesystem::path& path) noexcept;

/// The path without symbolic links; as it is where it cannot be followed.
[[nodiscard]] std::filesystem::path resolved(const std::filesystem::path& path);

[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// The lines of a text, without their ends.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

/// The parts of a text between separators, without the empty ones.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, std::string_view separators);

/// What stands behind `key` and `separator` in the first line that begins with them: `MemTotal` in `MemTotal:  4 kB`.
[[nodiscard]] std::string_view value_of(std::string_view text, std::string_view key, char separator) noexcept;

}  // namespace inference_models::runtime
