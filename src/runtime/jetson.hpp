#pragma once

#include <filesystem>
#include <optional>

#include "runtime/describe.hpp"

namespace inference_models::runtime {

[[nodiscard]] std::optional<JetsonDescription> find_jetson(const std::filesystem::path& root);

/// The GPU that is part of a Jetson's chip and shares its memory.
[[nodiscard]] GpuDescription integrated_gpu(const JetsonDescription& jetson, const MemoryDescription& memory);

}  // namespace inference_models::runtime
