#include "runtime/cuda.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "common/version_number.hpp"
#include "runtime/files.hpp"
#include "runtime/library_files.hpp"
#include "runtime/nvidia_management.hpp"
#include "runtime/python_packages.hpp"

namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;
using std::string_view;

constexpr string_view kRuntimeLibrary = "libcudart.so";

/// `570.86.15` in `NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan 23 ...`.
std::string kernel_driver_version(string_view text) {
    for (const string_view word : split(value_of(text, "NVRM version", ':'), " \t")) {
        const bool is_version = word.find('.') != string_view::npos && parse_version_number(word) &&
                                word.find_first_not_of("0123456789.") == string_view::npos;
        if (is_version) return std::string(word);
    }
    return {};
}

/// The kernel knows a GPU's UUID only once the GPU was used, and shows question marks before.
string_view known_uuid(string_view text) {
    return text.find('?') == string_view::npos ? text : string_view{};
}

std::vector<InstalledGpu> gpus_of_kernel_driver(const fs::path& driver) {
    std::vector<InstalledGpu> gpus;
    for (const std::string& address : names_in(driver / "gpus")) {
        const std::string information = read_text(driver / "gpus" / address / "information");
        const string_view model = value_of(information, "Model", ':');
        if (model.empty() || gpus.size() >= kMostGpus) continue;
        InstalledGpu& gpu = gpus.emplace_back();
        gpu.description.name = model;
        gpu.uuid = known_uuid(value_of(information, "GPU UUID", ':'));
    }
    return gpus;
}

/// `12.8` for `12.8.90`.
std::string major_minor(string_view text) {
    const auto version = parse_version_number(text);
    return version ? fmt::format("{}.{}", version->major(), version->minor()) : std::string{};
}

/// A CUDA toolkit says its version in version.json.
std::string toolkit_version(const fs::path& toolkit) {
    const auto document = nlohmann::json::parse(read_text(toolkit / "version.json"), nullptr, false);
    for (const char* part : {"cuda_cudart", "cuda"}) {
        if (!document.is_object() || !document.contains(part)) continue;
        const auto& entry = document[part];
        if (entry.is_object() && entry.contains("version") && entry["version"].is_string()) {
            return major_minor(entry["version"].get<std::string>());
        }
    }
    return {};
}

class Runtimes {
public:
    /// What an installation states of itself goes before the file's name, which may be `libcudart.so.13` or, in all
    /// releases of CUDA 11, `libcudart.so.11.0`.
    void add_from(const fs::path& directory, const std::string& stated_version) {
        const auto file = find_library(directory, kRuntimeLibrary);
        if (!file) return;
        const fs::path real = resolved(file->path);
        if (std::ranges::find(seen_, real) != seen_.end()) return;
        seen_.push_back(real);
        std::string version = stated_version.empty() ? major_minor(file->version) : stated_version;
        if (version.empty()) version = file->soname_number;
        found_.push_back({std::move(version), file->path});
    }

    std::vector<CudaRuntime> take() { return std::move(found_); }

private:
    std::vector<CudaRuntime> found_;
    std::vector<fs::path> seen_;
};

/// Since CUDA 13 all of NVIDIA's wheels share a directory, `nvidia/cu13`.
void add_wheels(Runtimes& runtimes, const fs::path& site_packages) {
    if (!directory_exists(site_packages / "nvidia")) return;
    const auto version_of = [&](string_view distribution) {
        const auto found = find_distribution(site_packages, distribution);
        return found ? major_minor(found->version) : std::string{};
    };
    for (const char* distribution : {"nvidia-cuda-runtime-cu12", "nvidia-cuda-runtime-cu11"}) {
        if (const std::string version = version_of(distribution); !version.empty()) {
            runtimes.add_from(site_packages / "nvidia/cuda_runtime/lib", version);
        }
    }
    runtimes.add_from(site_packages / "nvidia/cu13/lib", version_of("nvidia-cuda-runtime"));
}

}  // namespace

NvidiaDriver find_nvidia_driver(const Surroundings& surroundings) {
    const fs::path driver = surroundings.at("/proc/driver/nvidia");
    if (!directory_exists(driver)) return {};
    NvidiaDriver found{kernel_driver_version(read_text(driver / "version")), {}, gpus_of_kernel_driver(driver)};
    if (surroundings.nvml.empty()) return found;
    if (auto report = ask_nvidia_management(surroundings.nvml)) {
        if (!report->driver_version.empty()) found.version = std::move(report->driver_version);
        found.cuda_version = std::move(report->driver_cuda_version);
        if (!report->gpus.empty()) found.gpus = std::move(report->gpus);
    }
    return found;
}

std::vector<CudaRuntime> find_cuda_runtimes(const SearchPlaces& places, const Surroundings& surroundings) {
    Runtimes runtimes;
    for (const Place& place : places.site_packages) add_wheels(runtimes, place.path);
    for (const char* variable : {"CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX"}) {
        for (const Place& place : library_directories(surroundings, variable)) runtimes.add_from(place.path, {});
    }
    const fs::path toolkits = surroundings.at("/usr/local");
    for (const std::string& name : names_in(toolkits, "cuda")) {
        const std::string version = toolkit_version(toolkits / name);
        for (const fs::path& below :
             {"targets" / fs::path(surroundings.architecture + "-linux") / "lib", fs::path("lib64"), fs::path("lib")}) {
            runtimes.add_from(toolkits / name / below, version);
        }
    }
    for (const Place& place : places.loader_directories) runtimes.add_from(place.path, {});
    return runtimes.take();
}

}  // namespace inference_models::runtime
