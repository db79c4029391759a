#include "hub/cache/model_cache.hpp"

#include <algorithm>
#include <inference_models/error.hpp>
#include <utility>

#include "common/log.hpp"
#include "hub/cache/cache_salt.hpp"
#include "hub/cache/cache_status.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/file_lock.hpp"
#include "hub/cache/kept_models.hpp"
#include "hub/cache/prune_cache.hpp"
#include "hub/digest.hpp"

namespace inference_models::hub {

namespace fs = std::filesystem;

namespace {

/// Whether something could be written to a directory of the cache. It is kept for later alone: where it cannot be, the
/// call that brought it goes on.
template <class Write>
bool keep(const CacheLayout& layout, const fs::path& directory, Write write) {
    try {
        layout.make(layout.root());
        const auto lock = FileLock::try_take(layout.lock(), FileLock::Kind::shared);
        if (!lock) {
            log::message(LogLevel::debug, "Nothing is kept in {} while files are taken away", layout.root().string());
            return false;
        }
        layout.make(directory);
        write();
        return true;
    } catch (const Error& error) {
        log::message(LogLevel::debug, "Nothing can be kept in the cache of models: {}", error.message());
        return false;
    }
}

}  // namespace

ModelCache::ModelCache(fs::path directory) : layout_(std::move(directory)), packages_(layout_) {}

std::optional<ListingRecord> ModelCache::find_listing(const ModelKey& key) const {
    auto record = read_listing(layout_.model(key).listing());
    return record && record->key == key ? std::move(record) : std::nullopt;
}

std::vector<ListingRecord> ModelCache::find_listings(const std::string& model_id) const {
    const std::string slug = slug_of(model_id) + '-';
    std::vector<ListingRecord> records;
    for (const std::string& name : names_in(layout_.models())) {
        if (!name.starts_with(slug)) continue;
        auto record = read_listing(ModelLayout(layout_.models() / name).listing());
        const bool is_meant = record && record->key.model_id == model_id && directory_name(record->key) == name;
        if (is_meant) records.push_back(*std::move(record));
    }
    std::ranges::stable_sort(records, std::ranges::greater(), &ListingRecord::asked_at);
    return records;
}

bool ModelCache::keep_listing(const ListingRecord& record) {
    const ModelLayout model = layout_.model(record.key);
    return keep(layout_, model.directory(), [&] { write_listing(model.listing(), record); });
}

std::string ModelCache::salted_hash(const std::string& credential) {
    return credential.empty() ? std::string() : keyed_sha256(salt_of(layout_), credential);
}

std::optional<fs::path> ModelCache::find_package(const ModelKey& key, const PackageMetadata& package,
                                                 Hashes hashes) const {
    return packages_.find(key, package, hashes);
}

HeldPackage ModelCache::bring_package(const ModelKey& key, const PackageMetadata& package,
                                      const std::string& model_config, const BringFiles& bring, const Waiting& waiting,
                                      Hashes hashes) {
    return packages_.bring(key, package, model_config, bring, waiting, hashes);
}

std::optional<ChoiceRecord> ModelCache::find_choice(const std::string& request_hash) const {
    return read_choice(layout_.choice(request_hash));
}

bool ModelCache::keep_choice(const std::string& request_hash, const ChoiceRecord& choice) {
    return keep(layout_, layout_.choices(), [&] { write_choice(layout_.choice(request_hash), choice); });
}

void ModelCache::forget_choice(const std::string& request_hash) {
    std::error_code ignored;
    fs::remove(layout_.choice(request_hash), ignored);
}

std::vector<OfflineModelStatus> ModelCache::status(bool check_hashes) const {
    return cache_status(layout_, std::nullopt, check_hashes ? Reading::always : Reading::where_time_changed);
}

std::vector<OfflineModelStatus> ModelCache::status(const std::string& model_id, bool check_hashes) const {
    return cache_status(layout_, model_id, check_hashes ? Reading::always : Reading::where_time_changed);
}

PrunedCache ModelCache::prune(const PruneOptions& options) {
    return prune_cache(layout_, options);
}

}  // namespace inference_models::hub
