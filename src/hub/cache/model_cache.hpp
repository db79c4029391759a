#pragma once

#include "hub/cache/cache_layout.hpp"
#include "hub/cache/choice_file.hpp"
#include "hub/cache/listing_file.hpp"
#include "hub/cache/package_store.hpp"

#include <inference_models/model_cache.hpp>
#include <inference_models/model_metadata.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What was downloaded, on disk. Every path in it is relative to it, so that it can be moved; whatever is written
/// appears whole (written aside, synchronised, renamed), so that a process may be killed at any moment; and whoever
/// changes it holds a lock that ends with its process.
///
///     CACHEDIR.TAG
///     salt, salt.lock                 random bytes of this cache, for hashes of API keys
///     blobs/SHA256                    contents, read-only
///     models/SLUG-HASH/               SLUG: the id made readable; HASH: of provider, host and id
///         listing.json                what the provider said, when, and under which key's salted hash
///         packages/ID/                the package as formats/ reads it: hard links to blobs, model_config.json,
///                                     and .package.json: handle, size, time, digests of each file
///         downloads/ID/               what is on its way
///         ID.lock                     exclusive: bringing the package; shared: loading it
///         ID.used                     as old as the package's last use, give or take a day
///     compiled/HASH/ID/               made by compile_model of the package whose path has this hash: the network and
///                                     compiled.json
///     choices/SHA256.json             what was chosen for a request
///     store.lock                      shared: bringing or loading a package; exclusive: taking files away
namespace inference_models::hub {

class ModelCache {
public:
    /// Makes nothing before something is to be kept.
    explicit ModelCache(std::filesystem::path directory);

    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return layout_.root(); }

    // --- What providers said. Writing returns false where the cache cannot be written, for which the reason is logged.

    [[nodiscard]] std::optional<ListingRecord> find_listing(const ModelKey& key) const;
    /// Every provider's model of this id, the one that was asked for last first.
    [[nodiscard]] std::vector<ListingRecord> find_listings(const std::string& model_id) const;
    bool keep_listing(const ListingRecord& record);

    /// Hash of a credential that means something in this cache only; empty for an empty one.
    /// Where the cache cannot be written and has no salt yet, another one for each process.
    [[nodiscard]] std::string salted_hash(const std::string& credential);

    // --- Packages

    /// Where the packages of a model lie, or would.
    [[nodiscard]] std::filesystem::path model_directory(const ModelKey& key) const {
        return layout_.model(key).directory();
    }
    [[nodiscard]] std::filesystem::path package_directory(const ModelKey& key, const std::string& package_id) const {
        return layout_.model(key).package(package_id);
    }

    /// Where a package lies, if every file that its provider names is there in the size and with the time that it was
    /// kept with. One whose time is another is read and compared; where it is what it was, the new time is kept.
    /// Damaged packages count as not there.
    [[nodiscard]] std::optional<std::filesystem::path> find_package(const ModelKey& key, const PackageMetadata& package,
                                                                    Hashes hashes = Hashes::compared) const;

    /// The same, or after bringing what is missing. One process brings a package, the others wait for it.
    /// Files that other packages have under the same SHA-256, or of this model under the same MD5, are not brought
    /// again. Where only the description is another, it alone is written, if the cache can be.
    /// \param model_config  the text of the package's model_config.json
    /// \throws Error as `bring` does, `cancelled`, `io_failure` that names the directory
    [[nodiscard]] HeldPackage bring_package(const ModelKey& key, const PackageMetadata& package,
                                            const std::string& model_config, const BringFiles& bring,
                                            const Waiting& waiting, Hashes hashes = Hashes::compared);

    // --- Choices

    [[nodiscard]] std::optional<ChoiceRecord> find_choice(const std::string& request_hash) const;
    bool keep_choice(const std::string& request_hash, const ChoiceRecord& choice);
    void forget_choice(const std::string& request_hash);

    // --- Looking after it

    /// \param check_hashes  read every byte; else only files whose time has changed
    [[nodiscard]] std::vector<OfflineModelStatus> status(bool check_hashes) const;
    [[nodiscard]] std::vector<OfflineModelStatus> status(const std::string& model_id, bool check_hashes) const;
    PrunedCache prune(const PruneOptions& options);

private:
    CacheLayout layout_;
    PackageStore packages_;
};

}  // namespace inference_models::hub
