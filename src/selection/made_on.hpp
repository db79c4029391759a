#pragma once

#include <inference_models/model_metadata.hpp>
#include <inference_models/runtime_description.hpp>

#include <string>

/// Whether a TensorRT engine was made on what this machine has. What is not stated, or not known here, is not the same.
namespace inference_models::selection {

/// `NVIDIA L4` and `nvidia-l4` are one name.
[[nodiscard]] std::string normalised(std::string name);

[[nodiscard]] bool made_on_this_gpu(const TensorRtFacts& engine, const GpuDescription& gpu);
[[nodiscard]] bool made_on_this_jetson_module(const TensorRtFacts& engine, const RuntimeDescription& machine);
[[nodiscard]] bool made_on_this_os(const TensorRtFacts& engine, const RuntimeDescription& machine);
[[nodiscard]] bool made_on_this_l4t(const TensorRtFacts& engine, const RuntimeDescription& machine);
[[nodiscard]] bool made_on_this_driver(const TensorRtFacts& engine, const RuntimeDescription& machine);

}  // namespace inference_models::selection
