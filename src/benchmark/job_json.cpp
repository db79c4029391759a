#include "benchmark/job_json.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "formats/json_reader.hpp"
#include "formats/limits.hpp"

namespace inference_models::benchmark {
namespace {

using formats::JsonValue;
using Json = nlohmann::ordered_json;

constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();

std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A value of the product's own words.
template <class Parse>
auto parsed(const JsonValue& value, Parse parse) {
    const auto known = parse(value.text());
    if (!known) throw value.error("is not known");
    return *known;
}

std::uint32_t count_of(const JsonValue& value, std::int64_t least = 1) {
    return static_cast<std::uint32_t>(value.integer(least, kMost));
}

// --- What is loaded, and how -----------------------------------------------------------------------------------------

Json json_of(ImageSize size) {
    return {{"height", size.height}, {"width", size.width}};
}

ImageSize read_size(const JsonValue& value) {
    return {.width = static_cast<std::int32_t>(value.at("width").integer(1, kMost)),
            .height = static_cast<std::int32_t>(value.at("height").integer(1, kMost))};
}

/// What matters of one candidate: which it is, and what it is loaded with.
Json json_of(const LoadOptions& load) {
    Json providers = Json::array();
    for (const ExecutionProvider& each : load.onnx_execution_providers) {
        providers.push_back({{"name", each.name}, {"options", each.options}});
    }
    Json json{{"model_package_id", load.model_package_id},
              {"backend", to_string(load.backends.front())},
              {"rect", load.rect},
              {"trt_engine_host_code_allowed", load.trt_engine_host_code_allowed},
              {"onnx_execution_providers", std::move(providers)}};
    if (load.precision) json["precision"] = to_string(*load.precision);
    if (load.device) json["device"] = to_string(*load.device);
    if (load.threads) json["threads"] = *load.threads;
    if (load.image_size) json["image_size"] = json_of(*load.image_size);
    if (load.batch_size) json["batch_size"] = {{"min", load.batch_size->min}, {"max", load.batch_size->max}};
    return json;
}

LoadOptions read_load(const JsonValue& value) {
    LoadOptions load;
    load.model_package_id = value.at("model_package_id").text();
    load.backends = {parsed(value.at("backend"), parse_backend_type)};
    load.rect = value.at("rect").boolean();
    load.trt_engine_host_code_allowed = value.at("trt_engine_host_code_allowed").boolean();
    for (const JsonValue& each : value.at("onnx_execution_providers").elements()) {
        ExecutionProvider& provider = load.onnx_execution_providers.emplace_back();
        provider.name = each.at("name").text();
        for (const auto& [name, option] : each.at("options").members()) provider.options[name] = option.text();
    }
    if (const auto precision = value.find("precision")) load.precision = parsed(*precision, parse_requested_precision);
    if (const auto device = value.find("device")) load.device = parsed(*device, parse_device);
    if (const auto threads = value.find("threads")) load.threads = count_of(*threads);
    if (const auto size = value.find("image_size")) load.image_size = read_size(*size);
    if (const auto batch = value.find("batch_size")) {
        const std::int64_t least = batch->at("min").integer(1, formats::kLargestBatch);
        load.batch_size = {.min = least, .max = batch->at("max").integer(least, formats::kLargestBatch)};
    }
    return load;
}

Json json_of(const ObjectDetectionOptions& detection) {
    return {{"confidence", detection.confidence},
            {"iou_threshold", detection.iou_threshold},
            {"max_detections", detection.max_detections},
            {"class_agnostic_nms", detection.class_agnostic_nms}};
}

ObjectDetectionOptions read_detection(const JsonValue& value) {
    return {.confidence = static_cast<float>(value.at("confidence").number()),
            .iou_threshold = value.at("iou_threshold").number(),
            .max_detections = static_cast<std::int32_t>(value.at("max_detections").integer(1, kMost)),
            .class_agnostic_nms = value.at("class_agnostic_nms").boolean()};
}

// --- What is answered ------------------------------------------------------------------------------------------------

Json json_of(const Detections& found) {
    Json boxes = Json::array();
    for (const Box& box : found.xyxy) boxes.push_back({box.x_min, box.y_min, box.x_max, box.y_max});
    return {{"xyxy", std::move(boxes)}, {"class_id", found.class_id}, {"confidence", found.confidence}};
}

float read_float(const JsonValue& value) {
    return static_cast<float>(value.number());
}

Detections read_found(const JsonValue& value) {
    Detections found;
    for (const JsonValue& each : value.at("xyxy").elements()) {
        const auto sides = each.elements();
        if (sides.size() != 4) throw each.error("is no box of four numbers");
        found.xyxy.push_back({read_float(sides[0]), read_float(sides[1]), read_float(sides[2]), read_float(sides[3])});
    }
    for (const JsonValue& each : value.at("class_id").elements()) {
        found.class_id.push_back(static_cast<std::int32_t>(each.integer(0, kMost)));
    }
    for (const JsonValue& each : value.at("confidence").elements()) found.confidence.push_back(read_float(each));
    if (found.class_id.size() == found.xyxy.size() && found.confidence.size() == found.xyxy.size()) return found;
    throw value.error("has not a class and a confidence for each box");
}

Json json_of(const LoadedAs& model) {
    return {{"package_id", model.package_id},
            {"backend", to_string(model.backend)},
            {"engine", to_string(model.engine)},
            {"runtime_version", model.runtime_version},
            {"device", to_string(model.device)},
            {"precision", to_string(model.precision)},
            {"threads", model.threads},
            {"max_batch_size", model.max_batch_size},
            {"network_input", json_of(model.network_input)},
            {"class_names", model.class_names}};
}

LoadedAs read_model(const JsonValue& value) {
    LoadedAs model;
    model.package_id = value.at("package_id").text();
    model.backend = parsed(value.at("backend"), parse_backend_type);
    model.engine = parsed(value.at("engine"), parse_engine);
    model.runtime_version = value.at("runtime_version").text();
    model.device = parsed(value.at("device"), parse_device);
    model.precision = parsed(value.at("precision"), parse_precision);
    model.threads = count_of(value.at("threads"));
    model.max_batch_size = value.at("max_batch_size").integer(1, formats::kLargestBatch);
    model.network_input = read_size(value.at("network_input"));
    for (const JsonValue& name : value.at("class_names").elements()) model.class_names.push_back(name.text());
    return model;
}

std::chrono::nanoseconds read_time(const JsonValue& value) {
    return std::chrono::nanoseconds(value.integer(0, std::numeric_limits<std::int64_t>::max()));
}

/// Empty where a peer does not tell.
std::vector<double> read_times(const JsonValue& root, std::string_view name) {
    std::vector<double> times;
    const auto value = root.find(name);
    if (!value) return times;
    for (const JsonValue& each : value->elements()) times.push_back(each.number());
    return times;
}

Error read_error(const JsonValue& error) {
    constexpr std::array kKinds{ErrorKind::invalid_argument,
                                ErrorKind::no_usable_backend,
                                ErrorKind::model_not_found,
                                ErrorKind::corrupted_package,
                                ErrorKind::unsupported_model,
                                ErrorKind::engine_failure,
                                ErrorKind::invalid_output,
                                ErrorKind::io_failure,
                                ErrorKind::untrusted,
                                ErrorKind::invalid_image,
                                ErrorKind::invalid_environment_variable};
    const std::string& kind = error.at("kind").text();
    const auto* const known = std::ranges::find_if(kKinds, [&](ErrorKind each) { return to_string(each) == kind; });
    return {known == kKinds.end() ? ErrorKind::engine_failure : *known, error.at("subject").text(),
            error.at("message").text(), error.at("hint").text()};
}

}  // namespace

std::string to_json(const Job& job, const std::optional<PeerSettings>& peer) {
    Json images = Json::array();
    for (const ImageSize size : job.images) images.push_back(json_of(size));
    Json json{{"model", job.model.string()},
              {"detection", json_of(job.detection)},
              {"images", std::move(images)},
              {"instances", job.instances},
              {"batch", job.batch},
              {"measured_ms", job.measured.count()},
              {"finds_objects", job.finds_objects}};
    if (peer) {
        json["threads"] = peer->threads;
        json["network_input"] = {peer->network_input.height, peer->network_input.width};
        json["scratch"] = peer->scratch.string();
    } else {
        json["load"] = json_of(job.load);
    }
    return text_of(json);
}

Job read_job(std::string_view text) {
    const JsonValue root = formats::parse_json(text, "the job");
    Job job;
    job.model = root.at("model").text();
    job.load = read_load(root.at("load"));
    job.detection = read_detection(root.at("detection"));
    for (const JsonValue& size : root.at("images").elements()) job.images.push_back(read_size(size));
    job.instances = count_of(root.at("instances"));
    job.batch = count_of(root.at("batch"));
    job.measured = std::chrono::milliseconds(root.at("measured_ms").integer(0, kMost));
    job.finds_objects = root.at("finds_objects").boolean();
    return job;
}

std::string to_json(const JobResult& result) {
    Json found = Json::array();
    for (const Detections& each : result.found) found.push_back(json_of(each));
    return text_of({{"loading_ns", result.loading.count()},
                    {"loaded_ns", result.loaded.count()},
                    {"predicted_ns", result.predicted.count()},
                    {"warm_up", result.warm_up},
                    {"end_to_end_ms", result.end_to_end_ms},
                    {"pre_process_ms", result.pre_process_ms},
                    {"forward_ms", result.forward_ms},
                    {"post_process_ms", result.post_process_ms},
                    {"images_per_second", result.images_per_second},
                    {"peak_memory_mib", result.peak_memory_mib},
                    {"found", std::move(found)},
                    {"model", json_of(result.model)}});
}

std::string to_json(const Error& error) {
    return text_of({{"error",
                     {{"kind", to_string(error.kind())},
                      {"subject", error.subject()},
                      {"message", error.message()},
                      {"hint", error.hint()}}}});
}

JobResult read_result(std::string_view text, const std::string& source) {
    const JsonValue root = formats::parse_json(text, source);
    if (const auto error = root.find("error")) throw read_error(*error);
    JobResult result;
    result.loading = read_time(root.at("loading_ns"));
    result.loaded = read_time(root.at("loaded_ns"));
    result.predicted = read_time(root.at("predicted_ns"));
    result.warm_up = count_of(root.at("warm_up"), 0);
    result.end_to_end_ms = read_times(root, "end_to_end_ms");
    result.pre_process_ms = read_times(root, "pre_process_ms");
    result.forward_ms = read_times(root, "forward_ms");
    result.post_process_ms = read_times(root, "post_process_ms");
    result.images_per_second = root.at("images_per_second").number();
    result.peak_memory_mib = root.at("peak_memory_mib").number();
    for (const JsonValue& each : root.at("found").elements()) result.found.push_back(read_found(each));
    if (const auto model = root.find("model")) result.model = read_model(*model);
    if (const auto threads = root.find("threads")) result.model.threads = count_of(*threads, 0);  // a peer's
    return result;
}

}  // namespace inference_models::benchmark
