#include <inference_models/model_cache.hpp>

#include "hub/cache/model_cache.hpp"
#include "hub/checked_names.hpp"
#include "hub/settings.hpp"

namespace inference_models {
namespace {

hub::ModelCache cache_of_this_process() {
    return hub::ModelCache(model_cache_directory());
}

}  // namespace

std::filesystem::path model_cache_directory() {
    return hub::Settings::of_this_process().needed_cache_directory();
}

std::vector<OfflineModelStatus> list_offline_models() {
    return cache_of_this_process().status(false);
}

std::vector<OfflineModelStatus> verify_offline_model(const std::string& model_id, bool check_hashes) {
    hub::expect_model_id(model_id);
    return cache_of_this_process().status(model_id, check_hashes);
}

PrunedCache prune_model_cache(const PruneOptions& options) {
    for (const std::string& id : options.model_ids) hub::expect_model_id(id);
    return cache_of_this_process().prune(options);
}

}  // namespace inference_models
