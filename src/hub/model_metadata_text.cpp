#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <inference_models/error.hpp>
#include <inference_models/model_metadata.hpp>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/byte_size.hpp"
#include "common/text_table.hpp"
#include "hub/public_url.hpp"

namespace inference_models {
namespace {

constexpr std::string_view kNotStated = "-";
constexpr std::string_view kUnknown = "?";

std::string or_dash(std::string_view text) {
    return std::string(text.empty() ? kNotStated : text);
}

std::string yes_or_no(bool value) {
    return value ? "yes" : "no";
}

std::string told(const BatchRule& batch) {
    if (!batch.max) return batch.min == 1 ? "N" : fmt::format("{} or more", batch.min);
    return batch.min == *batch.max ? fmt::format("{}", batch.min) : fmt::format("{}..{}", batch.min, *batch.max);
}

std::string told(std::optional<std::uint64_t> bytes) {
    return bytes ? told_size(*bytes) : std::string(kUnknown);
}

std::string told(std::optional<Precision> quantization) {
    return std::string(quantization ? to_string(*quantization) : kNotStated);
}

/// Of all files; nothing where one of them has no known size, or where no files are stated.
std::optional<std::uint64_t> size_of(const PackageMetadata& package) {
    if (package.files.empty()) return std::nullopt;
    std::uint64_t sum = 0;
    for (const PackageFile& file : package.files) {
        if (!file.size_bytes || *file.size_bytes > std::numeric_limits<std::uint64_t>::max() - sum) return std::nullopt;
        sum += *file.size_bytes;
    }
    return sum;
}

std::string told(const ModelDependency& dependency) {
    const std::string package =
        dependency.model_package_id.empty() ? "" : fmt::format(", package {}", dependency.model_package_id);
    return fmt::format("{} ({}{})", dependency.name, dependency.model_id, package);
}

std::string told(const std::vector<ModelDependency>& dependencies) {
    std::vector<std::string> texts;
    std::ranges::transform(dependencies, std::back_inserter(texts),
                           [](const ModelDependency& dependency) { return told(dependency); });
    return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

std::string told(const RecommendedParameters& recommended) {
    std::string text = recommended.confidence ? fmt::format("{}", *recommended.confidence) : std::string(kNotStated);
    std::vector<std::string> classes;
    for (const auto& [name, confidence] : recommended.per_class_confidence) {
        classes.push_back(fmt::format("{} {}", name, confidence));
    }
    if (!classes.empty()) text += fmt::format("; by class: {}", fmt::join(classes, ", "));
    return text;
}

/// What is known, a line for each.
class Facts {
public:
    void add(std::string_view name, std::string value) { rows_.push_back({std::string(name), std::move(value)}); }
    void add_if_stated(std::string_view name, const std::string& value) {
        if (!value.empty()) add(name, value);
    }

    void append_to(std::string& text) const { append_table(text, rows_, {34}); }

private:
    std::vector<TableRow> rows_;
};

void add(Facts& facts, const OnnxFacts& onnx) {
    if (onnx.opset > 0) facts.add("opset", std::to_string(onnx.opset));
    if (onnx.ir_version > 0) facts.add("ONNX IR version", std::to_string(onnx.ir_version));
    facts.add_if_stated("incompatible providers", fmt::format("{}", fmt::join(onnx.incompatible_providers, ", ")));
}

std::string_view name_of(DeviceKind device) {
    return device == DeviceKind::cpu ? "cpu" : "cuda";
}

void add(Facts& facts, const TorchScriptFacts& torch) {
    std::vector<std::string_view> devices;
    std::ranges::transform(torch.supported_devices, std::back_inserter(devices), name_of);
    facts.add_if_stated("supported devices", fmt::format("{}", fmt::join(devices, ", ")));
    facts.add_if_stated("torch version", torch.torch_version);
    facts.add_if_stated("torchvision version", torch.torchvision_version);
}

void add(Facts& facts, const TensorRtFacts& tensorrt) {
    facts.add_if_stated("TensorRT version", tensorrt.tensorrt_version);
    facts.add_if_stated("CUDA version", tensorrt.cuda_version);
    facts.add_if_stated("driver version", tensorrt.driver_version);
    facts.add_if_stated("system", tensorrt.os_version);
    facts.add_if_stated("GPU", tensorrt.device_name);
    facts.add_if_stated("compute capability", tensorrt.compute_capability);
    facts.add("same compute capability suffices", yes_or_no(tensorrt.same_compute_capability_compatible));
    facts.add("runs on newer TensorRT", yes_or_no(tensorrt.forward_compatible));
    facts.add("lean runtime excluded", yes_or_no(tensorrt.lean_runtime_excluded));
    facts.add_if_stated("Jetson's L4T", tensorrt.jetson_l4t_version.value_or(""));
    facts.add_if_stated("Jetson module", tensorrt.jetson_module);
}

void add(Facts& facts, const FusedNms& nms) {
    std::vector<std::string> parameters;
    if (nms.max_detections) parameters.push_back(fmt::format("at most {} detections", *nms.max_detections));
    if (nms.confidence_threshold) parameters.push_back(fmt::format("confidence {}", *nms.confidence_threshold));
    if (nms.iou_threshold) parameters.push_back(fmt::format("IoU {}", *nms.iou_threshold));
    if (nms.class_agnostic) parameters.emplace_back(*nms.class_agnostic ? "over all classes" : "for each class");
    facts.add("NMS in the network", parameters.empty() ? "yes" : fmt::format("{}", fmt::join(parameters, ", ")));
}

std::string origin_and_hashes(const PackageFile& file) {
    std::string text;
    if (!file.sha256.empty()) text += fmt::format("sha256 {} ", file.sha256);
    if (!file.md5.empty()) text += fmt::format("md5 {} ", file.md5);
    if (text.empty()) text = "no hash ";
    return text + hub::public_url(file.download_url);
}

void append_files(std::string& text, const std::vector<PackageFile>& files) {
    if (files.empty()) return;
    std::vector<TableRow> rows{{"file", "size", "hashes and origin"}};
    for (const PackageFile& file : files) {
        rows.push_back({file.handle, told(file.size_bytes), origin_and_hashes(file)});
    }
    text += '\n';
    append_table(text, std::move(rows), {32, 10});
}

}  // namespace

std::string to_text(const ModelMetadata& model) {
    Facts facts;
    facts.add("model id", model.model_id);
    facts.add("architecture", or_dash(model.architecture));
    facts.add("variant", or_dash(model.variant));
    facts.add("task", or_dash(model.task_type));
    facts.add("weights provider", or_dash(model.weights_provider));
    facts.add("packages", std::to_string(model.packages.size()));
    facts.add("dependencies", told(model.dependencies));
    facts.add("recommended confidence", told(model.recommended_parameters));
    std::string text;
    facts.append_to(text);

    if (!model.packages.empty()) {
        std::vector<TableRow> rows{{"package", "format", "batch", "quantization", "size", "trusted"}};
        for (const PackageMetadata& package : model.packages) {
            rows.push_back({package.id, std::string(to_string(package.format)), told(package.batch),
                            told(package.quantization), told(size_of(package)), yes_or_no(package.trusted_source)});
        }
        text += '\n';
        append_table(text, std::move(rows), {40, 12, 20, 12, 10});
    }
    if (!model.notes.empty()) text += '\n';
    for (const std::string& note : model.notes) append_wrapped(text, note, "Note: ", "      ");
    return text;
}

const PackageMetadata& package_of(const ModelMetadata& model, const std::string& package_id) {
    const auto found = std::ranges::find(model.packages, package_id, &PackageMetadata::id);
    if (found != model.packages.end()) return *found;
    std::vector<std::string_view> ids;
    std::ranges::transform(model.packages, std::back_inserter(ids),
                           [](const PackageMetadata& package) { return std::string_view(package.id); });
    throw Error(ErrorKind::invalid_argument, "package_id",
                fmt::format("{} has no package `{}`", model.model_id, package_id),
                ids.empty() ? "The model has no packages at all." : fmt::format("It has: {}.", fmt::join(ids, ", ")));
}

std::string to_text(const ModelMetadata& model, const PackageMetadata& package) {
    Facts facts;
    facts.add("model id", model.model_id);
    facts.add("package", package.id);
    facts.add("format", std::string(to_string(package.format)));
    facts.add("quantization", told(package.quantization));
    facts.add("batch", told(package.batch));
    facts.add("size", told(size_of(package)));
    facts.add("trusted", yes_or_no(package.trusted_source));
    if (package.onnx) add(facts, *package.onnx);
    if (package.torch_script) add(facts, *package.torch_script);
    if (package.tensorrt) add(facts, *package.tensorrt);
    if (package.fused_nms) add(facts, *package.fused_nms);
    for (const auto& [name, value] : package.features) facts.add(fmt::format("feature {}", name), value);
    std::string text;
    facts.append_to(text);
    append_files(text, package.files);
    return text;
}

}  // namespace inference_models
