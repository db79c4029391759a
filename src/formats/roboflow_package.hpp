#pragma once

#include "formats/package.hpp"

#include <filesystem>

/// A package directory in Roboflow's layout.
namespace inference_models::formats {

/// Whether a directory is meant as one: it holds one of the files that make a package.
[[nodiscard]] bool is_roboflow_package(const std::filesystem::path& directory);

/// Fills in everything behind `id` and `path`, as far as it gets.
/// \throws Error `corrupted_package`, `unsupported_model`
void describe_roboflow_package(Package& package);

/// \throws Error `corrupted_package`, `unsupported_model`
[[nodiscard]] PackageContents read_roboflow_contents(const Package& package);

}  // namespace inference_models::formats
