#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace inference_models::formats {

/// class_names.txt: one name per line, blank lines and white space at the ends do not count.
/// \throws Error `corrupted_package` where there is no name, or a line is not UTF-8 or too long
[[nodiscard]] std::vector<std::string> read_class_names(const std::filesystem::path& path);

}  // namespace inference_models::formats
