#include "hub/find_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <inference_models/weights_provider.hpp>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/log.hpp"
#include "formats/missing_model.hpp"
#include "formats/model_config_text.hpp"
#include "hub/checked_names.hpp"
#include "hub/compiled/compiled_packages.hpp"
#include "hub/progress/progress_report.hpp"
#include "hub/providers/providers.hpp"
#include "hub/providers/roboflow_provider.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLocal = "local";
constexpr std::string_view kBundled = "bundled";
constexpr std::string_view kOffline = "offline";
constexpr const char* kRoboflow = "roboflow";

bool lies_at(const fs::path& path) {
    std::error_code problem;
    return fs::symlink_status(path, problem).type() != fs::file_type::not_found;
}

/// Whether a text that is no path of anything is meant as one, so that nobody else is asked what it is: `best.onnx`, or
/// `models/yolov8n` where a directory `models` lies.
bool is_meant_as_path(const fs::path& text) {
    constexpr std::array<std::string_view, 8> kEndings{".onnx", ".pt",     ".pth", ".torchscript",
                                                       ".plan", ".engine", ".xml", ".pt2"};
    if (!is_model_id(text.string())) return true;
    if (std::ranges::find(kEndings, text.extension().string()) != kEndings.end()) return true;
    std::error_code ignored;
    return text.has_parent_path() && fs::is_directory(*text.begin(), ignored);
}

// --- Models of providers ---------------------------------------------------------------------------------------------

/// All that decides what a provider answers, beside the model's id. It is hashed, never kept.
std::string credential_of(const ProviderRequest& request) {
    std::string credential = request.api_key;
    for (const auto* const values : {&request.extra_query_params, &request.extra_headers}) {
        credential += '\x1e';
        for (const auto& [name, value] : *values) credential += fmt::format("{}\x1f{}\x1d", name, value);
    }
    return credential == "\x1e\x1e" ? std::string() : credential;
}

/// The key of the environment is Roboflow's: no other provider gets it.
ProviderRequest request_for(const ModelKey& key, const LoadOptions& options, const Settings& settings) {
    const bool is_roboflow = key.provider == kRoboflow;
    return {key.model_id, options.api_key.empty() && is_roboflow ? settings.api_key : options.api_key,
            options.weights_provider_extra_query_params, options.weights_provider_extra_headers};
}

bool is_fresh(const ListingRecord& record, const Settings& settings) {
    const auto age = std::chrono::system_clock::now() - record.asked_at;
    return age >= age.zero() && age < settings.choice_expires_after;
}

Hashes hashes_for(const LoadOptions& options) {
    return options.verify_hash_while_download ? Hashes::compared : Hashes::believed;
}

/// What stands in the way of a package before anything is downloaded.
std::optional<Error> problem_of(const formats::Package& package, const RemoteModel& remote, const LoadOptions& options,
                                ModelCache& cache) {
    if (!parse_task_type(remote.metadata.task_type)) {
        return Error(ErrorKind::unsupported_model, remote.key.model_id,
                     fmt::format("the task `{}` is none that this version knows", remote.metadata.task_type),
                     "Take a newer version, or ask the provider what the model is for.");
    }
    const auto has_no_hash = [](const PackageFile& file) { return file.md5.empty() && file.sha256.empty(); };
    const auto unhashed = std::ranges::find_if(package.files, has_no_hash);
    if (unhashed != package.files.end() && !options.download_files_without_hash) {
        return Error(
            ErrorKind::untrusted, unhashed->handle,
            fmt::format("{} states no hash, so nobody can tell whether it arrives unchanged", unhashed->handle),
            "use download_files_without_hash=True if you trust its server and the way to it");
    }
    if (!remote.only_cached || cache.find_package(remote.key, package, hashes_for(options))) return std::nullopt;
    const bool is_here = cache.find_package(remote.key, package, Hashes::believed).has_value();
    return Error(ErrorKind::unreachable, package.id,
                 is_here ? "the cache has it with a file whose hash was not compared, and there is no network"
                         : "it is not in the cache, and there is no network",
                 "load it once with a network");
}

formats::Listing listing_of(const RemoteModel& remote, const LoadOptions& options, ModelCache& cache) {
    formats::Listing listing{.model_id = remote.key.model_id,
                             .weights_provider = remote.key.provider,
                             .location = cache.model_directory(remote.key),
                             .packages = {}};
    for (const PackageMetadata& metadata : remote.metadata.packages) {
        formats::Package package;
        static_cast<PackageMetadata&>(package) = metadata;
        package.architecture = remote.metadata.architecture;
        package.task = parse_task_type(remote.metadata.task_type).value_or(package.task);
        package.problem = problem_of(package, remote, options, cache);
        listing.packages.push_back(std::move(package));
    }
    std::ranges::sort(listing.packages, {}, &formats::Package::id);
    return listing;
}

FoundModel found(RemoteModel remote, const LoadOptions& options, ModelCache& cache) {
    FoundModel model;
    model.listing = listing_of(remote, options, cache);
    model.remote = std::move(remote);
    return model;
}

/// \param key  which of several models of this id is meant, where the cache has it
FoundModel find_in_cache(const ModelKey& key, const LoadOptions& options, ModelCache& cache) {
    std::vector<ListingRecord> records = cache.find_listings(key.model_id);
    // Who names a provider wants its model, not another's of the same id.
    const bool is_named = !options.weights_provider.empty() && options.weights_provider != kOffline;
    if (is_named) std::erase_if(records, [&](const ListingRecord& record) { return record.key != key; });
    if (records.empty()) {
        throw Error(ErrorKind::model_not_found, key.model_id,
                    fmt::format("{} is not in the cache {}, and no provider is asked while offline", key.model_id,
                                cache.directory().string()),
                    "Load it once with a network. `inference-models cache list` shows what can be loaded without.");
    }
    const auto of_key = [&](const ListingRecord& record) {
        return record.key.provider == key.provider && record.key.host == key.host;
    };
    const auto same = std::ranges::find_if(records, of_key);
    ListingRecord& record = same != records.end() ? *same : records.front();
    return found({std::move(record.key), std::move(record.model), {}, true, record.has_whole_urls, true}, options,
                 cache);
}

/// What the provider says now, which is kept.
ListingRecord ask_again(const ModelKey& key, const LoadOptions& options, const Settings& settings, ModelCache& cache) {
    const ProviderRequest request = request_for(key, options, settings);
    ListingRecord asked{.key = key,
                        .model = ask_provider(key.provider, request, settings),
                        .asked_at = std::chrono::system_clock::now(),
                        .credential = cache.salted_hash(credential_of(request))};
    cache.keep_listing(asked);
    return asked;
}

/// Gives files the URLs that a listing of today has for them.
void renew_urls(std::span<FileToDownload> files, const std::string& package_id, const ModelMetadata& today) {
    const auto package = std::ranges::find(today.packages, package_id, &PackageMetadata::id);
    for (FileToDownload& file : files) {
        const auto is_same = [&](const PackageFile& other) {
            return other.handle == file.name && other.md5 == file.md5 && other.sha256 == file.sha256;
        };
        const PackageFile* found = nullptr;
        if (package != today.packages.end()) {
            const auto same = std::ranges::find_if(package->files, is_same);
            if (same != package->files.end()) found = &*same;
        }
        if (found == nullptr) {
            throw Error(
                ErrorKind::retrieval_failure, package_id,
                fmt::format("{} of package {} is no longer what its provider said it was", file.name, package_id),
                "Load the model again.");
        }
        file.url = found->download_url;
    }
}

FoundModel find_at_provider(const ModelKey& key, const LoadOptions& options, const Settings& settings,
                            ModelCache& cache) {
    const std::string credential = cache.salted_hash(credential_of(request_for(key, options, settings)));
    std::optional<ListingRecord> record = cache.find_listing(key);
    if (options.use_auto_resolution_cache && record && record->credential == credential &&
        is_fresh(*record, settings)) {
        return found({key, std::move(record->model), credential, true, record->has_whole_urls, false}, options, cache);
    }
    try {
        ListingRecord asked = ask_again(key, options, settings, cache);
        return found({key, std::move(asked.model), credential, false, true, false}, options, cache);
    } catch (const Error& error) {
        // A login page in the provider's place is no network either.
        const bool is_no_answer =
            error.kind() == ErrorKind::unreachable || error.kind() == ErrorKind::retrieval_failure;
        if (!is_no_answer || !record) throw;
        log::message(LogLevel::warning, "{}; what the cache has of {} is used", error.message(), key.model_id);
        return found({key, std::move(record->model), credential, true, record->has_whole_urls, true}, options, cache);
    }
}

FoundModel find_remote(const std::string& model_id, const LoadOptions& options, const Settings& settings) {
    ModelCache cache(settings.needed_cache_directory());
    const bool is_offline = settings.offline || options.weights_provider == kOffline;
    const std::string provider =
        options.weights_provider.empty() || options.weights_provider == kOffline ? kRoboflow : options.weights_provider;
    const ModelKey key{provider, provider == kRoboflow ? settings.api_host : std::string(), model_id};
    return is_offline ? find_in_cache(key, options, cache) : find_at_provider(key, options, settings, cache);
}

/// Other ids than this that work here without asking anybody, in alphabetical order.
std::vector<std::string> known_ids(const std::string& text, const Settings& settings, const BundledModels& bundled) {
    std::vector<std::string> ids = bundled.ids();
    if (settings.cache_directory.empty()) return ids;
    for (const OfflineModelStatus& model : ModelCache(settings.cache_directory).status(false)) {
        ids.push_back(model.model_id);
    }
    std::ranges::sort(ids);
    ids.erase(std::ranges::unique(ids).begin(), ids.end());
    std::erase(ids, text);  // kept of another host
    return ids;
}

/// What nobody has, for somebody who named no provider: he may as well have meant a path or another id.
Error known_nowhere(const std::string& text, const Error& answer, const Settings& settings,
                    const BundledModels& bundled) {
    const Error missing = formats::missing_model(text, known_ids(text, settings, bundled));
    return {answer.kind(), text, fmt::format("{}, and {}", missing.message(), answer.message()),
            answer.hint().empty() ? missing.hint() : fmt::format("{} {}", missing.hint(), answer.hint())};
}

/// A package of a provider where it lies on this machine.
formats::Package local_package(const fs::path& directory, const formats::Package& package) {
    formats::Package local = formats::list_packages(directory).packages.front();
    local.trusted_source = package.trusted_source;
    local.files = package.files;
    return local;
}

FoundModel bundled_model(const fs::path& directory) {
    FoundModel model;
    model.listing = formats::list_packages(directory);
    model.listing.weights_provider = kBundled;
    return model;
}

}  // namespace

namespace {

FoundModel find_uncompiled(const std::string& text, const LoadOptions& options, const Settings& settings,
                           const BundledModels& bundled) {
    const std::string& provider = options.weights_provider;
    const bool may_be_path = provider.empty() || provider == kLocal || !is_model_id(text);
    if (provider == kLocal || (may_be_path && lies_at(text))) return {formats::list_packages(text), std::nullopt};

    if (provider.empty() || provider == kBundled) {
        if (const auto directory = bundled.find(text)) return bundled_model(*directory);
        if (provider == kBundled) throw formats::missing_model(text, bundled.ids());
        if (is_meant_as_path(text)) throw formats::missing_model(text);
    }
    expect_model_id(text);
    if (!provider.empty()) return find_remote(text, options, settings);
    try {
        return find_remote(text, options, settings);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::model_not_found && error.kind() != ErrorKind::unreachable) throw;
        throw known_nowhere(text, error, settings, bundled);
    }
}

/// A package as it lies on this machine; nothing where it does not, or is damaged.
std::optional<formats::Package> kept_package(const RemoteModel& remote, const formats::Package& package,
                                             const ModelCache& cache, Hashes hashes) {
    const auto directory = cache.find_package(remote.key, package, hashes);
    if (!directory) return std::nullopt;
    try {
        return local_package(*directory, package);
    } catch (const Error&) {
        return std::nullopt;  // told when it is loaded
    }
}

/// What was compiled of the packages that lie on this machine, of which only those are read that something was compiled
/// of.
void add_compiled_packages(FoundModel& model, const LoadOptions& options, const Settings& settings) {
    const CompiledPackages compiled(settings.cache_directory);
    if (!compiled.has_any()) return;
    std::vector<formats::Package> added;
    for (const formats::Package& package : model.listing.packages) {
        if (!model.remote) {
            std::ranges::move(compiled.of(package), std::back_inserter(added));
            continue;
        }
        const ModelCache cache(settings.cache_directory);
        if (!compiled.has_any_of(cache.package_directory(model.remote->key, package.id))) continue;
        if (const auto kept = kept_package(*model.remote, package, cache, hashes_for(options))) {
            std::ranges::move(compiled.of(*kept), std::back_inserter(added));
        }
    }
    for (formats::Package& package : added) {
        const bool is_taken = std::ranges::find(model.listing.packages, package.id, &formats::Package::id) !=
                              model.listing.packages.end();
        if (!is_taken) model.listing.packages.push_back(std::move(package));
    }
    std::ranges::sort(model.listing.packages, {}, &formats::Package::id);
}

}  // namespace

FoundModel find_model(const std::string& text, const LoadOptions& options, const Settings& settings,
                      const BundledModels& bundled) {
    FoundModel model = find_uncompiled(text, options, settings, bundled);
    add_compiled_packages(model, options, settings);
    return model;
}

std::vector<formats::Package> local_packages(const FoundModel& model, const LoadOptions& options,
                                             const Settings& settings) {
    std::vector<formats::Package> local;
    for (const formats::Package& package : model.listing.packages) {
        if (package.problem) continue;
        if (!package.path.empty()) {
            local.push_back(package);
        } else if (auto kept = kept_package(*model.remote, package, ModelCache(settings.cache_directory),
                                            hashes_for(options))) {
            local.push_back(*std::move(kept));
        }
    }
    return local;
}

namespace {

/// The listed package that a compiled one was made from.
const formats::Package& source_of(const FoundModel& model, const formats::Package& compiled) {
    return *std::ranges::find(model.listing.packages, compiled.made_from->id, &formats::Package::id);
}

}  // namespace

LocalPackage bring_package(const FoundModel& model, const formats::Package& package, const LoadOptions& options,
                           const Settings& settings) {
    if (!model.remote) return {package, std::nullopt};
    if (package.made_from) {
        // Its source has to be whole, and is in use.
        return {package, bring_package(model, source_of(model, package), options, settings).held};
    }
    const RemoteModel& remote = *model.remote;
    ModelCache cache(settings.cache_directory);
    ProgressReport report(remote.key.model_id, package.id);
    const auto bring = [&](std::span<const FileToDownload> files) {
        if (remote.only_cached) {
            throw Error(ErrorKind::unreachable, package.id,
                        fmt::format("{} is not whole in the cache, and there is no network", package.id),
                        "Load it once with a network.");
        }
        std::vector<FileToDownload> by_gateway(files.begin(), files.end());
        if (!remote.has_whole_urls) {
            renew_urls(by_gateway, package.id, ask_again(remote.key, options, settings, cache).model);
        }
        for (FileToDownload& file : by_gateway) file.url = through_gateway(file.url, settings);
        const DownloadRules rules{.verify_hash = options.verify_hash_while_download,
                                  .allow_files_without_hash = options.download_files_without_hash};
        return download(by_gateway, rules, settings,
                        [&](auto done, auto total) { return report.downloaded(done, total); });
    };
    HeldPackage held = cache.bring_package(
        remote.key, package, formats::model_config_text(package), bring, [&] { return report.waited(); },
        hashes_for(options));
    return {local_package(held.path, package), std::move(held)};
}

}  // namespace inference_models::hub
