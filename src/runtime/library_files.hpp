#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// What file names tell about shared libraries.
namespace inference_models::runtime {

struct LibraryFile {
    std::filesystem::path path;
    std::string version;        ///< `1.32.0`; empty where the name has none, or only a soname's number
    std::string soname_number;  ///< `13` where the file name has but this
};

/// A file that is a library of this name, or of this name with a version behind it; the version is in its own name or
/// in the name of the file that it links to.
[[nodiscard]] std::optional<LibraryFile> library_file(const std::filesystem::path& path, std::string_view name);

/// The newest of them in a directory; where `wanted_version` is among them, that one.
[[nodiscard]] std::optional<LibraryFile> find_library(const std::filesystem::path& directory, std::string_view name,
                                                      std::string_view wanted_version = {});

}  // namespace inference_models::runtime
