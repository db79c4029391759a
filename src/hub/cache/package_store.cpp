#include "hub/cache/package_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <set>
#include <utility>

#include "common/log.hpp"
#include "common/printable.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/checked_names.hpp"
#include "hub/digest.hpp"

namespace inference_models::hub {

namespace fs = std::filesystem;

namespace {

Error senseless(const PackageMetadata& package, std::string_view what) {
    return {ErrorKind::retrieval_failure, package.id, fmt::format("Package {} {}", printable(package.id), what),
            "Nothing of it was kept. Tell the provider of this model, or name another package."};
}

/// What becomes part of a path is checked here too, whoever described the package.
void expect_usable(const PackageMetadata& package) {
    if (!is_package_id(package.id)) throw senseless(package, "has an id that no directory can have");
    std::set<std::string> handles;
    for (const PackageFile& file : package.files) {
        const std::string shown = printable(file.handle.substr(0, 100));
        if (!is_file_handle(file.handle)) throw senseless(package, fmt::format("has a file `{}`", shown));
        if (!handles.insert(file.handle).second) throw senseless(package, fmt::format("has `{}` twice", shown));
        const bool is_hashed =
            (file.sha256.empty() || is_sha256(file.sha256)) && (file.md5.empty() || is_md5(file.md5));
        if (!is_hashed) throw senseless(package, fmt::format("states a hash for `{}` that is none", shown));
    }
    for (const std::string& handle : handles) {
        for (fs::path above = fs::path(handle).parent_path(); !above.empty(); above = above.parent_path()) {
            if (handles.contains(above.string()) || above == kModelConfig) {
                throw senseless(package, fmt::format("has `{}` as a file and as a directory", above.string()));
            }
        }
    }
}

bool is_stated(const PackageFile& file, const ManifestFile& kept) {
    if (!file.sha256.empty()) return file.sha256 == kept.sha256;
    return !file.md5.empty() && file.md5 == kept.md5;
}

/// What a package is made of besides the model_config.json that is ours.
std::vector<PackageFile> files_to_keep(const PackageMetadata& package) {
    std::vector<PackageFile> files = package.files;
    std::erase_if(files, [](const PackageFile& file) { return file.handle == kModelConfig; });
    return files;
}

/// Whether a file in the cache is the one that its provider names today, as far as can be told.
bool is_taken_for(const PackageFile& file, const ManifestFile& kept, Hashes hashes) {
    const bool has_hash = !file.sha256.empty() || !file.md5.empty();
    const bool is_believed = hashes == Hashes::believed && kept.verified_by == VerifiedBy::none;
    return !has_hash || is_believed || is_stated(file, kept);
}

/// Whether a package in the cache has the files that its provider names today.
bool has_files_of(const PackageManifest& manifest, const PackageMetadata& package, Hashes hashes) {
    const std::vector<PackageFile> files = files_to_keep(package);
    return manifest.files.size() == files.size() + 1 && std::ranges::all_of(files, [&](const PackageFile& file) {
               const auto kept = std::ranges::find(manifest.files, file.handle, &ManifestFile::handle);
               return kept != manifest.files.end() && is_taken_for(file, *kept, hashes);
           });
}

/// Whether a package in the cache is described as its provider describes it today, who may have corrected that.
bool has_description(const PackageManifest& manifest, const std::string& model_config) {
    const auto kept = std::ranges::find(manifest.files, kModelConfig, &ManifestFile::handle);
    return kept != manifest.files.end() && kept->sha256 == sha256(model_config);
}

/// Notes that a package was loaded, once a day; in silence where that cannot be written.
void note_use(const ModelLayout& model, const std::string& package_id) {
    using std::chrono::system_clock;
    constexpr std::chrono::hours kOften{24};
    const fs::path path = model.used(package_id);
    const auto facts = facts_of(path);
    const system_clock::duration age =
        system_clock::now().time_since_epoch() - std::chrono::nanoseconds(facts ? facts->modified_ns : 0);
    if (age < kOften && age > -kOften) return;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (file < 0) return;
    ::futimens(file, nullptr);
    ::close(file);
}

/// Keeps the times that files were found with, so that they are not read the next time; in silence where that cannot be
/// written. For a package that is held since before it was checked: else this manifest could be that of another one.
void keep_times(const fs::path& package, const PackageCheck& check) {
    PackageManifest manifest = *check.manifest;
    bool is_changed = false;
    for (std::size_t i = 0; i < manifest.files.size(); ++i) {
        is_changed |= manifest.files[i].modified_ns != check.files[i].modified_ns;
        manifest.files[i].modified_ns = check.files[i].modified_ns;
    }
    if (!is_changed) return;
    try {
        write_manifest(package, manifest);
    } catch (const Error& error) {
        log::message(LogLevel::debug, "The new times of files are not kept: {}", error.message());
    }
}

/// A content that is on this disk already.
struct Content {
    fs::path path;
    std::string md5;
    std::string sha256;
    std::uint64_t size = 0;
};

/// Everything that the packages of a model have, whole or not.
class ContentsOfModel {
public:
    explicit ContentsOfModel(const ModelLayout& model) {
        for (const std::string& id : names_in(model.packages())) add(model.package(id));
    }

    /// A file with the stated hash that is whole.
    [[nodiscard]] std::optional<Content> find(const PackageFile& file) const {
        for (const auto& [path, kept] : files_) {
            if (!is_stated(file, kept)) continue;
            if (check_file(path, kept, Reading::where_time_changed).state != CacheState::whole) continue;
            return Content{path, kept.md5, kept.sha256, kept.size};
        }
        return std::nullopt;
    }

private:
    void add(const fs::path& package) {
        const PackageCheck check = check_package(package, Reading::where_time_changed);
        for (std::size_t i = 0; i < check.files.size(); ++i) {
            const ManifestFile& file = check.manifest->files[i];
            if (check.files[i].state == CacheState::whole) files_.emplace_back(package / file.handle, file);
        }
    }

    std::vector<std::pair<fs::path, ManifestFile>> files_;
};

/// A package that is being brought, by the one process that holds its lock.
class Bringing {
public:
    Bringing(const CacheLayout& layout, const ModelLayout& model, const PackageMetadata& package)
        : layout_(layout), model_(model), package_(package), files_(files_to_keep(package)) {}

    /// \param here  a package with the right files, of which only the description has to be written anew
    void run(const ModelKey& key, const std::string& model_config, const BringFiles& bring,
             const std::optional<PackageManifest>& here) {
        for (const fs::path& directory : {layout_.blobs(), model_.packages(), model_.download(package_.id)}) {
            layout_.make(directory);
        }
        if (here) {
            take_all_of(*here);
        } else {
            take_what_is_here();
            bring_what_is_missing(bring);
        }
        put_together(key, model_config);
        publish();
        remove_tree(model_.download(package_.id));
    }

private:
    /// Also files that nobody stated a hash of, of which no other place could be told from theirs.
    void take_all_of(const PackageManifest& here) {
        for (const PackageFile& file : files_) {
            const ManifestFile& kept = *std::ranges::find(here.files, file.handle, &ManifestFile::handle);
            contents_.emplace_back(
                Content{model_.package(package_.id) / kept.handle, kept.md5, kept.sha256, kept.size});
        }
    }

    void take_what_is_here() {
        const ContentsOfModel contents(model_);
        for (const PackageFile& file : files_) {
            std::optional<Content> content = contents.find(file);
            contents_.push_back(content ? std::move(content) : find_blob(file));
        }
    }

    /// The content of a stated SHA-256, whichever model it came with. When it was last whole is not known here, so it
    /// is read; one that is damaged makes room.
    [[nodiscard]] std::optional<Content> find_blob(const PackageFile& file) const {
        if (file.sha256.empty()) return std::nullopt;
        const fs::path path = layout_.blob(file.sha256);
        const std::optional<Digests> digests = digests_of_blob(path);
        if (digests) return Content{path, digests->md5, digests->sha256, digests->size};
        remove_tree(path);
        return std::nullopt;
    }

    void bring_what_is_missing(const BringFiles& bring) {
        std::vector<FileToDownload> missing;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < files_.size(); ++i) {
            if (contents_[i]) continue;
            missing.push_back(to_download(files_[i]));
            places.push_back(i);
        }
        if (missing.empty()) return;
        const std::vector<DownloadedFile> brought = bring(missing);
        for (std::size_t i = 0; i < missing.size(); ++i) {
            contents_[places[i]] = adopt(missing[i].target, brought.at(i));
        }
        synchronise_directory(layout_.blobs());
    }

    [[nodiscard]] FileToDownload to_download(const PackageFile& file) const {
        const fs::path target = model_.download(package_.id) / file.handle;
        layout_.make(target.parent_path());
        return {file.download_url, target, file.handle, file.md5, file.sha256, file.size_bytes};
    }

    /// Makes what was brought a blob. It stays where it was brought to until the package is there, so that it is found
    /// again after an end on the way.
    [[nodiscard]] Content adopt(const fs::path& target, const DownloadedFile& file) const {
        const auto facts = facts_of(target);
        if (!facts || !facts->is_file || facts->size != file.size) {
            throw cache_failure(target, "is not what was downloaded", EIO);
        }
        if (::chmod(target.c_str(), 0444) != 0) throw cache_failure(target, "cannot be made read-only", errno);
        Content content{layout_.blob(file.sha256), file.md5, file.sha256, file.size};
        const auto blob = facts_of(content.path);
        const bool is_there = blob && (blob->identity == facts->identity || digests_of_blob(content.path));
        if (is_there) return content;
        remove_tree(content.path);
        link_or_move(target, content.path);
        return content;
    }

    /// Nothing where it is not the content that its name says, or cannot be read.
    [[nodiscard]] static std::optional<Digests> digests_of_blob(const fs::path& path) {
        const auto facts = facts_of(path);
        if (!facts || !facts->is_file) return std::nullopt;
        try {
            Digests digests = digests_of_file(path);
            if (digests.sha256 == path.filename().string()) return digests;
        } catch (const Error& error) {
            log::message(LogLevel::warning, "A content in the cache is brought again: {}", error.message());
        }
        return std::nullopt;
    }

    /// Puts a package together under a name that nobody looks for.
    void put_together(const ModelKey& key, const std::string& model_config) const {
        const fs::path directory = model_.new_package(package_.id);
        remove_tree(directory);
        layout_.make(directory);
        PackageManifest manifest{.key = key, .package_id = package_.id, .format = package_.format, .files = {}};
        for (std::size_t i = 0; i < files_.size(); ++i) {
            const fs::path path = directory / files_[i].handle;
            layout_.make(path.parent_path());
            link_or_copy(contents_[i]->path, path);
            synchronise_directory(path.parent_path());
            manifest.files.push_back(entry_of(files_[i], *contents_[i], path));
        }
        const fs::path config = directory / kModelConfig;
        write_durably(config, model_config);
        const Digests digests = digests_of_file(config);
        manifest.files.push_back({.handle = std::string(kModelConfig),
                                  .size = digests.size,
                                  .modified_ns = time_of(config),
                                  .md5 = digests.md5,
                                  .sha256 = digests.sha256,
                                  .verified_by = VerifiedBy::none});
        write_manifest(directory, manifest);
    }

    [[nodiscard]] static std::int64_t time_of(const fs::path& path) {
        const auto facts = facts_of(path);
        return facts ? facts->modified_ns : 0;
    }

    [[nodiscard]] static ManifestFile entry_of(const PackageFile& file, const Content& content, const fs::path& path) {
        VerifiedBy verified_by = VerifiedBy::none;
        if (!file.md5.empty() && file.md5 == content.md5) verified_by = VerifiedBy::md5;
        if (!file.sha256.empty()) {
            verified_by = file.sha256 == content.sha256 ? VerifiedBy::sha256 : VerifiedBy::none;
        }
        return {.handle = file.handle,
                .size = content.size,
                .modified_ns = time_of(path),
                .md5 = content.md5,
                .sha256 = content.sha256,
                .verified_by = verified_by};
    }

    /// A package appears as a whole. A damaged one in its place is first moved away: a directory cannot be replaced by
    /// another.
    void publish() const {
        const fs::path place = model_.package(package_.id);
        const fs::path old = model_.old_package(package_.id);
        remove_tree(old);
        if (facts_of(place)) move(place, old);
        move(model_.new_package(package_.id), place);
        synchronise_directory(model_.packages());
        remove_tree(old);
    }

    const CacheLayout& layout_;
    const ModelLayout& model_;
    const PackageMetadata& package_;
    std::vector<PackageFile> files_;
    std::vector<std::optional<Content>> contents_;  ///< of each file
};

/// Whether a model's packages lie in the cache itself, not behind a link to somewhere else.
bool lies_in_cache(const CacheLayout& layout, const ModelLayout& model) {
    return std::ranges::all_of(std::array{layout.models(), model.directory(), model.packages()}, [](const auto& path) {
        const auto facts = facts_of(path);
        return facts && facts->is_directory;
    });
}

/// What may be a lock; nothing where a cache cannot be locked, since it cannot be written or is damaged there.
template <class Take>
std::optional<FileLock> if_possible(Take take) {
    try {
        return take();
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::io_failure) throw;
        log::message(LogLevel::debug, "A package of the cache is not held: {}", error.message());
        return std::nullopt;
    }
}

FileLock lock_store(const CacheLayout& layout, const Waiting& waiting) {
    return FileLock::take(layout.lock(), FileLock::Kind::shared, waiting,
                          "Another process is taking files away from the cache of models");
}

FileLock lock_package(const ModelLayout& model, const std::string& package_id, const std::string& model_id,
                      FileLock::Kind kind, const Waiting& waiting) {
    return FileLock::take(
        model.lock(package_id), kind, waiting,
        fmt::format("Another process is downloading or loading package {} of {}", package_id, model_id));
}

}  // namespace

std::optional<PackageManifest> PackageStore::find_manifest(const ModelLayout& model, const std::string& package_id,
                                                           bool is_held) const {
    const fs::path package = model.package(package_id);
    const PackageCheck check = check_package(package, Reading::where_time_changed);
    if (check.state == CacheState::whole) {
        if (is_held) keep_times(package, check);
        return check.manifest;
    }
    if (facts_of(package)) {
        log::message(LogLevel::warning, "{} is damaged and is not used: {}", package.string(), check.first_problem());
    }
    return std::nullopt;
}

std::optional<fs::path> PackageStore::find(const ModelKey& key, const PackageMetadata& package, Hashes hashes) const {
    const ModelLayout model = layout_.model(key);
    if (!is_package_id(package.id) || !lies_in_cache(layout_, model)) return std::nullopt;
    const auto try_to_lock = [](const fs::path& path) {
        return if_possible([&] { return FileLock::try_take(path, FileLock::Kind::shared); });
    };
    const auto store = try_to_lock(layout_.lock());
    const auto lock = try_to_lock(model.lock(package.id));
    const auto manifest = find_manifest(model, package.id, store && lock);
    if (!manifest || !has_files_of(*manifest, package, hashes)) return std::nullopt;
    note_use(model, package.id);
    return model.package(package.id);
}

HeldPackage PackageStore::bring(const ModelKey& key, const PackageMetadata& package, const std::string& model_config,
                                const BringFiles& bring, const Waiting& waiting, Hashes hashes) const {
    expect_usable(package);
    const ModelLayout model = layout_.model(key);
    // The store's lock first: whoever takes things away holds it alone, and then nobody holds a package's.
    const auto hold = [&] {
        auto store = if_possible([&] { return std::optional(lock_store(layout_, waiting)); });
        auto lock = if_possible([&] {
            return std::optional(lock_package(model, package.id, key.model_id, FileLock::Kind::shared, waiting));
        });
        return HeldPackage{model.package(package.id), std::move(store), std::move(lock)};
    };
    const auto with_right_files = [&](bool is_held) {
        auto manifest = lies_in_cache(layout_, model) ? find_manifest(model, package.id, is_held) : std::nullopt;
        return manifest && has_files_of(*manifest, package, hashes) ? std::move(manifest) : std::nullopt;
    };
    const auto is_finished = [&](const std::optional<PackageManifest>& here) {
        return here && has_description(*here, model_config);
    };
    if (lies_in_cache(layout_, model)) {
        HeldPackage held = hold();
        if (is_finished(with_right_files(held.store && held.package))) {
            note_use(model, package.id);
            return held;
        }
    }
    try {
        layout_.make(layout_.root());
        FileLock store = lock_store(layout_, waiting);
        layout_.make(model.directory());
        FileLock lock = lock_package(model, package.id, key.model_id, FileLock::Kind::exclusive, waiting);
        const auto here = with_right_files(true);
        if (!is_finished(here)) Bringing(layout_, model, package).run(key, model_config, bring, here);
        note_use(model, package.id);
        lock.share(model.lock(package.id));
        return {model.package(package.id), std::move(store), std::move(lock)};
    } catch (const Error& error) {
        // A cache that cannot be written is of use as it is.
        if (error.kind() != ErrorKind::io_failure || !lies_in_cache(layout_, model)) throw;
        HeldPackage held = hold();
        if (!with_right_files(false)) throw;
        log::message(LogLevel::warning, "What the provider says of package {} today is not kept: {}", package.id,
                     error.message());
        return held;
    }
}

}  // namespace inference_models::hub
