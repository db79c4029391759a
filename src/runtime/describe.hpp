#pragma once

#include <inference_models/runtime_description.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Looks at this machine. Everything is read from files, so a test can lay out any machine in a directory.
namespace inference_models::runtime {

/// What the description depends on, besides files: replaced in tests.
struct Surroundings {
    std::filesystem::path root = "/";  ///< /proc, /sys, /etc, /usr are looked up below it
    std::function<std::optional<std::string>(const char*)> environment;  ///< getenv
    std::filesystem::path our_library;  ///< libinference_models.so itself: adapters and site-packages are found from it
    std::vector<std::filesystem::path> python_site_packages;  ///< of the Python that imported us
    std::string architecture;                                 ///< `x86_64`, `aarch64`
    std::string libc;                                         ///< `glibc 2.36`
    std::uint32_t cores_by_affinity = 0;                      ///< that this process may run on; 0 where unknown
    std::filesystem::path nvml;  ///< NVIDIA's management library, opened only where there is a driver; empty: never

    /// Those of this process.
    [[nodiscard]] static Surroundings of_this_process();

    /// The value of an environment variable; nothing where it is unset or empty.
    [[nodiscard]] std::optional<std::string> variable(const char* name) const;

    /// Where an absolute path of the machine lies: below the root.
    [[nodiscard]] std::filesystem::path at(const std::filesystem::path& absolute) const;
};

[[nodiscard]] RuntimeDescription describe(const Surroundings& surroundings);

/// The machine as this process finds it now: libraries may have been loaded or installed since the last time.
[[nodiscard]] RuntimeDescription this_machine();

}  // namespace inference_models::runtime
