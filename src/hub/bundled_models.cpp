#include "hub/bundled_models.hpp"

#include <algorithm>
#include <system_error>

#include "common/our_library.hpp"

namespace inference_models::hub {

namespace fs = std::filesystem;

BundledModels::BundledModels(const fs::path& directory) : directory_(directory) {
    std::error_code problem;
    fs::directory_iterator entry(directory, problem);
    for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
        std::string name = entry->path().filename().string();
        std::error_code ignored;
        if (!name.starts_with('.') && entry->is_directory(ignored)) ids_.push_back(std::move(name));
    }
    std::ranges::sort(ids_);
}

BundledModels BundledModels::of_this_installation() {
    return BundledModels(installed_directory(path_of_our_library(), "models"));
}

/// An id is compared with the names that are there, so that no `..` and no `/` in it leads anywhere.
std::optional<fs::path> BundledModels::find(std::string_view id) const {
    if (!std::ranges::binary_search(ids_, id)) return std::nullopt;
    return directory_ / id;
}

}  // namespace inference_models::hub
