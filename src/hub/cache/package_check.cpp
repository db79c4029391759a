#include "hub/cache/package_check.hpp"

#include <fmt/format.h>

#include <inference_models/error.hpp>

#include "hub/cache/durable_files.hpp"
#include "hub/digest.hpp"

namespace inference_models::hub {

namespace fs = std::filesystem;

namespace {

/// Whether a file's directories inside of its package are real ones.
bool lies_inside(const fs::path& package, const std::string& handle) {
    fs::path directory = package;
    for (const fs::path& name : fs::path(handle).parent_path()) {
        directory /= name;
        const auto facts = facts_of(directory);
        if (facts && !facts->is_directory) return false;
    }
    return true;
}

FileCheck check_in_package(const fs::path& package, const ManifestFile& file, Reading reading) {
    if (!lies_inside(package, file.handle)) return {CacheState::damaged, "lies in something that is no directory"};
    return check_file(package / file.handle, file, reading);
}

PackageCheck unreadable(CacheState state, std::string problem) {
    return {.state = state, .problem = std::move(problem), .manifest = std::nullopt, .files = {}};
}

}  // namespace

FileCheck check_file(const fs::path& path, const ManifestFile& file, Reading reading) {
    const auto facts = facts_of(path);
    if (!facts) return {CacheState::missing, "is missing"};
    if (!facts->is_file) return {CacheState::damaged, "is not a regular file"};
    if (facts->size != file.size) {
        return {CacheState::damaged, fmt::format("has {} bytes instead of {}", facts->size, file.size)};
    }
    const bool is_read = reading == Reading::always || facts->modified_ns != file.modified_ns;
    try {
        if (is_read && digests_of_file(path).sha256 != file.sha256) {
            return {CacheState::damaged, "has other contents than were downloaded"};
        }
    } catch (const Error& error) {
        return {CacheState::damaged, "cannot be read"};
    }
    return {CacheState::whole, {}, facts->modified_ns};
}

std::string PackageCheck::first_problem() const {
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (files[i].state != CacheState::whole) {
            return fmt::format("{} {}", manifest->files[i].handle, files[i].problem);
        }
    }
    return problem;
}

PackageCheck check_package(const fs::path& package, Reading reading) {
    const auto facts = facts_of(package);
    if (!facts) return unreadable(CacheState::missing, "is missing");
    if (!facts->is_directory) return unreadable(CacheState::damaged, "is not a directory");
    PackageCheck check;
    try {
        check.manifest = read_manifest(package);
    } catch (const Error& error) {
        return unreadable(CacheState::damaged, error.message());
    }
    if (check.manifest->package_id != package.filename().string()) {
        return unreadable(CacheState::damaged, fmt::format("is package {}", check.manifest->package_id));
    }
    for (const ManifestFile& file : check.manifest->files) {
        check.files.push_back(check_in_package(package, file, reading));
        const CacheState state = check.files.back().state;
        if (state == CacheState::damaged || check.state == CacheState::whole) check.state = state;
    }
    return check;
}

}  // namespace inference_models::hub
