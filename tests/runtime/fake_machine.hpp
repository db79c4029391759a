#pragma once

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/describe.hpp"

namespace inference_models::runtime {

/// What the first bytes of a shared library are; nothing here reads more of them.
inline constexpr std::string_view kElf = "\177ELF";

/// A machine laid out in a directory of its own, which goes away with it.
class FakeMachine {
public:
    FakeMachine() {
        std::string pattern = (std::filesystem::temp_directory_path() / "fake-machine-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
        add("proc/cpuinfo", "processor\t: 0\nmodel name\t: Test CPU\nflags\t\t: fpu avx2\n");
        add("sys/devices/system/cpu/online", "0-7\n");
        add("proc/meminfo", "MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:    8000000 kB\n");
        add("proc/self/cgroup", "0::/\n");
    }
    ~FakeMachine() {
        std::error_code problem;
        std::filesystem::remove_all(root_, problem);
    }
    FakeMachine(const FakeMachine&) = delete;
    FakeMachine& operator=(const FakeMachine&) = delete;

    [[nodiscard]] std::filesystem::path at(const std::filesystem::path& path) const { return root_ / path; }

    void add(const std::filesystem::path& path, std::string_view text) const {
        std::filesystem::create_directories(at(path).parent_path());
        std::ofstream(at(path), std::ios::binary) << text;
    }

    void add_library(const std::filesystem::path& path) const { add(path, kElf); }

    void add_directory(const std::filesystem::path& path) const { std::filesystem::create_directories(at(path)); }

    void link(const std::filesystem::path& path, const std::filesystem::path& target) const {
        std::filesystem::create_directories(at(path).parent_path());
        std::filesystem::create_symlink(target, at(path));
    }

    /// An installed Python distribution's metadata: `onnxruntime_gpu-1.26.0`.
    void add_distribution(const std::filesystem::path& site_packages, const std::string& name) const {
        add(site_packages / (name + ".dist-info") / "METADATA", "Metadata-Version: 2.4\n");
    }

    void set(const std::string& variable, const std::filesystem::path& value) { variables_[variable] = value.string(); }

    [[nodiscard]] Surroundings surroundings() const {
        Surroundings surroundings;
        surroundings.root = root_;
        surroundings.environment = [this](const char* name) -> std::optional<std::string> {
            const auto found = variables_.find(name);
            return found == variables_.end() ? std::nullopt : std::optional(found->second);
        };
        surroundings.our_library = at("opt/product/lib/libinference_models.so");
        surroundings.architecture = architecture;
        surroundings.libc = "glibc 2.36";
        surroundings.cores_by_affinity = cores_by_affinity;
        surroundings.nvml = nvml;
        return surroundings;
    }

    [[nodiscard]] RuntimeDescription description() const { return describe(surroundings()); }

    std::string architecture = "x86_64";
    std::uint32_t cores_by_affinity = 8;
    std::filesystem::path nvml;

private:
    std::filesystem::path root_;
    std::map<std::string, std::string, std::less<>> variables_;
};

/// The extra of a name; the test fails by exception where there is none.
inline const Extra& extra(const RuntimeDescription& machine, std::string_view name) {
    const auto found = std::ranges::find(machine.extras, name, &Extra::name);
    if (found == machine.extras.end()) throw std::out_of_range(std::string(name));
    return *found;
}

}  // namespace inference_models::runtime
