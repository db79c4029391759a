#pragma once

#include "formats/inference_config.hpp"
#include "formats/json_reader.hpp"
#include "formats/package.hpp"

#include <optional>
#include <string>

/// model_config.json: what a package in Roboflow's layout is.
namespace inference_models::formats {

enum class RoboflowBackend { onnx, torch_script, trt, torch, hugging_face, ultralytics, openvino };

struct ModelConfig {
    std::string architecture;
    TaskType task;
    RoboflowBackend backend;
    std::optional<Precision> quantization;
    std::optional<BatchStatement> static_batch_size;
    std::optional<JsonValue> dynamic_batch_size_supported;  ///< the field, where it says true
};

/// \throws Error `corrupted_package` that names the field, `unsupported_model` for what this version does not have
[[nodiscard]] ModelConfig read_model_config(const JsonValue& config);

/// Members that only packages of one format have; absent ones are left out.
[[nodiscard]] std::vector<std::string> read_incompatible_providers(const JsonValue& config);
[[nodiscard]] TorchScriptFacts read_torch_script_facts(const JsonValue& config);
[[nodiscard]] TensorRtFacts read_tensorrt_facts(const JsonValue& config);

/// The same from local_trt_package_manifest.json, which spells its keys in another way.
[[nodiscard]] TensorRtFacts read_tensorrt_manifest(const std::filesystem::path& path);

}  // namespace inference_models::formats
