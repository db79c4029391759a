#pragma once

#include "hub/downloads.hpp"

#include <inference_models/model_cache.hpp>
#include <inference_models/model_metadata.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What was downloaded, on disk. Every path in it is relative to it, so that it can be moved; whatever is written
/// appears whole (written aside, synchronised, renamed), so that a process may be killed at any moment; and whoever
/// changes it holds a lock that ends with its process.
///
///     CACHEDIR.TAG
///     salt                            random bytes of this cache, for hashes of API keys
///     blobs/SHA256                    contents, read-only
///     models/SLUG-HASH/               SLUG: the id made readable; HASH: of provider, host and id
///         listing.json                what the provider said, when, and under which key's salted hash
///         packages/ID/                the package as formats/ reads it: hard links to blobs, model_config.json,
///                                     and .package.json: handle, size, time, digests of each file
///         downloads/ID/               what is on its way
///         ID.lock                     held by the process that brings the package
///     choices/SHA256.json             what was chosen for a request
///     store.lock                      shared: bringing a package; exclusive: taking files away
namespace inference_models::hub {

/// Whose model it is: the same id of another provider or host is another model.
struct ModelKey {
    std::string provider;  ///< `roboflow`, or a registered one's name
    std::string host;      ///< the provider's address; empty for registered ones
    std::string model_id;
};

/// What a provider said of a model at a time.
struct ListingRecord {
    ModelKey key;
    ModelMetadata model;
    std::chrono::system_clock::time_point asked_at;
    std::string credential;  ///< salted hash of the API key, extra parameters and headers that it was asked with
};

/// What was chosen for a request.
struct ChoiceRecord {
    std::string package_id;
    std::string engine;
    std::string device;
    std::chrono::system_clock::time_point chosen_at;
};

/// Brings files to their targets: `download`, with what the caller knows.
using BringFiles = std::function<std::vector<DownloadedFile>(std::span<const FileToDownload>)>;

/// Called about ten times a second while another process holds a package's lock; false: give up.
using Waiting = std::function<bool()>;

class ModelCache {
public:
    /// Makes nothing before something is to be kept.
    explicit ModelCache(std::filesystem::path directory);

    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }

    // --- What providers said. Writing returns false where the cache cannot be written, for which the reason is logged.

    [[nodiscard]] std::optional<ListingRecord> find_listing(const ModelKey& key) const;
    /// Every provider's model of this id, the one that was asked for last first.
    [[nodiscard]] std::vector<ListingRecord> find_listings(const std::string& model_id) const;
    bool keep_listing(const ListingRecord& record);

    /// Hash of a credential that means something in this cache only; empty for an empty one.
    /// Where the cache cannot be written and has no salt yet, another one for each process.
    [[nodiscard]] std::string salted_hash(const std::string& credential);

    // --- Packages

    /// Where a package lies, if every file is there in the size and with the time that it was kept with. One whose time
    /// is another is read and compared; where it is what it was, the new time is kept.
    /// Damaged packages count as not there.
    [[nodiscard]] std::optional<std::filesystem::path> find_package(const ModelKey& key, const std::string& package_id);

    /// The same, or after bringing what is missing. One process brings a package, the others wait for it.
    /// Files that other packages have under the same SHA-256, or of this model under the same MD5, are not brought
    /// again.
    /// \param model_config  the text of the package's model_config.json
    /// \throws Error as `bring` does, `cancelled`, `io_failure` that names the directory
    [[nodiscard]] std::filesystem::path bring_package(const ModelKey& key, const PackageMetadata& package,
                                                      const std::string& model_config, const BringFiles& bring,
                                                      const Waiting& waiting);

    // --- Choices

    [[nodiscard]] std::optional<ChoiceRecord> find_choice(const std::string& request_hash) const;
    bool keep_choice(const std::string& request_hash, const ChoiceRecord& choice);
    void forget_choice(const std::string& request_hash);

    // --- Looking after it

    /// \param check_hashes  read every byte
    [[nodiscard]] std::vector<OfflineModelStatus> status(bool check_hashes) const;
    [[nodiscard]] std::vector<OfflineModelStatus> status(const std::string& model_id, bool check_hashes) const;
    PrunedCache prune(const PruneOptions& options);

private:
    std::filesystem::path directory_;
};

}  // namespace inference_models::hub
