#pragma once

#include <vector>

#include "runtime/describe.hpp"
#include "runtime/search_places.hpp"
#include "runtime/visible_gpus.hpp"

namespace inference_models::runtime {

/// The NVIDIA driver and its GPUs.
struct NvidiaDriver {
    std::string version;  ///< empty where there is no driver
    std::string cuda_version;
    std::vector<InstalledGpu> gpus;
};

[[nodiscard]] NvidiaDriver find_nvidia_driver(const Surroundings& surroundings);

/// Every libcudart: of Python wheels, of CUDA toolkits, of the system.
[[nodiscard]] std::vector<CudaRuntime> find_cuda_runtimes(const SearchPlaces& places, const Surroundings& surroundings);

}  // namespace inference_models::runtime
