#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/visible_gpus.hpp"

namespace inference_models::runtime {

/// What NVIDIA's management library says.
struct ManagementReport {
    std::string driver_version;
    std::string driver_cuda_version;
    std::vector<InstalledGpu> gpus;
};

/// Opens NVML, asks and closes it. It is what nvidia-smi is made of: it manages, and makes no CUDA context, so no GPU
/// memory is taken. Nothing where it cannot be opened or finds no driver.
[[nodiscard]] std::optional<ManagementReport> ask_nvidia_management(const std::filesystem::path& library);

}  // namespace inference_models::runtime
