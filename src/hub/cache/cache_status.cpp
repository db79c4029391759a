#include "hub/cache/cache_status.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "hub/cache/kept_models.hpp"
#include "hub/cache/listing_file.hpp"

namespace inference_models::hub {
namespace {

OfflinePackageStatus status_of(const std::filesystem::path& directory, Reading reading) {
    const PackageCheck check = check_package(directory, reading);
    OfflinePackageStatus status;
    status.package_id = directory.filename().string();
    status.path = directory;
    status.state = check.state;
    if (!check.manifest) {
        status.files.push_back({std::string(kManifest), 0, check.state, check.problem});
        return status;
    }
    status.format = to_string(check.manifest->format);
    for (std::size_t i = 0; i < check.files.size(); ++i) {
        const ManifestFile& file = check.manifest->files[i];
        status.size_bytes += file.size;
        status.files.push_back({file.handle, file.size, check.files[i].state, check.files[i].problem});
    }
    return status;
}

OfflineModelStatus status_of(const KeptModel& model, Reading reading) {
    OfflineModelStatus status;
    status.model_id = model.key->model_id;
    status.weights_provider = model.key->provider;
    if (const auto listing = read_listing(model.layout.listing())) {
        status.architecture = listing->model.architecture;
        status.task_type = listing->model.task_type;
    }
    for (const std::string& id : model.package_ids) {
        status.packages.push_back(status_of(model.layout.package(id), reading));
    }
    return status;
}

}  // namespace

std::vector<OfflineModelStatus> cache_status(const CacheLayout& layout, const std::optional<std::string>& model_id,
                                             Reading reading) {
    std::vector<OfflineModelStatus> statuses;
    for (const KeptModel& model : kept_models(layout)) {
        const bool is_meant = model.key && (!model_id || model.key->model_id == *model_id);
        if (is_meant && !model.package_ids.empty()) statuses.push_back(status_of(model, reading));
    }
    std::ranges::stable_sort(statuses, [](const auto& one, const auto& other) {
        return std::tie(one.model_id, one.weights_provider) < std::tie(other.model_id, other.weights_provider);
    });
    return statuses;
}

}  // namespace inference_models::hub
