#include "hub/choice_key.hpp"

#include <nlohmann/json.hpp>

#include "hub/digest.hpp"
#include "hub/providers/provider_json.hpp"

namespace inference_models::hub {
namespace {

using nlohmann::json;

template <class Value>
json texts(const std::vector<Value>& values) {
    json list = json::array();
    for (const Value& value : values) list.push_back(to_string(value));
    return list;
}

template <class Value>
json or_null(const std::optional<Value>& value) {
    return value ? json(*value) : json();
}

template <class Number>
json or_null(const std::optional<AcceptedRange<Number>>& range) {
    return range ? json{range->min, range->max} : json();
}

json preferences(const std::optional<NmsFusionPreferences>& preferences) {
    if (!preferences) return {};
    return {or_null(preferences->max_detections), or_null(preferences->confidence_threshold),
            or_null(preferences->iou_threshold), or_null(preferences->class_agnostic)};
}

json request(const LoadOptions& options) {
    json providers = json::array();
    for (const ExecutionProvider& each : options.onnx_execution_providers) {
        providers.push_back({each.name, each.options});
    }
    return {{"backends", texts(options.backends)},
            {"model_package_id", options.model_package_id},
            {"quantization", texts(options.quantization)},
            {"goal", to_string(options.goal)},
            {"precision", options.precision ? json(to_string(*options.precision)) : json()},
            {"device", options.device ? json(to_string(*options.device)) : json()},
            {"batch_size", or_null(options.batch_size)},
            {"image_size", options.image_size ? json{options.image_size->height, options.image_size->width} : json()},
            {"rect", options.rect},
            {"onnx_execution_providers", std::move(providers)},
            {"threads", or_null(options.threads)},
            {"nms_fusion_preferences", preferences(options.nms_fusion_preferences)},
            {"required_model_features", options.required_model_features},
            {"trt_engine_host_code_allowed", options.trt_engine_host_code_allowed},
            {"max_package_loading_attempts", or_null(options.max_package_loading_attempts)},
            {"allow_untrusted_packages", options.allow_untrusted_packages},
            {"verify_hash_while_download", options.verify_hash_while_download},
            {"download_files_without_hash", options.download_files_without_hash}};
}

/// Without what changes from one minute to the next, or only tells where something was looked for.
std::string lasting_facts(RuntimeDescription machine) {
    machine.memory = {};
    for (EngineRuntime& engine : machine.engines) engine.searched.clear();
    return to_json(machine);
}

/// Without URLs, which a provider signs anew each time.
std::string lasting_facts(ModelMetadata model) {
    for (PackageMetadata& package : model.packages) {
        for (PackageFile& file : package.files) file.download_url = "https://host/";
    }
    return write_metadata_page({std::move(model), std::nullopt});
}

json measured(std::span<const selection::Figures> figures) {
    json list = json::array();
    for (const selection::Figures& each : figures) {
        list.push_back({each.package_id, to_string(each.engine), to_string(each.device), to_string(each.precision),
                        to_string(each.verdict), each.latency_ms, each.startup_ms, each.memory_mib,
                        or_null(each.images_per_second)});
    }
    return list;
}

}  // namespace

std::string choice_key(const FoundModel& found, const LoadOptions& options, const RuntimeDescription& machine,
                       std::span<const selection::Figures> figures) {
    const RemoteModel& model = *found.remote;
    json compiled = json::array();
    for (const formats::Package& package : found.listing.packages) {
        if (package.made_from) compiled.push_back(package.id);
    }
    const json all{{"provider", model.key.provider},
                   {"host", model.key.host},
                   {"model_id", model.key.model_id},
                   {"credential", model.credential},
                   {"request", request(options)},
                   {"machine", lasting_facts(machine)},
                   {"model", lasting_facts(model.metadata)},
                   {"compiled", std::move(compiled)},
                   {"figures", measured(figures)}};
    return sha256(all.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace inference_models::hub
