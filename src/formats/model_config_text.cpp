#include "formats/model_config_text.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace inference_models::formats {
namespace {

using Json = nlohmann::ordered_json;

std::string_view backend_type_of(PackageFormat format) {
    switch (format) {
        case PackageFormat::onnx: return "onnx";
        case PackageFormat::torch_script:
        case PackageFormat::pt2: return "torch-script";
        case PackageFormat::torch:
        case PackageFormat::rf_detr: return "torch";
        case PackageFormat::hugging_face: return "hugging-face";
        case PackageFormat::ultralytics: return "ultralytics";
        case PackageFormat::trt_engine: return "trt";
        case PackageFormat::openvino_ir: return "openvino";
    }
    return "onnx";
}

/// A TensorRT package tells its batches in trt_config.json.
void add_batch(Json& config, const Package& package) {
    if (package.format == PackageFormat::trt_engine) return;
    if (package.batch.max == package.batch.min) {
        config["static_batch_size"] = package.batch.min;
    } else {
        config["dynamic_batch_size_supported"] = true;
    }
}

void add_stated(Json& config, const char* key, const std::string& value) {
    if (!value.empty()) config[key] = value;
}

void add_torch_script(Json& config, const TorchScriptFacts& facts) {
    add_stated(config, "torch_version", facts.torch_version);
    add_stated(config, "torchvision_version", facts.torchvision_version);
    if (facts.supported_devices.empty()) return;
    Json& devices = config["supported_device_types"] = Json::array();
    for (const DeviceKind device : facts.supported_devices) devices.push_back(to_string(device));
}

void add_tensorrt(Json& config, const TensorRtFacts& facts) {
    add_stated(config, "trt_version", facts.tensorrt_version);
    add_stated(config, "cuda_version", facts.cuda_version);
    add_stated(config, "cuda_device_type", facts.device_name);
    add_stated(config, "cuda_device_cc", facts.compute_capability);
    config["same_cc_compatible"] = facts.same_compute_capability_compatible;
    config["trt_forward_compatible"] = facts.forward_compatible;
    config["trt_lean_runtime_excluded"] = facts.lean_runtime_excluded;
    config["machine_type"] = facts.jetson_l4t_version ? "jetson" : "gpu-server";
    Json& machine = config["machine_specs"] = Json::object();
    add_stated(machine, "driver_version", facts.driver_version);
    add_stated(machine, "os_version", facts.os_version);
    add_stated(machine, "l4t_version", facts.jetson_l4t_version.value_or(""));
    add_stated(machine, "device_name", facts.jetson_module);
}

}  // namespace

std::string model_config_text(const Package& package) {
    Json config{{"model_architecture", package.architecture},
                {"task_type", to_string(package.task)},
                {"backend_type", backend_type_of(package.format)}};
    if (package.quantization) config["quantization"] = to_string(*package.quantization);
    add_batch(config, package);
    if (package.onnx && !package.onnx->incompatible_providers.empty()) {
        config["incompatible_providers"] = package.onnx->incompatible_providers;
    }
    if (package.torch_script) add_torch_script(config, *package.torch_script);
    if (package.tensorrt) add_tensorrt(config, *package.tensorrt);
    if (!package.features.empty()) {
        Json& features = config["model_features"] = Json::object();
        for (const auto& [name, value] : package.features) features[name] = Json::parse(value);
    }
    return config.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace inference_models::formats
