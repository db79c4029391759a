#pragma once

#include "hub/cache/cache_layout.hpp"

#include <inference_models/types.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// `.package.json`: what a package in the cache is made of.
namespace inference_models::hub {

inline constexpr std::string_view kManifest = ".package.json";
inline constexpr std::string_view kModelConfig = "model_config.json";

/// The stated hash that a file was found to have.
enum class VerifiedBy { sha256, md5, none };

struct ManifestFile {
    std::string handle;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;  ///< since 1970
    std::string md5;               ///< both as they were computed
    std::string sha256;
    VerifiedBy verified_by = VerifiedBy::none;
};

struct PackageManifest {
    ModelKey key;
    std::string package_id;
    PackageFormat format = PackageFormat::onnx;
    std::vector<ManifestFile> files;  ///< model_config.json included
};

/// As untrusted as all that lies on a disk that others may write.
/// \throws Error `corrupted_package` where it is missing, no regular file, or makes no sense, `io_failure`
[[nodiscard]] PackageManifest read_manifest(const std::filesystem::path& package);

/// \throws Error `io_failure`
void write_manifest(const std::filesystem::path& package, const PackageManifest& manifest);

}  // namespace inference_models::hub
