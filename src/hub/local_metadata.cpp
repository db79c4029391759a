#include "hub/local_metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "hub/checked_names.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;

PackageFile file_at(const fs::path& path, std::string handle) {
    PackageFile file;
    file.handle = std::move(handle);
    std::error_code problem;
    const std::uintmax_t size = fs::file_size(path, problem);
    if (!problem) file.size_bytes = size;
    return file;
}

/// Those that a provider could offer: what is hidden, or has a name that no handle has, is not the package's.
std::vector<PackageFile> files_of(const fs::path& package) {
    std::error_code problem;
    if (!fs::is_directory(package, problem)) return {file_at(package, package.filename().string())};
    std::vector<PackageFile> files;
    fs::recursive_directory_iterator entry(package, problem);
    for (; !problem && entry != fs::recursive_directory_iterator(); entry.increment(problem)) {
        std::string handle = entry->path().lexically_relative(package).string();
        std::error_code ignored;
        if (!is_file_handle(handle)) {
            entry.disable_recursion_pending();
        } else if (entry->is_regular_file(ignored)) {
            files.push_back(file_at(entry->path(), std::move(handle)));
        }
    }
    std::ranges::sort(files, {}, &PackageFile::handle);
    return files;
}

}  // namespace

ModelMetadata metadata_of(const formats::Listing& listing) {
    ModelMetadata model;
    model.model_id = listing.model_id;
    model.weights_provider = listing.weights_provider;
    for (const formats::Package& package : listing.packages) {
        if (package.problem) {
            model.notes.push_back(fmt::format("{} is left out: {}", package.id, package.problem->message()));
            continue;
        }
        if (!package.architecture.empty() && model.architecture.empty()) {
            model.architecture = package.architecture;
            model.task_type = to_string(package.task);
        }
        model.packages.push_back(package);
        model.packages.back().files = files_of(package.path);
    }
    return model;
}

}  // namespace inference_models::hub
