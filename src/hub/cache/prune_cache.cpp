#include "hub/cache/prune_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <inference_models/error.hpp>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/printable.hpp"
#include "hub/cache/choice_file.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/file_lock.hpp"
#include "hub/cache/kept_models.hpp"
#include "hub/cache/package_check.hpp"
#include "hub/checked_names.hpp"
#include "hub/compiled/compiled_file.hpp"

namespace inference_models::hub {

namespace fs = std::filesystem;

namespace {

using Identity = std::pair<dev_t, ino_t>;

/// Listings and choices are written in no time, and many models are loaded in no time, so it is worth a moment to wait
/// for them; downloads are not.
FileLock lock_alone(const CacheLayout& layout) {
    constexpr int kTries = 10;
    constexpr std::chrono::milliseconds kPause{50};
    for (int i = 0; i < kTries; ++i) {
        auto lock = FileLock::try_take(layout.lock(), FileLock::Kind::exclusive);
        if (lock) return *std::move(lock);
        std::this_thread::sleep_for(kPause);
    }
    throw Error(ErrorKind::cache_busy, layout.root().string(),
                fmt::format("{} is in use: a model is being downloaded, loaded or compiled", layout.root().string()),
                "Try again when that is done.");
}

void expect_kept(const std::vector<KeptModel>& models, const std::vector<std::string>& ids, const fs::path& root) {
    for (const std::string& id : ids) {
        const bool is_kept =
            std::ranges::any_of(models, [&](const KeptModel& model) { return model.key && model.key->model_id == id; });
        if (is_kept) continue;
        throw Error(ErrorKind::model_not_found, id,
                    fmt::format("{} is not among the downloaded models in {}", printable(id), root.string()),
                    "Nothing was removed. `inference-models cache list` shows what there is.");
    }
}

/// Takes away, counts, and remembers what stays. Nobody else changes the cache meanwhile.
class Pruning {
public:
    Pruning(const CacheLayout& layout, const PruneOptions& options) : layout_(layout), options_(options) {}

    PrunedCache run(const std::vector<KeptModel>& models) {
        for (const KeptModel& model : models) prune(model);
        prune_unknown_models(models);
        prune_choices();
        prune_compiled();
        prune_figures();
        prune_blobs();
        prune_unfinished(layout_.root() / "");  // the cache itself may be a link to where there is space
        return pruned_;
    }

private:
    void prune(const KeptModel& model) {
        const bool is_named =
            options_.all ||
            (model.key && std::ranges::find(options_.model_ids, model.key->model_id) != options_.model_ids.end());
        bool has_packages = false;
        for (const std::string& id : model.package_ids) {
            if (is_named || is_unused(model.layout, id) || !is_whole(model.layout.package(id))) {
                remove_package(model.layout, id);
            } else {
                keep_package(model.layout.package(id), id);
                has_packages = true;
            }
        }
        remove(model.layout.downloads());
        for (const std::string& name : names_in(model.layout.packages())) {
            if (name.starts_with('.')) remove(model.layout.packages() / name);
        }
        if (is_named || (!has_packages && !model.key)) {
            remove(model.layout.directory());
        } else {
            prune_unfinished(model.layout.directory());
            remove_what_is_left_of_packages(model.layout);
        }
    }

    [[nodiscard]] bool is_unused(const ModelLayout& model, const std::string& id) const {
        using std::chrono::system_clock;
        if (!options_.unused_for) return false;
        const auto used = facts_of(model.used(id));
        const auto age =
            system_clock::now().time_since_epoch() - std::chrono::nanoseconds(used ? used->modified_ns : 0);
        // In days: as many of them as somebody may ask for are more nanoseconds than there are numbers for.
        return std::chrono::floor<std::chrono::days>(age) >= *options_.unused_for;
    }

    [[nodiscard]] static bool is_whole(const fs::path& package) {
        return check_package(package, Reading::where_time_changed).state == CacheState::whole;
    }

    /// First under another name, so that nobody who looks for it meanwhile finds a part of it.
    void remove_package(const ModelLayout& model, const std::string& id) {
        const fs::path old = model.old_package(id);
        remove(old);
        move(model.package(id), old);
        pruned_.bytes += remove_tree(old).bytes;
        ++pruned_.packages;
    }

    void keep_package(const fs::path& directory, const std::string& id) {
        kept_packages_.insert(id);
        for (const ManifestFile& file : read_manifest(directory).files) {
            const auto facts = facts_of(directory / file.handle);
            if (facts) kept_files_.insert(facts->identity);
        }
    }

    /// `ID.lock` and `ID.used` without the package.
    void remove_what_is_left_of_packages(const ModelLayout& model) {
        for (const std::string& name : names_in(model.directory())) {
            const fs::path path = model.directory() / name;
            const bool is_of_package = path.extension() == ".lock" || path.extension() == ".used";
            if (is_of_package && !facts_of(model.package(path.stem().string()))) remove_tree(path);
        }
    }

    /// What lies among the models and is none.
    void prune_unknown_models(const std::vector<KeptModel>& models) {
        for (const std::string& name : names_in(layout_.models())) {
            const fs::path path = layout_.models() / name;
            if (std::ranges::find(models, path, [](const KeptModel& model) { return model.layout.directory(); }) ==
                models.end()) {
                remove(path);
            }
        }
    }

    void prune_choices() {
        for (const std::string& name : names_in(layout_.choices())) {
            const fs::path path = layout_.choices() / name;
            const auto choice = read_choice(path);
            if (!choice || !kept_packages_.contains(choice->package_id)) {
                pruned_.bytes += remove_tree(path).bytes;
            }
        }
    }

    /// What was compiled of a network that is gone or another one by now, and all that was never finished: nobody
    /// compiles meanwhile.
    void prune_compiled() {
        for (const std::string& name : names_in(layout_.all_compiled())) {
            const fs::path source = layout_.all_compiled() / name;
            bool has_packages = false;
            for (const std::string& id : names_in(source)) {
                if (!options_.all && is_package_id(id) && has_its_source(source / id)) {
                    has_packages = true;
                } else if (is_package_id(id)) {
                    pruned_.bytes += remove_tree(source / id).bytes;
                    ++pruned_.packages;
                } else if (!id.ends_with(".lock")) {
                    remove(source / id);
                }
            }
            if (!has_packages) remove(source);
        }
    }

    [[nodiscard]] static bool has_its_source(const fs::path& package) {
        try {
            const CompiledSource then = read_compiled_file(package).source;
            const CompiledSource now = compiled_source(then.weights);
            return now.size == then.size && now.modified_ns == then.modified_ns;
        } catch (const Error&) {
            return false;
        }
    }

    /// They are small, and belong to models wherever these lie: they stay unless all has to go.
    void prune_figures() {
        const fs::path directory = layout_.figures().directory();
        if (options_.all) {
            remove(directory);
        } else {
            prune_unfinished(directory);
        }
    }

    /// Also blobs that packages have a copy of instead of a hard link: they are of no use to them.
    void prune_blobs() {
        for (const std::string& name : names_in(layout_.blobs())) {
            const fs::path path = layout_.blobs() / name;
            const auto facts = facts_of(path);
            if (facts && !kept_files_.contains(facts->identity)) remove(path);
        }
    }

    void prune_unfinished(const fs::path& directory) {
        for (const std::string& name : names_in(directory)) {
            if (is_unfinished(name)) remove(directory / name);
        }
    }

    void remove(const fs::path& path) {
        const Removed removed = remove_tree(path);
        pruned_.files += removed.files;
        pruned_.bytes += removed.bytes;
    }

    const CacheLayout& layout_;
    const PruneOptions& options_;
    PrunedCache pruned_;
    std::set<std::string> kept_packages_;
    std::set<Identity> kept_files_;
};

}  // namespace

PrunedCache prune_cache(const CacheLayout& layout, const PruneOptions& options) {
    if (!facts_of(layout.lock())) {  // nothing was ever kept here
        expect_kept({}, options.model_ids, layout.root());
        return {};
    }
    const FileLock lock = lock_alone(layout);
    const std::vector<KeptModel> models = kept_models(layout);
    expect_kept(models, options.model_ids, layout.root());
    return Pruning(layout, options).run(models);
}

}  // namespace inference_models::hub
