#include "runtime/describe.hpp"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <inference_models/error.hpp>
#include <inference_models/version.hpp>
#include <limits>
#include <memory>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/our_library.hpp"
#include "engines/engine_catalog.hpp"
#include "runtime/control_group.hpp"
#include "runtime/cpu.hpp"
#include "runtime/cuda.hpp"
#include "runtime/engine_discovery.hpp"
#include "runtime/extras.hpp"
#include "runtime/files.hpp"
#include "runtime/jetson.hpp"
#include "runtime/python_packages.hpp"
#include "runtime/search_places.hpp"
#include "runtime/visible_gpus.hpp"

namespace inference_models {

const EngineRuntime& RuntimeDescription::engine(Engine which) const {
    const auto found = std::ranges::find(engines, which, &EngineRuntime::engine);
    if (found != engines.end()) return *found;
    throw Error(ErrorKind::invalid_argument, "engine",
                fmt::format("this description of a machine has no entry for {}", display_name(which)),
                "Give it an entry for each engine; `installed = false` says that there is none.");
}

namespace runtime {
namespace {

/// What set_python_site_packages was told.
struct PythonSitePackages {
    std::mutex mutex;
    std::vector<std::filesystem::path> directories;
};

PythonSitePackages& known_site_packages() {
    static PythonSitePackages instance;
    return instance;
}

std::uint32_t affinity_of_this_process() {
    constexpr int kMostCores = 1 << 16;  // the kernel refuses sets that are smaller than its own
    for (int cores = 1024; cores <= kMostCores; cores *= 2) {
        const auto free_set = [](cpu_set_t* set) { CPU_FREE(set); };
        const std::unique_ptr<cpu_set_t, decltype(free_set)> set(CPU_ALLOC(static_cast<std::size_t>(cores)));
        const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(cores));
        if (!set) return 0;
        if (::sched_getaffinity(0, size, set.get()) == 0)
            return static_cast<std::uint32_t>(CPU_COUNT_S(size, set.get()));
        if (errno != EINVAL) return 0;
    }
    return 0;
}

std::string machine_architecture() {
    utsname facts{};
    return ::uname(&facts) == 0 ? facts.machine : "";
}

std::string operating_system(const Surroundings& surroundings) {
    std::string text = read_text(surroundings.at("/etc/os-release"));
    if (text.empty()) text = read_text(surroundings.at("/usr/lib/os-release"));
    std::string_view name = value_of(text, "PRETTY_NAME", '=');
    if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'')) name = name.substr(1, name.size() - 2);
    return std::string(name);
}

/// `MemTotal:       24689764 kB` in bytes; 0 where it is not there.
std::uint64_t bytes_of(std::string_view meminfo, std::string_view key) {
    const std::string_view value = value_of(meminfo, key, ':');
    std::uint64_t kibibytes = 0;
    std::from_chars(value.data(), value.data() + value.size(), kibibytes);
    return kibibytes <= std::numeric_limits<std::uint64_t>::max() / 1024 ? kibibytes * 1024 : 0;
}

MemoryDescription describe_memory(const Surroundings& surroundings, std::optional<std::uint64_t> cgroup_limit) {
    const std::string meminfo = read_text(surroundings.at("/proc/meminfo"));
    return {bytes_of(meminfo, "MemTotal"), bytes_of(meminfo, "MemAvailable"), cgroup_limit};
}

/// Roboflow's Python package has the import name of ours.
std::vector<std::string> notes_about(const SearchPlaces& places) {
    std::vector<std::string> notes;
    for (const Place& place : places.site_packages) {
        const auto theirs = find_distribution(place.path, "inference-models");
        if (!theirs || !find_distribution(place.path, "inference-models-cpp")) continue;
        notes.push_back(
            fmt::format("Roboflow's inference-models {} is installed in {} too, under the same import name: keep one "
                        "of them, by {} "
                        "&& {}",
                        theirs->version, place.path.string(), pip_uninstall(places, "inference-models"),
                        pip_install(places, "--force-reinstall --no-deps inference-models-cpp")));
    }
    return notes;
}

}  // namespace

Surroundings Surroundings::of_this_process() {
    Surroundings surroundings;
    surroundings.environment = [](const char* name) -> std::optional<std::string> {
        const char* const value = std::getenv(name);
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    surroundings.our_library = path_of_our_library();
    {
        PythonSitePackages& known = known_site_packages();
        const std::scoped_lock lock(known.mutex);
        surroundings.python_site_packages = known.directories;
    }
    surroundings.architecture = machine_architecture();
    surroundings.libc = fmt::format("glibc {}", ::gnu_get_libc_version());
    surroundings.cores_by_affinity = affinity_of_this_process();
    surroundings.nvml = "libnvidia-ml.so.1";
    return surroundings;
}

std::optional<std::string> Surroundings::variable(const char* name) const {
    auto value = environment ? environment(name) : std::nullopt;
    return value && !value->empty() ? value : std::nullopt;
}

std::filesystem::path Surroundings::at(const std::filesystem::path& absolute) const {
    return root / absolute.relative_path();
}

RuntimeDescription describe(const Surroundings& surroundings) {
    const ControlGroupLimits limits = control_group_limits(surroundings.root);
    const SearchPlaces places = search_places(surroundings);

    RuntimeDescription machine;
    machine.product_version = kVersion;
    machine.os = operating_system(surroundings);
    machine.kernel = trimmed(read_text(surroundings.at("/proc/sys/kernel/osrelease")));
    machine.libc = surroundings.libc;
    machine.cpu = describe_cpu(surroundings, limits.cores);
    machine.memory = describe_memory(surroundings, limits.memory_bytes);

    NvidiaDriver driver = find_nvidia_driver(surroundings);
    machine.cuda = {std::move(driver.version), std::move(driver.cuda_version),
                    find_cuda_runtimes(places, surroundings)};
    machine.jetson = find_jetson(surroundings.root);
    if (machine.jetson && driver.gpus.empty()) {
        driver.gpus.push_back({integrated_gpu(*machine.jetson, machine.memory), {}});
    }
    machine.gpus = visible_gpus(driver.gpus, surroundings);

    for (const engines::EngineTraits& traits : engines::engine_catalog()) {
        machine.engines.push_back(find_engine(traits, places, surroundings));
    }
    machine.extras = list_extras(machine, places);
    name_installations(machine);
    machine.notes = notes_about(places);
    return machine;
}

RuntimeDescription this_machine() {
    return describe(Surroundings::of_this_process());
}

}  // namespace runtime

void set_python_site_packages(std::vector<std::filesystem::path> directories) {
    runtime::PythonSitePackages& known = runtime::known_site_packages();
    const std::scoped_lock lock(known.mutex);
    known.directories = std::move(directories);
}

}  // namespace inference_models
