#pragma once

#include "formats/inference_config.hpp"
#include "formats/json_reader.hpp"
#include "formats/model_features.hpp"
#include "formats/package.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

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
    ModelFeatures features;
};

/// `fp32` and the like; nothing for `unknown`.
[[nodiscard]] std::optional<Precision> read_quantization(const JsonValue& field);

/// \throws Error `corrupted_package` that names the field, `unsupported_model` for what this version does not have
[[nodiscard]] ModelConfig read_model_config(const JsonValue& config);

/// Members that only packages of one format have; absent ones are left out.
[[nodiscard]] std::vector<std::string> read_incompatible_providers(const JsonValue& config);
[[nodiscard]] TorchScriptFacts read_torch_script_facts(const JsonValue& config);
[[nodiscard]] TensorRtFacts read_tensorrt_facts(const JsonValue& config);

/// The keys of an engine's facts in one of their two spellings.
struct TensorRtKeys {
    std::string_view tensorrt_version;
    std::string_view cuda_version;
    std::string_view device_name;
    std::string_view compute_capability;
    std::string_view same_compute_capability_compatible;
    std::string_view forward_compatible;
    std::string_view lean_runtime_excluded;
    std::string_view machine_type;
    std::string_view machine_specs;
    std::string_view l4t_version;  ///< in the specs, like those below
    std::string_view driver_version;
    std::string_view os_version;
    std::string_view module_name;
};

/// That of a `packageManifest`, in local_trt_package_manifest.json and in what providers answer.
inline constexpr TensorRtKeys kTensorRtManifestKeys{
    "trtVersion",       "cudaVersion",          "cudaDeviceType",         "cudaDeviceCC",
    "sameCCCompatible", "trtForwardCompatible", "trtLeanRuntimeExcluded", "machineType",
    "machineSpecs",     "l4tVersion",           "driverVersion",          "osVersion",
    "deviceName"};

/// The facts of a `packageManifest`.
[[nodiscard]] TensorRtFacts read_tensorrt_manifest(const JsonValue& manifest);

}  // namespace inference_models::formats
