#pragma once

#include "formats/package.hpp"
#include "hub/bundled_models.hpp"
#include "hub/cache/model_cache.hpp"
#include "hub/settings.hpp"

#include <inference_models/load_options.hpp>

#include <optional>
#include <string>
#include <vector>

/// From what a caller calls a model to its packages.
namespace inference_models::hub {

/// A model that a provider has, of which packages may still have to be downloaded.
struct RemoteModel {
    ModelKey key;
    ModelMetadata metadata;
    std::string credential;      ///< salted hash of the key and all else that it was asked for with
    bool is_kept = false;        ///< as it was said earlier; by now something else may be said
    bool has_whole_urls = true;  ///< false: the provider has to be asked again before a file can be fetched
    bool only_cached = false;    ///< offline, or the provider is out of reach: only what is in the cache can be loaded
};

struct FoundModel {
    formats::Listing listing;
    std::optional<RemoteModel> remote;  ///< none: the packages lie where the listing says
};

/// A package that lies on this machine, and stays there while this lives.
struct LocalPackage : formats::Package {
    std::optional<HeldPackage> held;  ///< where it lies in the cache
};

/// What lies at a path or, where nothing does, the model of this id: a bundled one, else the provider's; with what was
/// compiled of it for this machine.
/// \throws Error `model_not_found`, `corrupted_package`, `unsupported_model`, `invalid_argument`, and for providers
///         those of `ask_roboflow`
[[nodiscard]] FoundModel find_model(const std::string& model_id_or_path, const LoadOptions& options,
                                    const Settings& settings, const BundledModels& bundled);

/// Those of a model's packages that lie on this machine and can be used, as they lie there.
[[nodiscard]] std::vector<formats::Package> local_packages(const FoundModel& model, const LoadOptions& options,
                                                           const Settings& settings);

/// The package as it lies on this machine: as it is where it does, else from the cache, else downloaded.
/// \throws Error as ModelCache::bring_package
[[nodiscard]] LocalPackage bring_package(const FoundModel& model, const formats::Package& package,
                                         const LoadOptions& options, const Settings& settings);

}  // namespace inference_models::hub
