#pragma once

#include "hub/cache/cache_layout.hpp"
#include "hub/cache/file_lock.hpp"
#include "hub/cache/package_check.hpp"
#include "hub/http/downloads.hpp"

#include <inference_models/model_metadata.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace inference_models::hub {

/// Brings files to their targets: `download`, with what the caller knows.
using BringFiles = std::function<std::vector<DownloadedFile>(std::span<const FileToDownload>)>;

/// Whether a caller has hashes compared, or believes the server. A file that was once taken without that is for those
/// alone who believe: whoever compares must never get it.
enum class Hashes { compared, believed };

/// A package in the cache, which nobody takes away or replaces while this lives, where the cache can be locked.
struct HeldPackage {
    std::filesystem::path path;
    std::optional<FileLock> store;
    std::optional<FileLock> package;
};

/// The packages of a cache and the contents that they share.
class PackageStore {
public:
    explicit PackageStore(CacheLayout layout) : layout_(std::move(layout)) {}

    /// As ModelCache says.
    [[nodiscard]] std::optional<std::filesystem::path> find(const ModelKey& key, const PackageMetadata& package,
                                                            Hashes hashes) const;
    [[nodiscard]] HeldPackage bring(const ModelKey& key, const PackageMetadata& package,
                                    const std::string& model_config, const BringFiles& bring, const Waiting& waiting,
                                    Hashes hashes) const;

private:
    /// \param is_held  nobody replaces it meanwhile, so that something may be written in it
    [[nodiscard]] std::optional<PackageManifest> find_manifest(const ModelLayout& model, const std::string& package_id,
                                                               bool is_held) const;

    CacheLayout layout_;
};

}  // namespace inference_models::hub
