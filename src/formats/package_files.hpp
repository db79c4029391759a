#pragma once

#include <inference_models/error.hpp>

#include <filesystem>
#include <string>
#include <string_view>

/// How the readers of this folder look at files and complain about them.
namespace inference_models::formats {

/// Whether a regular file, or a link to one, lies there.
[[nodiscard]] bool is_file(const std::filesystem::path& path);

/// `corrupted_package` about a file: `PATH WHAT`.
[[nodiscard]] Error corrupted_file(const std::filesystem::path& path, std::string_view what, std::string hint = {});

/// \throws Error `corrupted_package` where no file lies there
void expect_file(const std::filesystem::path& path, const std::string& hint);

/// A text file of a package as a whole.
/// \throws Error `corrupted_package` where it is too large, `io_failure` where it cannot be read
[[nodiscard]] std::string read_package_text(const std::filesystem::path& path);

}  // namespace inference_models::formats
