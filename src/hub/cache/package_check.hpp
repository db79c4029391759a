#pragma once

#include "hub/cache/package_manifest.hpp"

#include <inference_models/model_cache.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Whether packages in the cache are what was downloaded.
namespace inference_models::hub {

enum class Reading {
    where_time_changed,  ///< a file of the size and with the time that it was kept with is taken for whole
    always,              ///< every byte
};

struct FileCheck {
    CacheState state = CacheState::whole;
    std::string problem;           ///< where it is not whole
    std::int64_t modified_ns = 0;  ///< of one that is whole
};

/// \param path  where the file lies, a regular file and no link
[[nodiscard]] FileCheck check_file(const std::filesystem::path& path, const ManifestFile& file, Reading reading);

struct PackageCheck {
    CacheState state = CacheState::whole;
    std::string problem;                      ///< of the package itself, where there is no manifest
    std::optional<PackageManifest> manifest;  ///< where it can be read
    std::vector<FileCheck> files;             ///< in the manifest's order

    /// The first thing that is wrong: `weights.onnx is missing`.
    [[nodiscard]] std::string first_problem() const;
};

/// A link anywhere in a package counts as damage: nothing outside of the package is looked at.
[[nodiscard]] PackageCheck check_package(const std::filesystem::path& package, Reading reading);

}  // namespace inference_models::hub
