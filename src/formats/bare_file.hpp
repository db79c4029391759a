#pragma once

#include "formats/package.hpp"

#include <filesystem>

/// One file that is a model by itself.
namespace inference_models::formats {

/// Whether a file in a directory is meant as a model, by its name; of XML files also by their content. One that cannot
/// be read is no error here.
[[nodiscard]] bool is_model_file(const std::filesystem::path& path);

/// Fills in everything behind `id` and `path`, as far as it gets: by the file's content, whatever its name says.
/// \throws Error `corrupted_package`, `unsupported_model`
void describe_bare_file(Package& package);

/// \throws Error `corrupted_package`, `unsupported_model`
[[nodiscard]] PackageContents read_bare_contents(const Package& package);

}  // namespace inference_models::formats
