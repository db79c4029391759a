#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "formats/model_config.hpp"
#include "formats/model_features.hpp"
#include "hub/providers/provider_json.hpp"
#include "hub/providers/provider_json_types.hpp"

namespace inference_models::hub {
namespace {

using Json = nlohmann::ordered_json;

void set_if_stated(Json& object, const char* name, const std::string& text) {
    if (!text.empty()) object[name] = text;
}

template <class Value>
void set_if_stated(Json& object, const char* name, const std::optional<Value>& value) {
    if (value) object[name] = *value;
}

Json json_of(const PackageFile& file) {
    Json object{{"fileHandle", file.handle}, {"downloadUrl", file.download_url}};
    set_if_stated(object, "md5Hash", file.md5);
    set_if_stated(object, "sha256Hash", file.sha256);
    set_if_stated(object, "sizeBytes", file.size_bytes);
    return object;
}

Json json_of(const PackageMetadata& package);
Json json_of(const ModelDependency& dependency);

template <class Item>
Json list_of(const std::vector<Item>& items) {
    Json list = Json::array();
    for (const Item& item : items) list.push_back(json_of(item));
    return list;
}

/// A TensorRT engine's best batch size is not known; the largest is what engines are mostly made for.
void set_batch(Json& manifest, const BatchRule& batch, PackageFormat format) {
    const bool is_fixed = batch.max == batch.min;
    manifest["dynamicBatchSize"] = !is_fixed;
    if (is_fixed) {
        manifest["staticBatchSize"] = batch.min;
        return;
    }
    if (batch.min != 1 || format == PackageFormat::trt_engine) manifest["minBatchSize"] = batch.min;
    if (format == PackageFormat::trt_engine) set_if_stated(manifest, "optBatchSize", batch.max);
    set_if_stated(manifest, "maxBatchSize", batch.max);
}

void set_facts(Json& manifest, const OnnxFacts& facts) {
    manifest["opset"] = facts.opset;
    if (facts.ir_version != 0) manifest["irVersion"] = facts.ir_version;
    if (!facts.incompatible_providers.empty()) manifest["incompatibleProviders"] = facts.incompatible_providers;
}

void set_facts(Json& manifest, const TorchScriptFacts& facts) {
    Json devices = Json::array();
    for (const DeviceKind kind : facts.supported_devices) devices.push_back(to_string(kind));
    manifest["supportedDeviceTypes"] = std::move(devices);
    manifest["torchVersion"] = facts.torch_version;
    set_if_stated(manifest, "torchVisionVersion", facts.torchvision_version);
}

void set_facts(Json& manifest, const TensorRtFacts& facts) {
    constexpr const formats::TensorRtKeys& keys = formats::kTensorRtManifestKeys;
    manifest[keys.device_name] = facts.device_name;
    manifest[keys.compute_capability] = facts.compute_capability;
    manifest[keys.cuda_version] = facts.cuda_version;
    manifest[keys.tensorrt_version] = facts.tensorrt_version;
    manifest[keys.same_compute_capability_compatible] = facts.same_compute_capability_compatible;
    manifest[keys.forward_compatible] = facts.forward_compatible;
    manifest[keys.lean_runtime_excluded] = facts.lean_runtime_excluded;
    const bool is_jetson = facts.jetson_l4t_version.has_value();
    Json specs{{"type", is_jetson ? kJetsonSpecsType : kServerSpecsType}};
    specs[keys.driver_version] = facts.driver_version;
    if (is_jetson) {
        specs[keys.l4t_version] = *facts.jetson_l4t_version;
        specs[keys.module_name] = facts.jetson_module;
    } else {
        specs[keys.os_version] = facts.os_version;
    }
    manifest[keys.machine_type] = is_jetson ? "jetson" : "gpu-server";
    manifest[keys.machine_specs] = std::move(specs);
}

Json manifest_of(const PackageMetadata& package) {
    const auto& type = *std::ranges::find(kManifestTypes, package.format, &ManifestType::format);
    Json manifest{{"type", type.type},
                  {"backendType", type.backend_type},
                  {"quantization", package.quantization ? to_string(*package.quantization) : "unknown"}};
    set_batch(manifest, package.batch, package.format);
    if (package.format == PackageFormat::onnx) set_facts(manifest, package.onnx.value_or(OnnxFacts{}));
    if (package.format == PackageFormat::torch_script) {
        set_facts(manifest, package.torch_script.value_or(TorchScriptFacts{}));
    }
    if (package.format == PackageFormat::trt_engine) set_facts(manifest, package.tensorrt.value_or(TensorRtFacts{}));
    return manifest;
}

Json json_of(const FusedNms& nms) {
    Json object = Json::object();
    set_if_stated(object, "max_detections", nms.max_detections);
    set_if_stated(object, "confidence_threshold", nms.confidence_threshold);
    set_if_stated(object, "iou_threshold", nms.iou_threshold);
    set_if_stated(object, "class_agnostic", nms.class_agnostic);
    return object.empty() ? Json(true) : object;
}

/// A value as JSON, without what is nested deeper than any reader follows; as a text where it is no JSON.
Json value_of_feature(const std::string& text) {
    constexpr int kDeepest = 32;
    const auto is_shallow = [](int depth, Json::parse_event_t, const Json&) { return depth <= kDeepest; };
    const Json value = Json::parse(text, is_shallow, false);
    return value.is_discarded() ? Json(text) : value;
}

Json features_of(const PackageMetadata& package) {
    Json features = Json::object();
    for (const auto& [name, text] : package.features) features[name] = value_of_feature(text);
    const std::string fused(formats::kFusedNmsFeature);
    if (package.fused_nms && !features.contains(fused)) features[fused] = json_of(*package.fused_nms);
    return features;
}

Json json_of(const PackageMetadata& package) {
    Json object{{"type", kPackageType},
                {"packageId", package.id},
                {"packageManifest", manifest_of(package)},
                {"trustedSource", package.trusted_source}};
    if (Json features = features_of(package); !features.empty()) object["modelFeatures"] = std::move(features);
    object["packageFiles"] = list_of(package.files);
    return object;
}

Json json_of(const ModelDependency& dependency) {
    Json object{{"type", kDependencyType}, {"name", dependency.name}, {"modelId", dependency.model_id}};
    set_if_stated(object, "modelPackageId", dependency.model_package_id);
    return object;
}

Json json_of(const RecommendedParameters& parameters) {
    Json object = Json::object();
    set_if_stated(object, "confidence", parameters.confidence);
    if (!parameters.per_class_confidence.empty()) object["perClassConfidence"] = parameters.per_class_confidence;
    return object;
}

}  // namespace

std::string write_metadata_page(const MetadataPage& page) {
    const ModelMetadata& model = page.model;
    Json object{{"type", kModelType}, {"modelId", model.model_id}, {"modelArchitecture", model.architecture}};
    set_if_stated(object, "modelVariant", model.variant);
    set_if_stated(object, "taskType", model.task_type);
    if (!model.dependencies.empty()) object["modelDependencies"] = list_of(model.dependencies);
    if (Json parameters = json_of(model.recommended_parameters); !parameters.empty()) {
        object["recommendedParameters"] = std::move(parameters);
    }
    object["modelPackages"] = list_of(model.packages);
    set_if_stated(object, "nextPage", page.next_page);
    // Bytes that are no UTF-8 become U+FFFD: a model may come from the code of a user.
    return Json{{"modelMetadata", std::move(object)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace inference_models::hub
