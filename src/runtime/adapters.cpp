#include "runtime/adapters.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "common/our_library.hpp"
#include "common/version_number.hpp"
#include "runtime/files.hpp"

namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;
using engines::EngineTraits;
using std::string_view;

constexpr const char* kDirectoryVariable = "INFERENCE_MODELS_ADAPTERS";

/// Empty where no cache directory is known.
fs::path user_cache(const Surroundings& surroundings) {
    if (const auto cache = surroundings.variable("XDG_CACHE_HOME")) return *cache;
    if (const auto home = surroundings.variable("HOME")) return fs::path(*home) / ".cache";
    return {};
}

/// Where adapters are built into. Another version of the sources has another folder: the seam is theirs alone.
fs::path target_directory(const Surroundings& surroundings) {
    if (const auto named = surroundings.variable(kDirectoryVariable)) return *named;
    const fs::path cache = user_cache(surroundings);
    return cache.empty() ? fs::path{} : cache / "inference_models/adapters" / INFERENCE_MODELS_ADAPTER_SOURCES_ID;
}

fs::path executable(const fs::path& path) {
    return file_exists(path) && ::access(path.c_str(), X_OK) == 0 ? path : fs::path{};
}

fs::path executable_in_path(string_view name, const Surroundings& surroundings) {
    const std::string directories = surroundings.variable("PATH").value_or("");
    for (const string_view directory : split(directories, ":")) {
        if (auto found = executable(fs::path(directory) / name); !found.empty()) return found;
    }
    return {};
}

}  // namespace

std::string adapter_file_name(const EngineTraits& traits, string_view runtime_version) {
    if (!traits.adapter_is_linked) return std::string(traits.adapter_library);
    const fs::path name = traits.adapter_library;
    return fmt::format("{}-{}{}", name.stem().string(), first_parts(runtime_version, 2), name.extension().string());
}

fs::path find_adapter(const EngineTraits& traits, string_view runtime_version, const Surroundings& surroundings) {
    if (traits.adapter_is_linked && runtime_version.empty()) return {};
    const std::string name = adapter_file_name(traits, runtime_version);
    std::vector<fs::path> directories{surroundings.our_library.parent_path()};
    if (const auto named = surroundings.variable(kDirectoryVariable)) directories.emplace_back(*named);
    if (traits.adapter_is_linked) directories.push_back(target_directory(surroundings));
    for (const fs::path& directory : directories) {
        if (!directory.empty() && file_exists(directory / name)) return directory / name;
    }
    return {};
}

fs::path adapter_target(const EngineTraits& traits, string_view runtime_version, const Surroundings& surroundings) {
    const fs::path directory = target_directory(surroundings);
    return directory.empty() ? fs::path{} : directory / adapter_file_name(traits, runtime_version);
}

fs::path adapter_sources(const Surroundings& surroundings) {
    return installed_directory(surroundings.our_library, "adapters");
}

fs::path find_compiler(const Surroundings& surroundings) {
    if (const auto named = surroundings.variable("CXX")) {
        const fs::path path = *named;
        auto found = path.has_parent_path() ? executable(path) : executable_in_path(*named, surroundings);
        if (!found.empty()) return found;
    }
    for (const string_view name : {"c++", "g++", "clang++"}) {
        if (auto found = executable_in_path(name, surroundings); !found.empty()) return found;
    }
    return {};
}

}  // namespace inference_models::runtime
