#pragma once

#include <inference_models/types.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace inference_models {

/// An ONNX Runtime execution provider and its options, e.g. `{"CUDAExecutionProvider", {{"device_id", "0"}}}`.
struct ExecutionProvider {
    std::string name;
    std::map<std::string, std::string> options;
};

/// What a caller asks of `from_pretrained`. What is left out is decided by selection.
struct LoadOptions {
    std::vector<BackendType> backends;    ///< an order: one of these or an error. Empty: every backend, best first
    std::string model_package_id;         ///< only this package. Empty: every package
    std::vector<Precision> quantization;  ///< only packages stored in one of these. Empty: the package's own, int8 only
                                          ///< where `model_package_id` names it
    std::optional<Device> device;         ///< none: a GPU where the engine can use it, else the CPU
    std::optional<std::int64_t> batch_size;  ///< images per run that the package must allow, at least 1
    std::vector<ExecutionProvider> onnx_execution_providers;  ///< in order; one that is not there is an error.
                                                              ///< Empty: what the device needs
    std::optional<std::uint32_t> threads;                     ///< at most this many compute threads, at least 1.
                                           ///< None: what affinity and control group give this process
};

}  // namespace inference_models
