#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "formats/bare_file.hpp"
#include "formats/missing_model.hpp"
#include "formats/network_checks.hpp"
#include "formats/package.hpp"
#include "formats/package_files.hpp"
#include "formats/roboflow_package.hpp"

namespace inference_models::formats {
namespace {

using Describe = void (*)(Package&);

/// A package with everything that can be said about it, or with its problem.
Package describe(const std::filesystem::path& path, std::string id, Describe fill_in) {
    Package package;
    package.id = std::move(id);
    package.path = path;
    package.trusted_source = true;  // the user named its path
    try {
        fill_in(package);
    } catch (const Error& problem) {
        package.problem = problem;
    }
    return package;
}

/// The last name of a path, also of `.` and `models/`.
std::string name_of(const std::filesystem::path& path) {
    std::error_code ignored;
    std::filesystem::path whole = std::filesystem::absolute(path, ignored).lexically_normal();
    if (!whole.has_filename()) whole = whole.parent_path();
    return whole.filename().string();
}

Error unreadable(const std::filesystem::path& path, const std::error_code& problem) {
    return {ErrorKind::io_failure, path.string(),
            fmt::format("{} cannot be read: {}", path.string(), problem.message()),
            "Check that the path is right and that this user may read it."};
}

std::vector<std::filesystem::path> visible_entries(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> entries;
    std::error_code problem;
    std::filesystem::directory_iterator entry(directory, problem);
    for (; !problem && entry != std::filesystem::directory_iterator(); entry.increment(problem)) {
        if (!entry->path().filename().string().starts_with('.')) entries.push_back(entry->path());
    }
    if (problem) throw unreadable(directory, problem);
    return entries;
}

std::vector<Package> packages_in(const std::filesystem::path& directory) {
    std::vector<Package> packages;
    for (const std::filesystem::path& entry : visible_entries(directory)) {
        std::string id = entry.filename().string();
        if (is_roboflow_package(entry)) {
            packages.push_back(describe(entry, std::move(id), describe_roboflow_package));
        } else if (is_file(entry) && is_model_file(entry)) {
            packages.push_back(describe(entry, std::move(id), describe_bare_file));
        }
    }
    std::ranges::sort(packages, {}, &Package::id);
    return packages;
}

std::vector<Package> packages_at(const std::filesystem::path& path) {
    std::error_code problem;
    const std::filesystem::file_status status = std::filesystem::status(path, problem);
    if (status.type() == std::filesystem::file_type::none) throw unreadable(path, problem);
    if (!std::filesystem::exists(status)) throw missing_model(path);
    if (std::filesystem::is_regular_file(status)) return {describe(path, name_of(path), describe_bare_file)};
    if (!std::filesystem::is_directory(status)) {
        throw Error(ErrorKind::model_not_found, path.string(),
                    fmt::format("{} is neither a file nor a directory", path.string()),
                    "Give the path of a package directory or of a model file.");
    }
    if (is_roboflow_package(path)) return {describe(path, name_of(path), describe_roboflow_package)};
    return packages_in(path);
}

}  // namespace

Listing list_packages(const std::filesystem::path& path) {
    Listing listing{
        .model_id = name_of(path), .weights_provider = "local", .location = path, .packages = packages_at(path)};
    if (listing.packages.empty()) {
        throw Error(ErrorKind::model_not_found, path.string(), fmt::format("{} holds no model", path.string()),
                    "A package directory (model_config.json, inference_config.json, class_names.txt and the weights), "
                    "a directory of several of them, or a model file (.onnx, .pt) is expected.");
    }
    if (listing.packages.size() == 1 && listing.packages.front().problem) throw *listing.packages.front().problem;
    return listing;
}

PackageContents read_package_contents(const Package& package) {
    if (package.made_from) {
        PackageContents contents = read_package_contents(*package.made_from);
        contents.pre_processing.network_size = package.sizes.value().own;
        check_input_size(package, contents.pre_processing.network_size);
        return contents;
    }
    std::error_code ignored;
    const bool is_directory = std::filesystem::is_directory(package.path, ignored);
    PackageContents contents = is_directory ? read_roboflow_contents(package) : read_bare_contents(package);
    check_input_size(package, contents.pre_processing.network_size);
    return contents;
}

}  // namespace inference_models::formats
