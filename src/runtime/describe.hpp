#pragma once

#include <inference_models/runtime_description.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

/// Looks at this machine. Everything is read from files, so a test can lay out any machine in a directory.
namespace inference_models::runtime {

/// What the description depends on, besides files: replaced in tests.
struct Surroundings {
    std::filesystem::path root = "/";  ///< /proc, /sys, /etc, /usr are looked up below it
    std::function<std::optional<std::string>(const char*)> environment;  ///< getenv
    std::filesystem::path our_library;  ///< where libinference_models.so lies: adapters and site-packages are found from it

    /// Those of this process.
    [[nodiscard]] static Surroundings of_this_process();
};

[[nodiscard]] RuntimeDescription describe(const Surroundings& surroundings);

/// The description of this process's machine, made once.
[[nodiscard]] const RuntimeDescription& this_machine();

}  // namespace inference_models::runtime
