#include <inference_models/model_metadata.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hub/public_url.hpp"

namespace inference_models {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json json_of(const std::optional<Value>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json json_of(const BatchRule& batch) {
    return {{"min", batch.min}, {"max", json_of(batch.max)}};
}

Json json_of(const OnnxFacts& onnx) {
    return {{"ir_version", onnx.ir_version},
            {"opset", onnx.opset},
            {"incompatible_providers", Json(onnx.incompatible_providers)}};
}

Json json_of(const TorchScriptFacts& torch) {
    Json devices = Json::array();
    for (const DeviceKind device : torch.supported_devices) {
        devices.push_back(device == DeviceKind::cpu ? "cpu" : "cuda");
    }
    return {{"supported_devices", std::move(devices)},
            {"torch_version", torch.torch_version},
            {"torchvision_version", torch.torchvision_version}};
}

Json json_of(const TensorRtFacts& tensorrt) {
    return {{"tensorrt_version", tensorrt.tensorrt_version},
            {"cuda_version", tensorrt.cuda_version},
            {"driver_version", tensorrt.driver_version},
            {"os_version", tensorrt.os_version},
            {"device_name", tensorrt.device_name},
            {"compute_capability", tensorrt.compute_capability},
            {"same_compute_capability_compatible", tensorrt.same_compute_capability_compatible},
            {"forward_compatible", tensorrt.forward_compatible},
            {"lean_runtime_excluded", tensorrt.lean_runtime_excluded},
            {"jetson_l4t_version", json_of(tensorrt.jetson_l4t_version)},
            {"jetson_module", tensorrt.jetson_module}};
}

Json json_of(const FusedNms& nms) {
    return {{"max_detections", json_of(nms.max_detections)},
            {"confidence_threshold", json_of(nms.confidence_threshold)},
            {"iou_threshold", json_of(nms.iou_threshold)},
            {"class_agnostic", json_of(nms.class_agnostic)}};
}

Json json_of(const PackageFile& file) {
    return {{"handle", file.handle},
            {"download_url", hub::public_url(file.download_url)},
            {"md5", file.md5},
            {"sha256", file.sha256},
            {"size_bytes", json_of(file.size_bytes)}};
}

/// Values of features are JSON already; what is none stays the text that it is.
Json features_of(const PackageMetadata& package) {
    Json features = Json::object();
    for (const auto& [name, value] : package.features) {
        Json read = Json::parse(value, nullptr, false);
        features[name] = read.is_discarded() ? Json(value) : std::move(read);
    }
    return features;
}

template <class Facts>
Json facts_or_null(const std::optional<Facts>& facts) {
    return facts ? json_of(*facts) : Json(nullptr);
}

Json json_of(const PackageMetadata& package) {
    Json files = Json::array();
    for (const PackageFile& file : package.files) files.push_back(json_of(file));
    return {{"id", package.id},
            {"format", to_string(package.format)},
            {"quantization", package.quantization ? Json(to_string(*package.quantization)) : Json(nullptr)},
            {"batch", json_of(package.batch)},
            {"onnx", facts_or_null(package.onnx)},
            {"torch_script", facts_or_null(package.torch_script)},
            {"tensorrt", facts_or_null(package.tensorrt)},
            {"fused_nms", facts_or_null(package.fused_nms)},
            {"features", features_of(package)},
            {"trusted_source", package.trusted_source},
            {"files", std::move(files)}};
}

Json json_of(const ModelMetadata& model) {
    Json dependencies = Json::array();
    for (const ModelDependency& dependency : model.dependencies) {
        dependencies.push_back({{"name", dependency.name},
                                {"model_id", dependency.model_id},
                                {"model_package_id", dependency.model_package_id}});
    }
    Json packages = Json::array();
    for (const PackageMetadata& package : model.packages) packages.push_back(json_of(package));
    return {{"model_id", model.model_id},
            {"weights_provider", model.weights_provider},
            {"architecture", model.architecture},
            {"variant", model.variant},
            {"task_type", model.task_type},
            {"dependencies", std::move(dependencies)},
            {"recommended_parameters",
             {{"confidence", json_of(model.recommended_parameters.confidence)},
              {"per_class_confidence", Json(model.recommended_parameters.per_class_confidence)}}},
            {"packages", std::move(packages)},
            {"notes", Json(model.notes)}};
}

/// Texts come from a provider; what is not UTF-8 in them is replaced, since JSON has no other texts.
std::string text_of(const Json& document) {
    return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const ModelMetadata& model) {
    return text_of(json_of(model));
}

std::string to_json(const ModelMetadata& model, const PackageMetadata& package) {
    Json document{{"model_id", model.model_id}};
    document.update(json_of(package));
    return text_of(document);
}

}  // namespace inference_models
