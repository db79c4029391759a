#include "formats/bare_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "common/mapped_file.hpp"
#include "formats/file_kind.hpp"
#include "formats/limits.hpp"
#include "formats/network_checks.hpp"
#include "formats/onnx_file.hpp"
#include "formats/package_files.hpp"
#include "formats/package_recipe.hpp"
#include "formats/text.hpp"
#include "formats/ultralytics_metadata.hpp"

namespace inference_models::formats {
namespace {

constexpr std::uint8_t kUltralyticsPadding = 114;

struct Ending {
    std::string_view ending;
    PackageFormat format;
};

/// In lower case; names are compared whatever their case.
constexpr std::array kEndings{
    Ending{".onnx", PackageFormat::onnx},       Ending{".pt", PackageFormat::ultralytics},
    Ending{".pth", PackageFormat::rf_detr},     Ending{".torchscript", PackageFormat::torch_script},
    Ending{".pt2", PackageFormat::pt2},         Ending{".engine", PackageFormat::trt_engine},
    Ending{".plan", PackageFormat::trt_engine}, Ending{".xml", PackageFormat::openvino_ir},
};

std::optional<PackageFormat> format_by_name(const std::filesystem::path& path) {
    const auto found = std::ranges::find(kEndings, lowered(path.extension().string()), &Ending::ending);
    return found == kEndings.end() ? std::nullopt : std::optional(found->format);
}

/// The format that the content shows. ONNX files begin like many others: they are what is left.
PackageFormat format_by_content(const std::filesystem::path& path) {
    const std::optional<PackageFormat> named = format_by_name(path);
    const MappedFile file(path);
    switch (recognise(file.bytes())) {
        case FileKind::torch_script: return PackageFormat::torch_script;
        case FileKind::torch_exported: return PackageFormat::pt2;
        case FileKind::torch_checkpoint:
            return named == PackageFormat::rf_detr ? PackageFormat::rf_detr : PackageFormat::ultralytics;
        case FileKind::tensorrt_engine: return PackageFormat::trt_engine;
        case FileKind::openvino_ir: return PackageFormat::openvino_ir;
        // Ultralytics puts a header of its own before an engine, so that nothing can be recognised.
        case FileKind::unknown:
            return named == PackageFormat::trt_engine ? PackageFormat::trt_engine : PackageFormat::onnx;
        default: return PackageFormat::onnx;
    }
}

struct PackagedAs {
    std::string_view weights;
    std::string_view backend_type;
};

/// How a format that says nothing about its model is packaged; none for those that hold what is needed.
std::optional<PackagedAs> packaged_as(PackageFormat format) {
    switch (format) {
        case PackageFormat::torch_script: return PackagedAs{"weights.torchscript", "torch-script"};
        case PackageFormat::trt_engine: return PackagedAs{"engine.plan", "trt"};
        case PackageFormat::openvino_ir: return PackagedAs{"weights.xml", "openvino"};
        default: return std::nullopt;
    }
}

std::string packaging_hint(const PackagedAs& packaged) {
    std::string hint = package_recipe(packaged.weights, packaged.backend_type);
    if (packaged.backend_type == "trt") hint += "\n  trt_config.json: {\"static_batch_size\": 1}";
    if (packaged.backend_type == "openvino") hint += "\n  weights.bin: the .bin file that belongs to it";
    return hint;
}

ImageSize network_size(const std::filesystem::path& path, const OnnxFile& network,
                       const UltralyticsMetadata& metadata) {
    const NetworkImage image = image_of(path, network);
    if ((!image.height || !image.width) && !metadata.image_size) {
        throw corrupted_file(path, "takes images of any size, and its metadata has no `imgsz` to choose one",
                             "Export the network again with a fixed size.");
    }
    const ImageSize stated = metadata.image_size.value_or(ImageSize{});
    const auto side = [&path](std::optional<std::int64_t> actual, std::int32_t otherwise) {
        if (actual.value_or(otherwise) <= kLargestNetworkSide)
            return static_cast<std::int32_t>(actual.value_or(otherwise));
        throw corrupted_file(
            path, fmt::format("takes images of {} pixels; at most {} are possible", *actual, kLargestNetworkSide));
    };
    return {.width = side(image.width, stated.width), .height = side(image.height, stated.height)};
}

/// Other sizes need an input without a height and a width, and a stride to choose them by.
SizeRule size_rule(const std::filesystem::path& path, const OnnxFile& network, const UltralyticsMetadata& metadata) {
    const NetworkImage image = image_of(path, network);
    return {.own = network_size(path, network, metadata),
            .stride = image.height || image.width ? std::nullopt : metadata.stride};
}

void describe_onnx(Package& package) {
    const OnnxFile network = read_onnx_file(package.path);
    package.onnx = OnnxFacts{network.ir_version, network.opset, {}};
    package.quantization = network.precision;
    // The metadata's batch is what was asked of the exporter, the graph is what came of it.
    const std::optional<std::int64_t> batch = fixed_batch_of(package.path, network);
    package.batch = {.min = batch.value_or(1), .max = batch};
    const UltralyticsMetadata metadata = read_ultralytics_metadata(package.path, network);
    package.architecture = metadata.architecture;
    package.task = metadata.task;
    package.sizes = size_rule(package.path, network, metadata);
}

/// As Ultralytics' own predictor prepares images for these tasks.
vision::PreProcessing letterbox(ImageSize size) {
    vision::PreProcessing rules;
    rules.resize_mode = vision::ResizeMode::letterbox;
    rules.letterbox_geometry = vision::LetterboxGeometry::round;
    rules.network_size = size;
    rules.padding_value = kUltralyticsPadding;
    rules.network_color = ColorFormat::rgb;
    rules.scaling_factor = 255.0F;
    return rules;
}

/// Whether NMS is in the network: the graph's own shape where it tells, else what the exporter was asked for.
bool has_fused_nms(const Package& package, const OnnxFile& network, const UltralyticsMetadata& metadata) {
    if (package.task != TaskType::object_detection) return metadata.fused_nms;
    if (answers_with_rows(network, metadata.class_names.size())) return true;
    const OnnxValue& output = network.outputs.front();
    if (metadata.fused_nms && output.size_of(2).has_value()) {
        throw corrupted_file(package.path,
                             fmt::format("has metadata that says NMS is part of it, but its output `{}` is {}",
                                         output.name, shape_text(output)),
                             "Export the network again.");
    }
    return metadata.fused_nms;
}

/// Most XML files are no models. One that cannot be read counts as one, for its description to say why.
bool may_be_network(const std::filesystem::path& xml) {
    try {
        return recognise(MappedFile(xml).bytes()) == FileKind::openvino_ir;
    } catch (const Error&) {
        return true;
    }
}

}  // namespace

bool is_model_file(const std::filesystem::path& path) {
    const std::optional<PackageFormat> format = format_by_name(path);
    return format == PackageFormat::openvino_ir ? may_be_network(path) : format.has_value();
}

void describe_bare_file(Package& package) {
    package.weights = package.path;
    package.format = format_by_name(package.path).value_or(PackageFormat::onnx);
    package.format = format_by_content(package.path);
    package.batch = {.min = 1, .max = std::nullopt};
    if (package.format == PackageFormat::onnx) return describe_onnx(package);
    const std::optional<PackagedAs> packaged = packaged_as(package.format);
    if (!packaged) return;
    throw Error(ErrorKind::unsupported_model, package.path.string(),
                fmt::format("{} is {} network, but nothing says which model it is, nor how it takes its images",
                            package.path.string(), to_string(package.format)),
                packaging_hint(*packaged));
}

PackageContents read_bare_contents(const Package& package) {
    if (package.format != PackageFormat::onnx) {
        throw Error(ErrorKind::unsupported_model, package.path.string(),
                    fmt::format("{} is of the format `{}`, which is not read in this version", package.path.string(),
                                to_string(package.format)),
                    "Export the model to ONNX.");
    }
    const OnnxFile network = read_onnx_file(package.path);
    UltralyticsMetadata metadata = read_ultralytics_metadata(package.path, network);
    if (metadata.task == TaskType::classification) {
        throw Error(ErrorKind::unsupported_model, package.path.string(),
                    fmt::format("{} is a classifier, whose way to prepare images its metadata does not tell",
                                package.path.string()),
                    package_recipe("weights.onnx", "onnx"));
    }
    PackageContents contents;
    contents.pre_processing = letterbox(network_size(package.path, network, metadata));
    contents.post_processing.fused_nms = has_fused_nms(package, network, metadata);
    const bool has_plain_head =
        metadata.task == TaskType::object_detection && metadata.architecture.starts_with("yolo");
    if (has_plain_head && !contents.post_processing.fused_nms) {
        check_class_count(fmt::format("{}: metadata names", package.path.string()), metadata.class_names.size(),
                          network);
    }
    contents.class_names = std::move(metadata.class_names);
    return contents;
}

}  // namespace inference_models::formats
