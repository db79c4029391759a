#include "formats/roboflow_package.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

#include "common/mapped_file.hpp"
#include "formats/class_names.hpp"
#include "formats/file_kind.hpp"
#include "formats/inference_config.hpp"
#include "formats/json_reader.hpp"
#include "formats/limits.hpp"
#include "formats/model_config.hpp"
#include "formats/network_checks.hpp"
#include "formats/onnx_file.hpp"
#include "formats/package_files.hpp"
#include "formats/package_recipe.hpp"

namespace inference_models::formats {
namespace {

constexpr std::string_view kModelConfig = "model_config.json";
constexpr std::string_view kInferenceConfig = "inference_config.json";
constexpr std::string_view kClassNames = "class_names.txt";
constexpr std::string_view kTrtConfig = "trt_config.json";
constexpr std::string_view kTrtManifest = "local_trt_package_manifest.json";
constexpr std::string_view kKeyPoints = "keypoints_metadata.json";

constexpr std::array<std::string_view, 1> kOnnxWeights{"weights.onnx"};
constexpr std::array<std::string_view, 1> kTorchScriptWeights{"weights.torchscript"};
constexpr std::array<std::string_view, 1> kTrtWeights{"engine.plan"};
constexpr std::array<std::string_view, 4> kTorchWeights{"weights.pth", "weights.pt", "model.pt", "model.pth"};
constexpr std::array<std::string_view, 2> kHuggingFaceWeights{"model.safetensors", "vit/model.safetensors"};
constexpr std::array<std::string_view, 1> kUltralyticsWeights{"weights.pt"};
constexpr std::array<std::string_view, 1> kOpenVinoWeights{"weights.xml"};

/// What lies in a package directory of one backend type.
struct Layout {
    RoboflowBackend backend;
    std::string_view backend_type;
    PackageFormat format;
    std::span<const std::string_view> weights;  ///< one of these
    bool has_inference_config;                  ///< and class names
    std::string_view further_file;              ///< empty: none
};

constexpr std::array kLayouts{
    Layout{RoboflowBackend::onnx, "onnx", PackageFormat::onnx, kOnnxWeights, true, ""},
    Layout{RoboflowBackend::torch_script, "torch-script", PackageFormat::torch_script, kTorchScriptWeights, true, ""},
    Layout{RoboflowBackend::trt, "trt", PackageFormat::trt_engine, kTrtWeights, true, kTrtConfig},
    Layout{RoboflowBackend::openvino, "openvino", PackageFormat::openvino_ir, kOpenVinoWeights, true, "weights.bin"},
    Layout{RoboflowBackend::torch, "torch", PackageFormat::torch, kTorchWeights, false, ""},
    Layout{RoboflowBackend::hugging_face, "hugging-face", PackageFormat::hugging_face, kHuggingFaceWeights, false, ""},
    Layout{RoboflowBackend::ultralytics, "ultralytics", PackageFormat::ultralytics, kUltralyticsWeights, false, ""},
};

const Layout& layout_of(RoboflowBackend backend) {
    return *std::ranges::find(kLayouts, backend, &Layout::backend);
}

const std::string_view* find_weights(const std::filesystem::path& directory, const Layout& layout) {
    const auto found =
        std::ranges::find_if(layout.weights, [&](std::string_view name) { return is_file(directory / name); });
    return found == layout.weights.end() ? nullptr : &*found;
}

/// The layout whose weights lie in a directory, by their name alone.
const Layout* guess_layout(const std::filesystem::path& directory) {
    const auto found = std::ranges::find_if(
        kLayouts, [&](const Layout& layout) { return find_weights(directory, layout) != nullptr; });
    return found == kLayouts.end() ? nullptr : &*found;
}

void expect_model_config(const std::filesystem::path& directory) {
    const Layout* const layout = guess_layout(directory);
    expect_file(directory / kModelConfig,
                fmt::format("Write it, with the values that fit the model: {}",
                            model_config_example(layout == nullptr ? "onnx" : layout->backend_type)));
}

/// Sets the weights' path once every file that the backend type needs is there.
void expect_files(Package& package, const Layout& layout) {
    const std::string_view* const weights = find_weights(package.path, layout);
    if (weights == nullptr) {
        throw corrupted_file(
            package.path / layout.weights.front(), "is missing",
            fmt::format("A package with the backend_type `{}` keeps its network there.", layout.backend_type));
    }
    package.weights = package.path / *weights;

    const auto expect = [&](std::string_view name) {
        expect_file(
            package.path / name,
            fmt::format("A package with the backend_type `{}` needs it; copy it from where the package came from.",
                        layout.backend_type));
    };
    if (!layout.further_file.empty()) expect(layout.further_file);
    if (!layout.has_inference_config) return;
    expect(kInferenceConfig);
    if (package.task != TaskType::depth_estimation) expect(kClassNames);
    if (package.task == TaskType::keypoint_detection) expect(kKeyPoints);
}

/// Everything that a package states about its batches, in words.
struct StatedBatch {
    std::optional<BatchStatement> fixed;
    std::optional<BatchStatement> most;
    std::optional<JsonValue> dynamic;  ///< the field that promises a dynamic batch
};

Error contradiction(const JsonValue& field, std::string_view stated, std::string_view truth) {
    return field.error(fmt::format("says {}, but {}", stated, truth),
                       "Correct the field, or export the network again.");
}

/// Two fields that fix the batch must agree.
StatedBatch stated_batch(const ModelConfig& model, const ForwardPass& pass) {
    StatedBatch stated{pass.static_batch_size, pass.max_dynamic_batch_size, model.dynamic_batch_size_supported};
    if (!stated.fixed) stated.fixed = model.static_batch_size;
    if (!stated.fixed) return stated;

    const auto fixed = [](std::int64_t count) { return fmt::format("a fixed batch of {}", count); };
    const std::string another = fmt::format("another field says {}", fixed(stated.fixed->count));
    if (model.static_batch_size && model.static_batch_size->count != stated.fixed->count) {
        throw contradiction(model.static_batch_size->field, fixed(model.static_batch_size->count), another);
    }
    if (stated.most && stated.most->count != stated.fixed->count) {
        throw contradiction(stated.most->field, fmt::format("up to {} images per run", stated.most->count), another);
    }
    if (stated.dynamic) throw contradiction(*stated.dynamic, "that the batch is dynamic", another);
    return stated;
}

BatchRule fixed_batch(std::int64_t count) {
    return {.min = count, .max = count};
}

/// What a package states about a network that does not tell itself, or that takes any batch.
BatchRule stated_rule(const StatedBatch& stated) {
    if (stated.fixed) return fixed_batch(stated.fixed->count);
    return {.min = 1, .max = stated.most ? std::optional(stated.most->count) : std::nullopt};
}

/// The graph's own batch is the truth; a package that says otherwise would fail in the middle of a run.
BatchRule batch_of_network(const Package& package, const OnnxFile& network, const StatedBatch& stated) {
    const std::optional<std::int64_t> actual = fixed_batch_of(package.weights, network);
    if (!actual) return stated_rule(stated);
    const std::string truth = fmt::format("the network's input `{}` {} takes exactly {}", network.inputs.front().name,
                                          shape_text(network.inputs.front()), *actual);
    if (stated.fixed && stated.fixed->count != *actual) {
        throw contradiction(stated.fixed->field, fmt::format("a fixed batch of {}", stated.fixed->count), truth);
    }
    if (stated.most && stated.most->count != *actual) {
        throw contradiction(stated.most->field, fmt::format("up to {} images per run", stated.most->count), truth);
    }
    if (stated.dynamic) throw contradiction(*stated.dynamic, "that the batch is dynamic", truth);
    return fixed_batch(*actual);
}

/// A network whose input has a height or a width takes no other.
void correct_sizes(Package& package, const OnnxFile& network) {
    const NetworkImage image = image_of(package.weights, network);
    if (image.height || image.width) package.sizes->stride.reset();
}

void describe_onnx(Package& package, const JsonValue& config, const StatedBatch& stated) {
    const OnnxFile network = read_onnx_file(package.weights);
    package.onnx = OnnxFacts{network.ir_version, network.opset, read_incompatible_providers(config)};
    if (!package.quantization) package.quantization = network.precision;
    package.batch = batch_of_network(package, network, stated);
    correct_sizes(package, network);
}

/// What only an engine can read is at least looked at: a pointer or a page in its place is the usual accident.
void expect_kind(const std::filesystem::path& path, std::initializer_list<FileKind> allowed) {
    const FileKind kind = recognise(MappedFile(path).bytes());
    if (std::ranges::find(allowed, kind) != allowed.end()) return;
    const std::string_view looks = kind == FileKind::unknown ? "nothing that is known" : name_of(kind);
    throw corrupted_file(path, fmt::format("is not {}; it looks like {}", name_of(*allowed.begin()), looks),
                         std::string(remedy_for(kind)));
}

void describe_torch_script(Package& package, const JsonValue& config, const StatedBatch& stated) {
    expect_kind(package.weights, {FileKind::torch_script});
    package.torch_script = read_torch_script_facts(config);
    if (!stated.fixed && !stated.most && !stated.dynamic) {
        const std::string field = (package.path / kInferenceConfig).string() + ": forward_pass.static_batch_size";
        throw Error(
            ErrorKind::corrupted_package, field,
            fmt::format("{} is missing, and nothing in a TorchScript file tells how many images it takes", field),
            "State the batch that the network was traced with, or max_dynamic_batch_size if it takes any.");
    }
    package.batch = stated_rule(stated);
}

/// trt_config.json: one batch size, or the range of an optimisation profile.
BatchRule read_trt_batch(const JsonValue& config, const StatedBatch& stated) {
    if (const auto fixed = find_batch_size(config, "static_batch_size")) {
        if (stated.fixed && stated.fixed->count != fixed->count) {
            throw contradiction(fixed->field, fmt::format("a fixed batch of {}", fixed->count),
                                fmt::format("another field says {}", stated.fixed->count));
        }
        return fixed_batch(fixed->count);
    }
    const auto bound = [&config](const char* name, std::int64_t least) {
        return config.at(name).integer(least, kLargestBatch);
    };
    const std::int64_t least = bound("dynamic_batch_size_min", 1);
    const std::int64_t best = bound("dynamic_batch_size_opt", least);
    return {.min = least, .max = bound("dynamic_batch_size_max", best)};
}

void describe_trt(Package& package, const JsonValue& config, const StatedBatch& stated) {
    expect_kind(package.weights, {FileKind::tensorrt_engine, FileKind::unknown});
    const std::filesystem::path manifest = package.path / kTrtManifest;
    package.tensorrt = is_file(manifest) ? read_tensorrt_manifest(read_json_file(manifest).at("packageManifest"))
                                         : read_tensorrt_facts(config);
    package.batch = read_trt_batch(read_json_file(package.path / kTrtConfig), stated);
}

/// Detectors that answer with [batch, 4 + classes, anchors], boxes in pixels, and leave NMS to others.
bool has_plain_yolo_head(const Package& package) {
    constexpr std::array<std::string_view, 4> kArchitectures{"yolov8", "yolov9", "yolov11", "yolov12"};
    return package.task == TaskType::object_detection &&
           std::ranges::find(kArchitectures, package.architecture) != kArchitectures.end();
}

void check_size(const JsonValue& config, ImageSize stated, const NetworkImage& actual, const OnnxValue& input) {
    const JsonValue size = config.at("network_input").at("training_input_size");
    const auto check = [&](const char* name, std::int64_t side, std::optional<std::int64_t> truth) {
        if (!truth || *truth == side) return;
        throw contradiction(size.at(name), std::to_string(side),
                            fmt::format("the network's input `{}` {} has {}", input.name, shape_text(input), *truth));
    };
    check("height", stated.height, actual.height);
    check("width", stated.width, actual.width);
}

void check_network(const Package& package, const JsonValue& config, const PackageContents& contents) {
    const OnnxFile network = read_onnx_file(package.weights);
    check_size(config, contents.pre_processing.network_size, image_of(package.weights, network),
               network.inputs.front());
    if (!has_plain_yolo_head(package)) return;

    const bool fused = contents.post_processing.fused_nms;
    const std::size_t class_count = contents.class_names.size();
    const OnnxValue& output = network.outputs.front();
    const std::string truth = fmt::format("the network's output `{}` is {}", output.name, shape_text(output));
    const JsonValue field = config.at("post_processing").at("fused");
    if (!fused && answers_with_rows(network, class_count)) throw contradiction(field, "that NMS is not fused", truth);
    if (fused && output.size_of(2).has_value() && output.size_of(2) != 6) {
        throw contradiction(field, "that NMS is fused", truth);
    }
    if (!fused) check_class_count((package.path / kClassNames).string(), class_count, network);
}

}  // namespace

bool is_roboflow_package(const std::filesystem::path& directory) {
    return is_file(directory / kModelConfig) || is_file(directory / kInferenceConfig) ||
           guess_layout(directory) != nullptr;
}

void describe_roboflow_package(Package& package) {
    if (const Layout* const guess = guess_layout(package.path)) package.format = guess->format;
    expect_model_config(package.path);
    const JsonValue config = read_json_file(package.path / kModelConfig);
    const ModelConfig model = read_model_config(config);
    const Layout& layout = layout_of(model.backend);
    package.format = layout.format;
    package.architecture = model.architecture;
    package.task = model.task;
    package.quantization = model.quantization;
    package.features = model.features.all;
    package.fused_nms = model.features.fused_nms;
    expect_files(package, layout);

    ForwardPass pass;
    if (layout.has_inference_config) {
        const JsonValue inference = read_json_file(package.path / kInferenceConfig);
        pass = read_forward_pass(inference);
        package.sizes = read_size_rule(inference);
    }
    const StatedBatch stated = stated_batch(model, pass);
    switch (model.backend) {
        case RoboflowBackend::onnx: return describe_onnx(package, config, stated);
        case RoboflowBackend::torch_script: return describe_torch_script(package, config, stated);
        case RoboflowBackend::trt: return describe_trt(package, config, stated);
        case RoboflowBackend::torch:
        case RoboflowBackend::hugging_face:
        case RoboflowBackend::ultralytics:
        case RoboflowBackend::openvino: package.batch = stated_rule(stated);
    }
}

PackageContents read_roboflow_contents(const Package& package) {
    const JsonValue config = read_json_file(package.path / kInferenceConfig);
    PackageContents contents{
        .class_names = read_class_names(package.path / kClassNames),
        .pre_processing = read_pre_processing(config, package.architecture),
        .post_processing = read_post_processing(config, has_plain_yolo_head(package)),
    };
    if (package.format == PackageFormat::onnx) check_network(package, config, contents);
    return contents;
}

}  // namespace inference_models::formats
