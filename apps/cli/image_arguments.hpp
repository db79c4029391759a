#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// The images that a command is given.
namespace inference_models::cli {

/// Images named one by one, and those that lie in named directories, by name.
/// \throws Error `invalid_argument` for a directory without images, `io_failure` for one that cannot be read
[[nodiscard]] std::vector<std::filesystem::path> image_paths(const std::vector<std::string>& arguments);

}  // namespace inference_models::cli
