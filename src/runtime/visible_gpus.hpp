#pragma once

#include <string>
#include <vector>

#include "runtime/describe.hpp"

namespace inference_models::runtime {

/// More than any machine has; what claims more is not believed.
inline constexpr std::size_t kMostGpus = 64;

/// A GPU of this machine, whether or not this process may see it.
struct InstalledGpu {
    GpuDescription description;
    std::string uuid;  ///< `GPU-8f1c...`; empty where unknown
};

/// Those that CUDA shows this process, in its order: the N-th is `cuda:N`. CUDA_VISIBLE_DEVICES may pick them by index
/// or by the beginning of their UUIDs; what stands behind an entry that names none is not seen. Where it names
/// something else (a part of a GPU), or GPUs whose UUIDs are unknown, they are all listed.
[[nodiscard]] std::vector<GpuDescription> visible_gpus(const std::vector<InstalledGpu>& installed,
                                                       const Surroundings& surroundings);

}  // namespace inference_models::runtime
