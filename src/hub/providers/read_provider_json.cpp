#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <inference_models/weights_provider.hpp>
#include <set>
#include <span>
#include <utility>

#include "common/printable.hpp"
#include "formats/file_kind.hpp"
#include "formats/json_reader.hpp"
#include "formats/limits.hpp"
#include "formats/model_config.hpp"
#include "formats/model_features.hpp"
#include "formats/text.hpp"
#include "hub/checked_names.hpp"
#include "hub/providers/provider_json.hpp"
#include "hub/providers/provider_json_types.hpp"

namespace inference_models::hub {
namespace {

using formats::JsonValue;

constexpr std::size_t kLongestText = 1024;     ///< in bytes
constexpr std::size_t kMostPackages = 10'000;  ///< of a page
constexpr std::size_t kMostFiles = 1'000;      ///< of a package
constexpr std::size_t kMostDependencies = 100;
constexpr std::int64_t kLargestFile = std::int64_t{1} << 44U;  ///< 16 TiB
constexpr std::int64_t kNewestOperatorSet = 100'000;           ///< opset and IR version: far beyond any

std::string short_text(const JsonValue& field) {
    const std::string& text = field.text();
    if (text.size() > kLongestText) {
        throw field.error(fmt::format("has {} bytes; at most {} are read", text.size(), kLongestText));
    }
    return text;
}

std::string text_or_empty(const JsonValue& object, std::string_view name) {
    const auto field = object.find(name);
    return field ? short_text(*field) : std::string();
}

bool true_or_absent(const JsonValue& object, std::string_view name) {
    const auto field = object.find(name);
    return field && field->boolean();
}

std::vector<JsonValue> at_most(const JsonValue& list, std::size_t most) {
    std::vector<JsonValue> elements = list.elements();
    if (elements.size() > most) {
        throw list.error(fmt::format("has {} elements; at most {} are read", elements.size(), most));
    }
    return elements;
}

double fraction(const JsonValue& field) {
    const double number = field.number();
    if (!(number >= 0 && number <= 1)) throw field.error(fmt::format("is {}; it must be 0 to 1", number));
    return number;
}

void expect_type(const JsonValue& object, std::string_view wanted) {
    const JsonValue type = object.at("type");
    if (type.text() != wanted) {
        throw type.error(fmt::format("is `{}`, which this version does not know; it knows `{}`",
                                     printable(short_text(type)), wanted));
    }
}

// --- Files

std::string digest_or_empty(const JsonValue& object, std::string_view name, std::size_t digits) {
    const auto field = object.find(name);
    if (!field) return {};
    const std::string digest = formats::lowered(short_text(*field));
    if (digest.size() != digits || digest.find_first_not_of("0123456789abcdef") != std::string::npos) {
        throw field->error(fmt::format("is not {} hexadecimal digits", digits));
    }
    return digest;
}

PackageFile read_file(const JsonValue& object) {
    const JsonValue handle = object.at("fileHandle");
    if (!is_file_handle(handle.text())) {
        throw handle.error(
            fmt::format("is `{}`, which is no place inside of a package", printable(short_text(handle))));
    }
    const JsonValue url = object.at("downloadUrl");
    if (!is_http_url(url.text())) throw url.error("is not an http or https address");
    PackageFile file;
    file.handle = handle.text();
    file.download_url = url.text();
    file.md5 = digest_or_empty(object, "md5Hash", 32);
    file.sha256 = digest_or_empty(object, "sha256Hash", 64);
    if (const auto size = object.find("sizeBytes")) {
        file.size_bytes = static_cast<std::uint64_t>(size->integer(0, kLargestFile));
    }
    return file;
}

std::vector<PackageFile> read_files(const JsonValue& list) {
    std::vector<PackageFile> files;
    std::set<std::string> handles;
    for (const JsonValue& element : at_most(list, kMostFiles)) {
        files.push_back(read_file(element));
        if (!handles.insert(files.back().handle).second) {
            throw element.error(fmt::format("is a second file called `{}`", files.back().handle));
        }
    }
    if (files.empty()) throw list.error("is empty: the package has no files");
    return files;
}

// --- What a package is

bool has_batch_of_its_own(PackageFormat format) {
    return format != PackageFormat::hugging_face && format != PackageFormat::ultralytics;
}

std::int64_t read_count(const JsonValue& field) {
    return field.integer(1, formats::kLargestBatch);
}

/// How many images a dynamic batch may have. Only TensorRT engines need bounds.
BatchRule read_bounds(const JsonValue& manifest, PackageFormat format) {
    const auto count = [&](std::string_view name) -> std::optional<std::int64_t> {
        const auto field = format == PackageFormat::trt_engine ? manifest.at(name) : manifest.find(name);
        return field ? std::optional(read_count(*field)) : std::nullopt;
    };
    const auto least = count("minBatchSize");
    const auto best = count("optBatchSize");
    const auto most = count("maxBatchSize");
    const BatchRule rule{.min = least.value_or(1), .max = most};
    const std::int64_t middle = best.value_or(rule.min);
    if (middle < rule.min || (rule.max && *rule.max < middle)) {
        throw manifest.error(
            "has batch sizes that contradict each other: it must be minBatchSize <= optBatchSize <= "
            "maxBatchSize");
    }
    return rule;
}

BatchRule read_batch(const JsonValue& manifest, PackageFormat format) {
    const bool dynamic = true_or_absent(manifest, "dynamicBatchSize");
    const auto fixed = manifest.find("staticBatchSize");
    if (dynamic && fixed) throw fixed->error("contradicts dynamicBatchSize, which is true");
    if (dynamic) return read_bounds(manifest, format);
    if (fixed) return {.min = read_count(*fixed), .max = read_count(*fixed)};
    if (has_batch_of_its_own(format)) throw manifest.error("has neither dynamicBatchSize nor a staticBatchSize");
    return {.min = 1, .max = std::nullopt};
}

OnnxFacts read_onnx(const JsonValue& manifest) {
    const auto version = [&](std::string_view name) {
        const auto field = manifest.find(name);
        return field ? field->integer(0, kNewestOperatorSet) : 0;
    };
    OnnxFacts facts;
    facts.ir_version = version("irVersion");
    facts.opset = version("opset");
    if (const auto providers = manifest.find("incompatibleProviders")) {
        for (const JsonValue& name : providers->elements()) facts.incompatible_providers.push_back(short_text(name));
    }
    return facts;
}

/// Devices that we do not know, `mps` for one, make no package unusable.
std::vector<DeviceKind> read_devices(const JsonValue& list) {
    std::vector<DeviceKind> devices;
    std::vector<std::string> unknown;
    for (const JsonValue& device : list.elements()) {
        const std::string name = short_text(device);
        if (name == "cpu") {
            devices.push_back(DeviceKind::cpu);
        } else if (name == "cuda") {
            devices.push_back(DeviceKind::cuda);
        } else {
            unknown.push_back(printable(name));
        }
    }
    if (devices.empty() && !unknown.empty()) {
        throw list.error(
            fmt::format("names only devices that this version does not know: {}", fmt::join(unknown, ", ")));
    }
    return devices;
}

TorchScriptFacts read_torch_script(const JsonValue& manifest) {
    TorchScriptFacts facts;
    if (const auto devices = manifest.find("supportedDeviceTypes")) facts.supported_devices = read_devices(*devices);
    facts.torch_version = text_or_empty(manifest, "torchVersion");
    facts.torchvision_version = text_or_empty(manifest, "torchVisionVersion");
    return facts;
}

void read_manifest(const JsonValue& manifest, const ManifestType& type, PackageMetadata& package) {
    const std::string stated_backend = text_or_empty(manifest, "backendType");
    if (!stated_backend.empty() && stated_backend != type.backend_type) {
        throw manifest.at("backendType")
            .error(fmt::format("is `{}`, which contradicts the type `{}`", printable(stated_backend), type.type));
    }
    package.format = type.format;
    if (const auto quantization = manifest.find("quantization")) {
        package.quantization = formats::read_quantization(*quantization);
    }
    package.batch = read_batch(manifest, type.format);
    if (type.format == PackageFormat::onnx) package.onnx = read_onnx(manifest);
    if (type.format == PackageFormat::torch_script) package.torch_script = read_torch_script(manifest);
    if (type.format == PackageFormat::trt_engine) package.tensorrt = formats::read_tensorrt_manifest(manifest);
}

// --- Packages

PackageMetadata read_package(const JsonValue& object, const JsonValue& manifest, const ManifestType& type) {
    PackageMetadata package;
    const JsonValue id = object.at("packageId");
    if (!is_package_id(id.text())) {
        throw id.error("is no package's id: one is made of letters, digits, `-`, `_` and `.`");
    }
    package.id = id.text();
    read_manifest(manifest, type, package);
    if (const auto field = object.find("modelFeatures")) {
        formats::ModelFeatures features = formats::read_model_features(*field);
        package.features = std::move(features.all);
        package.fused_nms = features.fused_nms;
    }
    package.trusted_source = true_or_absent(object, "trustedSource");
    package.files = read_files(object.at("packageFiles"));
    return package;
}

/// Nothing for a package that is not meant for us.
std::optional<PackageMetadata> find_package(const JsonValue& object) {
    expect_type(object, kPackageType);
    const JsonValue manifest = object.at("packageManifest");
    const JsonValue type = manifest.at("type");
    if (std::ranges::find(kIgnoredManifestTypes, type.text()) != kIgnoredManifestTypes.end()) return std::nullopt;
    const auto known = std::ranges::find(kManifestTypes, type.text(), &ManifestType::type);
    if (known == kManifestTypes.end()) {
        throw type.error(fmt::format("is `{}`, which this version does not know", printable(short_text(type))));
    }
    return read_package(object, manifest, *known);
}

/// What a note calls something that is perhaps not even an object.
std::string name_for_note(const JsonValue& element, std::string_view id_field) {
    try {
        return fmt::format(" `{}`", printable(short_text(element.at(id_field))));
    } catch (const Error&) {
        return {};
    }
}

void read_packages(const JsonValue& list, ModelMetadata& model) {
    std::set<std::string> ids;
    for (const JsonValue& element : at_most(list, kMostPackages)) {
        try {
            auto package = find_package(element);
            if (!package) continue;
            if (!ids.insert(package->id).second) throw element.error("is a second package with this id");
            model.packages.push_back(*std::move(package));
        } catch (const Error& error) {
            model.notes.push_back(
                fmt::format("package{} is left out: {}", name_for_note(element, "packageId"), error.message()));
        }
    }
}

// --- The model

ModelDependency read_dependency(const JsonValue& object) {
    expect_type(object, kDependencyType);
    ModelDependency dependency;
    dependency.name = short_text(object.at("name"));
    const JsonValue id = object.at("modelId");
    if (!is_model_id(id.text())) throw id.error("is no model's id");
    dependency.model_id = id.text();
    dependency.model_package_id = text_or_empty(object, "modelPackageId");
    if (!dependency.model_package_id.empty() && !is_package_id(dependency.model_package_id)) {
        throw object.at("modelPackageId").error("is no package's id");
    }
    return dependency;
}

void read_dependencies(const JsonValue& list, ModelMetadata& model) {
    for (const JsonValue& element : at_most(list, kMostDependencies)) {
        try {
            model.dependencies.push_back(read_dependency(element));
        } catch (const Error& error) {
            model.notes.push_back(
                fmt::format("dependency{} is left out: {}", name_for_note(element, "name"), error.message()));
        }
    }
}

RecommendedParameters read_recommended_parameters(const JsonValue& object) {
    RecommendedParameters parameters;
    if (const auto confidence = object.find("confidence")) parameters.confidence = fraction(*confidence);
    if (const auto per_class = object.find("perClassConfidence")) {
        const auto classes = per_class->members();
        if (classes.size() > formats::kMostClasses) throw per_class->error("names too many classes");
        for (const auto& [name, value] : classes) {
            if (name.size() > formats::kLongestClassName) throw value.error("belongs to a class with too long a name");
            parameters.per_class_confidence.emplace(name, fraction(value));
        }
    }
    return parameters;
}

/// Recommendations are no reason to refuse a model.
void read_recommendations(const JsonValue& object, ModelMetadata& model) {
    try {
        model.recommended_parameters = read_recommended_parameters(object);
    } catch (const Error& error) {
        model.notes.push_back(fmt::format("the recommended parameters are left out: {}", error.message()));
    }
}

std::string read_model_id(const JsonValue& field) {
    if (!is_model_id(field.text())) throw field.error("is no model's id");
    return field.text();
}

std::string read_architecture(const JsonValue& field) {
    if (field.text().empty()) throw field.error("is empty");
    return short_text(field);
}

MetadataPage read_page(const JsonValue& object) {
    expect_type(object, kModelType);
    MetadataPage page;
    page.model.model_id = read_model_id(object.at("modelId"));
    page.model.architecture = read_architecture(object.at("modelArchitecture"));
    page.model.variant = text_or_empty(object, "modelVariant");
    page.model.task_type = text_or_empty(object, "taskType");
    if (const auto list = object.find("modelDependencies")) read_dependencies(*list, page.model);
    if (const auto parameters = object.find("recommendedParameters")) read_recommendations(*parameters, page.model);
    read_packages(object.at("modelPackages"), page.model);
    if (std::string next = text_or_empty(object, "nextPage"); !next.empty()) page.next_page = std::move(next);
    return page;
}

// --- The whole text

Error no_sense(const std::string& source, std::string message) {
    return {ErrorKind::retrieval_failure, source, std::move(message),
            "Whatever answers there does not speak the protocol of Roboflow's weights API, or a proxy has changed what "
            "it said. Try again later, or ask whoever runs it."};
}

/// The usual guests in place of JSON.
void expect_no_page(std::string_view text, const std::string& source) {
    const formats::FileKind kind = formats::recognise(std::as_bytes(std::span(text)));
    if (kind == formats::FileKind::empty) throw no_sense(source, fmt::format("{} is empty", source));
    if (kind != formats::FileKind::html && kind != formats::FileKind::xml) return;
    throw Error(ErrorKind::retrieval_failure, source,
                fmt::format("{} is not JSON, but {}", source, formats::name_of(kind)),
                "A proxy, a login page or another server has answered in the provider's place. Open the address in a "
                "browser to see what it says, and check ROBOFLOW_API_HOST and the proxy's settings.");
}

/// Some servers say with status 200 that something went wrong.
std::string what_it_says_instead(const JsonValue& root) {
    for (const std::string_view name : {"error", "message", "detail"}) {
        const std::string said = name_for_note(root, name);
        if (!said.empty()) return fmt::format("; it says{}", said);
    }
    return {};
}

}  // namespace

MetadataPage read_metadata_page(std::string_view text, const std::string& source) {
    if (text.size() > formats::kLargestTextFile) {
        throw no_sense(source, fmt::format("{} has {} bytes; at most {} are read", source, text.size(),
                                           formats::kLargestTextFile));
    }
    expect_no_page(text, source);
    try {
        const JsonValue root = formats::parse_json(text, source);
        const auto model = root.find("modelMetadata");
        if (!model) {
            throw no_sense(source, fmt::format("{} has no `modelMetadata`{}", source, what_it_says_instead(root)));
        }
        return read_page(*model);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::retrieval_failure) throw;
        throw no_sense(error.subject(), error.message());
    }
}

}  // namespace inference_models::hub

namespace inference_models {

ModelMetadata model_metadata_from_json(std::string_view text, const std::string& source) {
    return hub::read_metadata_page(text, source).model;
}

}  // namespace inference_models
