#pragma once

#include "selection/requirements.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What a user can do, as complete commands. Empty texts where nothing is known to help.
namespace inference_models::selection {

/// Installs the runtime of the trial's engine, in the build for a kind of device and the version for the package.
[[nodiscard]] std::string install_command(const Trial& trial, DeviceKind device);

/// Makes a runtime usable that is not: what the machine's description says of it, or, for a GPU, the build for it.
[[nodiscard]] std::string remedy_for_missing(const Trial& trial, DeviceKind device);

/// Brings a build that can use the GPU, also where another one is installed.
[[nodiscard]] std::string gpu_build_command(const Trial& trial);

/// Brings the runtime up to date, in the build that it is.
[[nodiscard]] std::string upgrade_command(const Trial& trial);

/// Makes something that engines open from a package that none opens as it is.
[[nodiscard]] std::string conversion(const formats::Package& package, const LoadOptions& request);

/// What is wrong with the NVIDIA driver for a CUDA version and what to do about it; none where it is new enough, or
/// nothing is known against it.
[[nodiscard]] std::optional<Verdict> driver_problem(const RuntimeDescription& machine, std::string_view cuda_version);

/// The installed build of this runtime has what a GPU needs.
[[nodiscard]] bool has_gpu_build(const EngineRuntime& runtime);

}  // namespace inference_models::selection
