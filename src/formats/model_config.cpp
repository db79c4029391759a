#include "formats/model_config.hpp"

#include <utility>

namespace inference_models::formats {
namespace {

constexpr TensorRtKeys kModelConfigKeys{"trt_version",
                                        "cuda_version",
                                        "cuda_device_type",
                                        "cuda_device_cc",
                                        "same_cc_compatible",
                                        "trt_forward_compatible",
                                        "trt_lean_runtime_excluded",
                                        "machine_type",
                                        "machine_specs",
                                        "l4t_version",
                                        "driver_version",
                                        "os_version",
                                        "device_name"};

enum class MachineType { gpu_server, jetson };
enum class StatedQuantization { fp32, fp16, bf16, int8, unknown };

constexpr Choices<MachineType, 2> kMachineTypes{
    {{"gpu-server", MachineType::gpu_server}, {"jetson", MachineType::jetson}}};
constexpr Choices<StatedQuantization, 5> kQuantizations{{{"fp32", StatedQuantization::fp32},
                                                         {"fp16", StatedQuantization::fp16},
                                                         {"bf16", StatedQuantization::bf16},
                                                         {"int8", StatedQuantization::int8},
                                                         {"unknown", StatedQuantization::unknown}}};
constexpr Choices<DeviceKind, 2> kDeviceTypes{{{"cpu", DeviceKind::cpu}, {"cuda", DeviceKind::cuda}}};
constexpr Choices<RoboflowBackend, 8> kBackends{{{"onnx", RoboflowBackend::onnx},
                                                 {"torch-script", RoboflowBackend::torch_script},
                                                 {"trt", RoboflowBackend::trt},
                                                 {"torch", RoboflowBackend::torch},
                                                 {"hugging-face", RoboflowBackend::hugging_face},
                                                 {"hf", RoboflowBackend::hugging_face},
                                                 {"ultralytics", RoboflowBackend::ultralytics},
                                                 {"openvino", RoboflowBackend::openvino}}};

std::string text_or_empty(const JsonValue& object, std::string_view name) {
    const auto member = object.find(name);
    return member ? member->text() : std::string();
}

bool true_or_absent(const JsonValue& object, std::string_view name) {
    const auto member = object.find(name);
    return member && member->boolean();
}

/// What the machine that made an engine was.
void read_machine(const JsonValue& object, const TensorRtKeys& keys, TensorRtFacts& facts) {
    const auto machine = object.find(keys.machine_type);
    const auto specs = object.find(keys.machine_specs);
    const auto specified = [&](std::string_view key) { return specs ? text_or_empty(*specs, key) : std::string(); };
    facts.driver_version = specified(keys.driver_version);
    if (machine && machine->choice(kMachineTypes) == MachineType::jetson) {
        facts.jetson_l4t_version = specified(keys.l4t_version);
        facts.jetson_module = specified(keys.module_name);
    } else {
        facts.os_version = specified(keys.os_version);
    }
}

TensorRtFacts read_facts(const JsonValue& object, const TensorRtKeys& keys) {
    TensorRtFacts facts;
    facts.tensorrt_version = text_or_empty(object, keys.tensorrt_version);
    facts.cuda_version = text_or_empty(object, keys.cuda_version);
    facts.device_name = text_or_empty(object, keys.device_name);
    facts.compute_capability = text_or_empty(object, keys.compute_capability);
    facts.same_compute_capability_compatible = true_or_absent(object, keys.same_compute_capability_compatible);
    facts.forward_compatible = true_or_absent(object, keys.forward_compatible);
    facts.lean_runtime_excluded = true_or_absent(object, keys.lean_runtime_excluded);
    read_machine(object, keys, facts);
    return facts;
}

Error unsupported(const JsonValue& field, std::string_view what, std::string hint) {
    const Error named = field.error(what);
    return {ErrorKind::unsupported_model, named.subject(), named.message(), std::move(hint)};
}

/// The alternative to naming an architecture is to name Python code that is the model.
void refuse_python_code(const JsonValue& config) {
    for (const char* const key : {"model_module", "model_class"}) {
        const auto field = config.find(key);
        if (!field) continue;
        throw unsupported(*field, "makes the package run Python code of its own, which this library does not do",
                          "Export the model to ONNX and state `model_architecture`, `task_type` and `backend_type`.");
    }
}

TaskType read_task(const JsonValue& field) {
    if (const auto task = parse_task_type(field.text())) return *task;
    throw unsupported(field, fmt::format("is `{}`, a task that this version does not know", field.text()),
                      "Known tasks are object-detection, instance-segmentation, semantic-segmentation, "
                      "keypoint-detection, classification, multi-label-classification and depth-estimation.");
}

RoboflowBackend read_backend(const JsonValue& field) {
    if (field.text() == "custom") {
        throw unsupported(field, "is `custom`: the package needs Python code of its own",
                          "Export the model to ONNX and set `backend_type` to onnx.");
    }
    return field.choice(kBackends);
}

}  // namespace

std::optional<Precision> read_quantization(const JsonValue& field) {
    switch (field.choice(kQuantizations)) {
        case StatedQuantization::fp32: return Precision::fp32;
        case StatedQuantization::fp16: return Precision::fp16;
        case StatedQuantization::bf16: return Precision::bf16;
        case StatedQuantization::int8: return Precision::int8;
        case StatedQuantization::unknown: break;
    }
    return std::nullopt;
}

ModelConfig read_model_config(const JsonValue& config) {
    refuse_python_code(config);
    const JsonValue architecture = config.at("model_architecture");
    if (architecture.text().empty())
        throw architecture.error("is empty", "Name the architecture: yolov8, for example.");
    const auto quantization = config.find("quantization");
    const auto features = config.find("model_features");
    const auto dynamic = config.find("dynamic_batch_size_supported");
    return {
        .architecture = architecture.text(),
        .task = read_task(config.at("task_type")),
        .backend = read_backend(config.at("backend_type")),
        .quantization = quantization ? read_quantization(*quantization) : std::nullopt,
        .static_batch_size = find_batch_size(config, "static_batch_size"),
        .dynamic_batch_size_supported = dynamic && dynamic->boolean() ? dynamic : std::nullopt,
        .features = features ? read_model_features(*features) : ModelFeatures{},
    };
}

std::vector<std::string> read_incompatible_providers(const JsonValue& config) {
    std::vector<std::string> providers;
    if (const auto field = config.find("incompatible_providers")) {
        for (const JsonValue& provider : field->elements()) providers.push_back(provider.text());
    }
    return providers;
}

TorchScriptFacts read_torch_script_facts(const JsonValue& config) {
    TorchScriptFacts facts;
    facts.torch_version = text_or_empty(config, "torch_version");
    facts.torchvision_version = text_or_empty(config, "torchvision_version");
    if (const auto field = config.find("supported_device_types")) {
        for (const JsonValue& device : field->elements()) {
            facts.supported_devices.push_back(device.choice(kDeviceTypes));
        }
    }
    return facts;
}

TensorRtFacts read_tensorrt_facts(const JsonValue& config) {
    return read_facts(config, kModelConfigKeys);
}

TensorRtFacts read_tensorrt_manifest(const JsonValue& manifest) {
    return read_facts(manifest, kTensorRtManifestKeys);
}

}  // namespace inference_models::formats
