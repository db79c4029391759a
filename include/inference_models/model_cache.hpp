#pragma once

#include <inference_models/export.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The models that were downloaded to this machine. They lie in $INFERENCE_HOME or $MODEL_CACHE_DIR, else in the user's
/// cache directory. The directory may be moved, copied, shared by any number of processes, and read-only.
namespace inference_models {

/// What is right or wrong with a file or package in the cache.
enum class CacheState {
    whole,    ///< all that there should be is there
    missing,  ///< it, or a file of it, is not there
    damaged,  ///< it is not what was downloaded
};

[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(CacheState state) noexcept;

struct OfflineFileStatus {
    std::string handle;
    std::uint64_t size_bytes = 0;
    CacheState state = CacheState::whole;
    std::string problem;  ///< one line where it is not whole: `has 12 bytes instead of 12839457`
};

struct OfflinePackageStatus {
    std::string package_id;
    std::string format;  ///< `onnx`
    std::filesystem::path path;
    std::uint64_t size_bytes = 0;
    CacheState state = CacheState::whole;
    std::vector<OfflineFileStatus> files;
};

struct OfflineModelStatus {
    std::string model_id;
    std::string weights_provider;
    std::string architecture;
    std::string task_type;
    std::vector<OfflinePackageStatus> packages;  ///< those that were downloaded, by id
};

/// Where downloaded models lie, whether or not the directory is there yet.
/// \throws Error `invalid_environment_variable` where neither a variable nor a home directory says
[[nodiscard]] INFERENCE_MODELS_EXPORT std::filesystem::path model_cache_directory();

/// What is in the cache, by model id. Looks at sizes and times, and reads the files whose time has changed.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::vector<OfflineModelStatus> list_offline_models();

/// The entries of one model (several where several providers have one of this id); none where it is not in the cache.
/// \param check_hashes  read every byte; else only files whose time has changed are read
[[nodiscard]] INFERENCE_MODELS_EXPORT std::vector<OfflineModelStatus> verify_offline_model(const std::string& model_id,
                                                                                           bool check_hashes = false);

/// What `prune_model_cache` took away.
struct PrunedCache {
    std::uint64_t packages = 0;  ///< that were named or damaged
    std::uint64_t files = 0;     ///< that no package uses, and unfinished downloads
    std::uint64_t bytes = 0;     ///< that are free now
};

/// What to take away besides what is of no use: files that no package uses, unfinished downloads, damaged packages.
struct PruneOptions {
    // NOLINTNEXTLINE(readability-redundant-member-init): GCC warns of initializers that leave it out otherwise
    std::vector<std::string> model_ids = {};                     ///< everything of these models
    bool all = false;                                            ///< everything
    std::optional<std::chrono::days> unused_for = std::nullopt;  ///< packages that were not loaded for so long
};

/// \throws Error `model_not_found` for an id that is not in the cache, `io_failure`, `cache_busy` while a download runs
INFERENCE_MODELS_EXPORT PrunedCache prune_model_cache(const PruneOptions& options = {});

[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_text(const std::vector<OfflineModelStatus>& models);
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_json(const std::vector<OfflineModelStatus>& models);

}  // namespace inference_models
