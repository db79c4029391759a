#include "hub/server/hub_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <inference_models/error.hpp>
#include <iterator>
#include <system_error>
#include <utility>

#include "common/log.hpp"
#include "formats/package.hpp"
#include "formats/roboflow_package.hpp"
#include "hub/checked_names.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModelConfig = "model_config.json";

bool is_a_directory(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

/// What is visible in a directory, in alphabetical order; nothing where it cannot be read.
std::vector<fs::path> visible_entries(const fs::path& directory) {
    std::vector<fs::path> entries;
    std::error_code problem;
    fs::directory_iterator entry(directory, problem);
    for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
        if (!entry->path().filename().string().starts_with('.')) entries.push_back(entry->path());
    }
    if (problem) log::message(LogLevel::warning, "{} is left out: {}", directory.string(), problem.message());
    std::ranges::sort(entries);
    return entries;
}

std::string joined(const std::string& place, const std::string& name) {
    return place.empty() ? name : place + '/' + name;
}

/// In the protocol, ids of packages are letters and digits.
std::string protocol_id(std::string_view directory_name) {
    std::string id;
    std::ranges::copy_if(directory_name, std::back_inserter(id), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    return id;
}

void expect_own_id(const PackageMetadata& package, const std::string& name,
                   std::map<std::string, std::string>& names_by_id, const fs::path& model) {
    if (package.id.empty()) {
        throw Error(ErrorKind::invalid_argument, (model / name).string(),
                    fmt::format("the package {} has neither a letter nor a digit in its name", (model / name).string()),
                    "Rename its directory.");
    }
    const auto [other, is_new] = names_by_id.emplace(package.id, name);
    if (is_new) return;
    throw Error(ErrorKind::invalid_argument, model.string(),
                fmt::format("the packages {} and {} in {} are both called `{}` once all but letters and digits is left "
                            "out, as the protocol wants it",
                            other->second, name, model.string(), package.id),
                "Rename one of their directories.");
}

/// The packages at a path; none where nothing there can be used, for which the log has the reason.
std::vector<formats::Package> packages_at(const fs::path& path) {
    std::vector<formats::Package> usable;
    try {
        for (formats::Package& package : formats::list_packages(path).packages) {
            if (package.problem) {
                log::message(LogLevel::warning, "{} is left out: {}", package.path.string(),
                             package.problem->message());
            } else if (is_a_directory(package.path)) {
                usable.push_back(std::move(package));
            } else {
                log::message(LogLevel::warning, "{} is left out: only package directories are served",
                             package.path.string());
            }
        }
    } catch (const Error& error) {
        log::message(LogLevel::warning, "{} is left out: {}", path.string(), error.message());
    }
    return usable;
}

}  // namespace

ReadableFile::~ReadableFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

ReadableFile::ReadableFile(ReadableFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

ReadableFile& ReadableFile::operator=(ReadableFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

HubFolder::HubFolder(const fs::path& directory) {
    std::error_code problem;
    directory_ = fs::canonical(directory, problem);
    if (problem || !is_a_directory(directory_)) {
        throw Error(ErrorKind::model_not_found, directory.string(),
                    fmt::format("there is no directory {}", directory.string()),
                    "Give the directory that holds the models: DIR/MODEL_ID/PACKAGE/weights.onnx and so on.");
    }
    find_models("");
    if (model_ids_.empty()) {
        throw Error(ErrorKind::model_not_found, directory.string(),
                    fmt::format("there is no model that can be served in {}", directory.string()),
                    "Lay them out as DIR/MODEL_ID/PACKAGE/ with model_config.json and the other files of a package in "
                    "it, such as DIR/yolov8n-640/onnx-fp32/weights.onnx. The log says what was left out and why.");
    }
}

/// A directory with packages in it is a model; others are words of longer ids.
void HubFolder::find_models(const std::string& below) {
    for (const fs::path& entry : visible_entries(directory_ / below)) {
        if (!is_a_directory(entry)) continue;
        const std::string id = joined(below, entry.filename().string());
        if (formats::is_roboflow_package(entry)) {
            if (below.empty()) log::message(LogLevel::warning, "{} is left out: it lies in no model", entry.string());
            continue;
        }
        if (!is_model_id(id)) {
            log::message(LogLevel::warning, "{} is left out: its name is no model's id", entry.string());
        } else if (!is_inside(entry)) {
            log::message(LogLevel::warning, "{} is left out: it is a link that leads elsewhere", entry.string());
        } else {
            if (is_served(id)) model_ids_.push_back(id);
            find_models(id);
        }
    }
}

/// What is wrong with one model is no reason to serve none of the others.
bool HubFolder::is_served(const std::string& model_id) {
    try {
        return describe(model_id).has_value();
    } catch (const Error& error) {
        log::message(LogLevel::warning, "{} is left out: {} {}", (directory_ / model_id).string(), error.message(),
                     error.hint());
        return false;
    }
}

bool HubFolder::is_inside(const fs::path& path) const {
    std::error_code problem;
    const fs::path real = fs::canonical(path, problem);
    if (problem) return false;
    return std::ranges::mismatch(directory_, real).in1 == directory_.end();
}

std::optional<ModelMetadata> HubFolder::describe(const std::string& model_id) {
    if (!is_model_id(model_id)) return std::nullopt;
    const fs::path path = directory_ / model_id;
    if (!is_a_directory(path) || !is_inside(path)) return std::nullopt;
    for (fs::path part = path; part != directory_; part = part.parent_path()) {
        if (formats::is_roboflow_package(part)) return std::nullopt;
    }
    const auto is_package = [](const fs::path& entry) { return formats::is_roboflow_package(entry); };
    if (std::ranges::none_of(visible_entries(path), is_package)) return std::nullopt;

    ModelMetadata model;
    model.model_id = model_id;
    model.weights_provider = "roboflow";  // whose protocol it is told in
    std::map<std::string, std::string> names_by_id;
    for (const formats::Package& package : packages_at(path)) {
        const std::string task(to_string(package.task));
        if (!model.packages.empty() && (package.architecture != model.architecture || task != model.task_type)) {
            log::message(LogLevel::warning, "{} is left out: it is a {} for {}, and the packages before it are not",
                         package.path.string(), package.architecture, task);
            continue;
        }
        auto described = describe_package(model_id, package, package.path);
        if (!described) continue;
        expect_own_id(*described, package.id, names_by_id, path);
        model.architecture = package.architecture;
        model.task_type = task;
        model.packages.push_back(std::move(*described));
    }
    if (model.packages.empty()) return std::nullopt;
    std::ranges::sort(model.packages, {}, &PackageMetadata::id);
    return model;
}

std::optional<PackageMetadata> HubFolder::describe_package(const std::string& model_id, const PackageMetadata& stated,
                                                           const fs::path& directory) {
    if (!is_package_id(stated.id)) {
        log::message(LogLevel::warning, "{} is left out: its name is no package's id", directory.string());
        return std::nullopt;
    }
    try {
        PackageMetadata package = stated;
        package.id = protocol_id(stated.id);
        package.trusted_source = true;
        package.files = files_in(joined(model_id, stated.id), directory);
        return package;
    } catch (const Error& error) {
        log::message(LogLevel::warning, "{} is left out: {}", directory.string(), error.message());
        return std::nullopt;
    }
}

/// Throws where one of them cannot be served: a package with some of its files would be of no use.
std::vector<PackageFile> HubFolder::files_in(const std::string& place, const fs::path& directory) {
    std::vector<PackageFile> files;
    std::vector<std::string> directories{""};
    while (!directories.empty()) {
        const std::string below = std::move(directories.back());
        directories.pop_back();
        for (const fs::path& entry : visible_entries(directory / below)) {
            const std::string handle = joined(below, entry.filename().string());
            if (handle == kModelConfig) continue;
            if (is_a_directory(entry) && !fs::is_symlink(entry)) {
                directories.push_back(handle);
                continue;
            }
            expect_servable(entry, handle);
            const fs::path path = fs::canonical(entry);
            const Digests& digests = digests_of(path);
            files.push_back({.handle = handle,
                             .download_url = joined(place, handle),
                             .md5 = digests.md5,
                             .sha256 = digests.sha256,
                             .size_bytes = digests.size});
            files_[joined(place, handle)] = path;
        }
    }
    std::ranges::sort(files, {}, &PackageFile::handle);
    return files;
}

void HubFolder::expect_servable(const fs::path& entry, const std::string& handle) const {
    const auto unservable = [&](std::string_view why) {
        return Error(ErrorKind::corrupted_package, entry.string(), fmt::format("{} {}", entry.string(), why),
                     "Take it away, or rename it.");
    };
    std::error_code ignored;
    if (!is_file_handle(handle)) throw unservable("has a name that a file of a package cannot have");
    if (!is_inside(entry)) throw unservable("leads out of the folder that is served, or nowhere");
    if (!fs::is_regular_file(entry, ignored)) throw unservable("is no regular file");
}

const Digests& HubFolder::digests_of(const fs::path& path) {
    std::error_code problem;
    const fs::file_time_type time = fs::last_write_time(path, problem);
    const std::uint64_t size = problem ? 0 : fs::file_size(path, problem);
    if (problem) {
        throw Error(ErrorKind::io_failure, path.string(),
                    fmt::format("{} cannot be read: {}", path.string(), problem.message()),
                    "Check that this user may read it, and the disk that it lies on.");
    }
    const auto known = digests_.find(path);
    if (known != digests_.end() && known->second.time == time && known->second.digests.size == size) {
        return known->second.digests;
    }
    return digests_.insert_or_assign(path, KnownDigests{digests_of_file(path), time}).first->second.digests;
}

std::optional<HostedFile> HubFolder::open(const std::string& place) {
    const auto found = files_.find(place);
    if (found == files_.end()) return std::nullopt;
    const fs::path& path = found->second;
    ReadableFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status{};
    if (file.descriptor() < 0 || ::fstat(file.descriptor(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return std::nullopt;
    }
    // A directory above it may have become a link since it was found.
    std::error_code problem;
    if (fs::read_symlink(fmt::format("/proc/self/fd/{}", file.descriptor()), problem) != path) return std::nullopt;
    const Digests& digests = digests_of(path);
    if (digests.size != static_cast<std::uint64_t>(status.st_size)) return std::nullopt;  // it is being replaced
    return HostedFile{.file = std::move(file), .size = digests.size, .sha256 = digests.sha256};
}

}  // namespace inference_models::hub
