#pragma once

#include <filesystem>
#include <string_view>

/// What was installed with this product is found from the address of its code, wherever an installation was moved to.
namespace inference_models {

/// The file that this code was loaded from: `libinference_models.so`.
[[nodiscard]] std::filesystem::path path_of_our_library();

/// `share/inference_models/NAME` of the installation that a library lies in; empty where there is no such directory.
[[nodiscard]] std::filesystem::path installed_directory(const std::filesystem::path& library, std::string_view name);

/// `bin/NAME` of the installation that a library lies in; empty where there is no such program.
[[nodiscard]] std::filesystem::path installed_program(const std::filesystem::path& library, std::string_view name);

}  // namespace inference_models
