#include "runtime/search_places.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "runtime/files.hpp"

namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;
using std::string_view;

constexpr std::size_t kMostPlaces = 256;

/// Directories in the order in which they are looked at, each once.
class PlaceList {
public:
    /// Adds a directory that exists and is not there yet, by whatever name.
    void add(string_view origin, const fs::path& path) {
        if (places_.size() >= kMostPlaces || path.empty() || !directory_exists(path)) return;
        if (seen_.insert(resolved(path)).second) places_.push_back({std::string(origin), path});
    }

    void add_site_packages_of(string_view origin, const fs::path& environment) {
        for (const std::string& name : names_in(environment / "lib", "python")) {
            add(origin, environment / "lib" / name / "site-packages");
        }
    }

    std::vector<Place> take() { return std::move(places_); }

private:
    std::vector<Place> places_;
    std::set<fs::path> seen_;
};

/// The parents of a path, the nearest first.
std::vector<fs::path> parents_of(fs::path path) {
    std::vector<fs::path> parents;
    while (path.has_relative_path()) {
        path = path.parent_path();
        parents.push_back(path);
    }
    return parents;
}

fs::path environment_of(const fs::path& our_library) {
    const auto parents = parents_of(our_library);
    const auto found =
        std::ranges::find_if(parents, [](const fs::path& path) { return file_exists(path / "pyvenv.cfg"); });
    return found == parents.end() ? fs::path{} : *found;
}

std::vector<Place> site_packages_of(const Surroundings& surroundings, const fs::path& our_environment) {
    PlaceList places;
    for (const fs::path& parent : parents_of(surroundings.our_library)) {
        const fs::path name = parent.filename();
        if (name == "site-packages" || name == "dist-packages") places.add("next to our library", parent);
    }
    if (!our_environment.empty()) places.add_site_packages_of("environment of our library", our_environment);
    for (const fs::path& directory : surroundings.python_site_packages) places.add("this Python", directory);
    for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
        if (const auto root = surroundings.variable(variable)) places.add_site_packages_of(variable, *root);
    }
    return places.take();
}

/// The libraries in /proc/self/maps: each line ends with a path, which may hold blanks.
std::vector<fs::path> mapped_libraries(const Surroundings& surroundings) {
    constexpr std::size_t kLimit = 8U << 20U;
    const std::string maps = read_text(surroundings.at("/proc/self/maps"), kLimit);
    std::vector<fs::path> libraries;
    for (const string_view line : lines_of(maps)) {
        const std::size_t start = line.find('/');
        if (start == string_view::npos || line.find(".so", start) == string_view::npos) continue;
        const fs::path path = trimmed(line.substr(start));
        if (libraries.empty() || libraries.back() != path) libraries.push_back(path);
    }
    return libraries;
}

/// The directories that /etc/ld.so.conf and the files that it includes list.
std::vector<fs::path> configured_directories(const Surroundings& surroundings) {
    const fs::path included = surroundings.at("/etc/ld.so.conf.d");
    std::string text = read_text(surroundings.at("/etc/ld.so.conf"));
    for (const std::string& name : names_in(included)) {
        if (name.ends_with(".conf")) text += '\n' + read_text(included / name);
    }
    std::vector<fs::path> directories;
    for (const string_view line : lines_of(text)) {
        const string_view directory = trimmed(line.substr(0, line.find('#')));
        if (directory.starts_with('/')) directories.push_back(surroundings.at(directory));
    }
    return directories;
}

std::vector<Place> loader_directories_of(const Surroundings& surroundings) {
    PlaceList places;
    const std::string path = surroundings.variable("LD_LIBRARY_PATH").value_or("");
    for (const string_view directory : split(path, ":;")) places.add("LD_LIBRARY_PATH", directory);
    for (const fs::path& directory : configured_directories(surroundings)) places.add("system loader", directory);
    const std::string multiarch = surroundings.architecture + "-linux-gnu";
    for (const fs::path& directory :
         {"/lib" / fs::path(multiarch), "/usr/lib" / fs::path(multiarch), fs::path("/lib64"), fs::path("/usr/lib64"),
          fs::path("/lib"), fs::path("/usr/lib")}) {
        places.add("system loader", surroundings.at(directory));
    }
    return places.take();
}

}  // namespace

SearchPlaces search_places(const Surroundings& surroundings) {
    SearchPlaces places;
    places.mapped = mapped_libraries(surroundings);
    places.our_environment = environment_of(surroundings.our_library);
    places.site_packages = site_packages_of(surroundings, places.our_environment);
    places.loader_directories = loader_directories_of(surroundings);
    return places;
}

std::vector<Place> library_directories(const Surroundings& surroundings, string_view variable) {
    const auto root = surroundings.variable(std::string(variable).c_str());
    if (!root) return {};
    const std::string& architecture = surroundings.architecture;
    PlaceList places;
    // OpenVINO says intel64 where others say x86_64; CUDA and TensorRT have a directory for each target.
    for (const fs::path& below : {fs::path("lib"), fs::path("lib64"), "lib" / fs::path(architecture + "-linux-gnu"),
                                  "targets" / fs::path(architecture + "-linux") / "lib",
                                  fs::path("runtime/lib") / (architecture == "x86_64" ? "intel64" : architecture)}) {
        places.add(variable, fs::path(*root) / below);
    }
    places.add(variable, *root);
    return places.take();
}

}  // namespace inference_models::runtime
