#include "formats/inference_config.hpp"

#include <cmath>

#include "common/log.hpp"
#include "formats/limits.hpp"

namespace inference_models::formats {
namespace {

using vision::Contrast;
using vision::Normalization;
using vision::PreProcessing;
using vision::ResizeMode;
using vision::StaticCrop;

constexpr std::uint8_t kFitLongerEdgePadding = 127;

enum class DynamicSize { any_size, pad_to_be_divisible };
enum class PostProcessingType { nms, softmax, sigmoid };

/// The file's names for how images are resized, one of which is no mode of ours.
enum class StatedResizeMode { stretch, letterbox, center_crop, letterbox_reflect_edges, fit_longer_edge };

constexpr Choices<StatedResizeMode, 5> kResizeModes{{
    {"stretch", StatedResizeMode::stretch},
    {"letterbox", StatedResizeMode::letterbox},
    {"center-crop", StatedResizeMode::center_crop},
    {"fit-longer-edge", StatedResizeMode::fit_longer_edge},
    {"letterbox-reflect-edges", StatedResizeMode::letterbox_reflect_edges},
}};
constexpr Choices<ColorFormat, 2> kColorModes{{{"rgb", ColorFormat::rgb}, {"bgr", ColorFormat::bgr}}};
constexpr Choices<Contrast, 3> kContrasts{{
    {"Adaptive Equalization", Contrast::adaptive_equalization},
    {"Contrast Stretching", Contrast::contrast_stretching},
    {"Histogram Equalization", Contrast::histogram_equalization},
}};
constexpr Choices<DynamicSize, 2> kDynamicSizes{
    {{"any-size", DynamicSize::any_size}, {"pad-to-be-divisible", DynamicSize::pad_to_be_divisible}}};
constexpr Choices<PostProcessingType, 3> kPostProcessingTypes{{{"nms", PostProcessingType::nms},
                                                               {"softmax", PostProcessingType::softmax},
                                                               {"sigmoid", PostProcessingType::sigmoid}}};

/// A step of `image_pre_processing` that is switched on.
std::optional<JsonValue> find_enabled(const JsonValue& steps, std::string_view name) {
    std::optional<JsonValue> step = steps.find(name);
    if (!step || !step->at("enabled").boolean()) return std::nullopt;
    return step;
}

StaticCrop read_static_crop(const JsonValue& step) {
    const auto percent = [&step](const char* name) { return static_cast<std::int32_t>(step.at(name).integer(0, 100)); };
    const StaticCrop crop{percent("x_min"), percent("y_min"), percent("x_max"), percent("y_max")};
    if (crop.x_min >= crop.x_max) throw step.at("x_max").error("must be greater than x_min", "Both are percentages.");
    if (crop.y_min >= crop.y_max) throw step.at("y_max").error("must be greater than y_min", "Both are percentages.");
    return crop;
}

void read_image_steps(const JsonValue& config, PreProcessing& rules) {
    const std::optional<JsonValue> steps = config.find("image_pre_processing");
    if (!steps) return;
    // Turning a picture upright belongs to loading it, and always happens there; the field is only checked.
    static_cast<void>(find_enabled(*steps, "auto-orient"));
    if (const auto crop = find_enabled(*steps, "static-crop")) rules.static_crop = read_static_crop(*crop);
    if (const auto contrast = find_enabled(*steps, "contrast"))
        rules.contrast = contrast->at("type").choice(kContrasts);
    rules.grayscale = find_enabled(*steps, "grayscale").has_value();
}

ImageSize read_size(const JsonValue& size) {
    const auto side = [&size](const char* name) {
        return static_cast<std::int32_t>(size.at(name).integer(1, kLargestNetworkSide));
    };
    return {.width = side("width"), .height = side("height")};
}

/// What the sides of other sizes have to be multiples of. Without a mode nothing says which sizes those are, and the
/// reference takes none.
std::optional<std::int32_t> read_stride(const JsonValue& input) {
    const bool is_supported = input.at("dynamic_spatial_size_supported").boolean();
    if (const auto size = input.find("dataset_version_resize_dimensions")) static_cast<void>(read_size(*size));
    const auto mode = input.find("dynamic_spatial_size_mode");
    if (!mode) return std::nullopt;
    std::int32_t stride = 1;
    if (mode->at("type").choice(kDynamicSizes) == DynamicSize::pad_to_be_divisible) {
        stride = static_cast<std::int32_t>(mode->at("value").integer(1, kLargestNetworkSide));
    }
    return is_supported ? std::optional(stride) : std::nullopt;
}

/// The YOLOs' `fit-longer-edge` becomes a letterbox too.
bool keeps_proportions(StatedResizeMode mode) {
    return mode == StatedResizeMode::letterbox || mode == StatedResizeMode::letterbox_reflect_edges ||
           mode == StatedResizeMode::fit_longer_edge;
}

/// The reference makes a letterbox of it for its YOLOs, and so the results are the same.
void substitute_fit_longer_edge(const JsonValue& mode, std::string_view architecture, PreProcessing& rules) {
    if (!architecture.starts_with("yolo")) {
        const Error cause = mode.error(fmt::format("is `fit-longer-edge`, which {} cannot have", architecture));
        throw Error(ErrorKind::unsupported_model, cause.subject(), cause.message(),
                    "Known are: stretch, letterbox, center-crop, letterbox-reflect-edges.");
    }
    log::message(LogLevel::warning, "{} has resize_mode `fit-longer-edge`: `letterbox` with padding {} is used",
                 architecture, kFitLongerEdgePadding);
    rules.resize_mode = ResizeMode::letterbox;
    rules.padding_value = kFitLongerEdgePadding;
}

void read_resize_mode(const JsonValue& input, std::string_view architecture, PreProcessing& rules) {
    if (const auto padding = input.find("padding_value")) {
        rules.padding_value = static_cast<std::uint8_t>(padding->integer(0, 255));
    }
    const JsonValue mode = input.at("resize_mode");
    switch (mode.choice(kResizeModes)) {
        case StatedResizeMode::stretch: rules.resize_mode = ResizeMode::stretch; break;
        case StatedResizeMode::letterbox: rules.resize_mode = ResizeMode::letterbox; break;
        case StatedResizeMode::center_crop:
            rules.resize_mode = ResizeMode::center_crop;
            rules.padding_value = 0;  // the reference's canvas is black, whatever the package says
            break;
        case StatedResizeMode::letterbox_reflect_edges: rules.resize_mode = ResizeMode::letterbox_reflect_edges; break;
        case StatedResizeMode::fit_longer_edge: substitute_fit_longer_edge(mode, architecture, rules); break;
    }
}

/// A number that keeps its meaning as a float.
float read_float(const JsonValue& value) {
    const auto number = static_cast<float>(value.number());
    if (!std::isfinite(number)) throw value.error("is too large");
    return number;
}

std::array<float, 3> read_channels(const JsonValue& list) {
    const std::vector<JsonValue> elements = list.elements();
    if (elements.size() != 3) throw list.error(fmt::format("has {} numbers; it must have 3", elements.size()));
    return {read_float(elements[0]), read_float(elements[1]), read_float(elements[2])};
}

Normalization read_normalization(const JsonValue& field) {
    const std::vector<JsonValue> lists = field.elements();
    if (lists.size() != 2) throw field.error("must be two lists: three means, three standard deviations");
    const Normalization rules{.mean = read_channels(lists[0]), .deviation = read_channels(lists[1])};
    for (const float deviation : rules.deviation) {
        if (!std::isnormal(deviation)) throw lists[1].error("has a standard deviation of 0");
    }
    return rules;
}

float read_scaling_factor(const JsonValue& field) {
    const float factor = read_float(field);
    if (!(factor > 0) || !std::isnormal(factor)) {
        throw field.error(fmt::format("is {}; it must be greater than 0", factor),
                          "Pixels are divided by it: 255, mostly.");
    }
    return factor;
}

std::optional<double> find_threshold(const JsonValue& parameters, std::string_view name) {
    const auto field = parameters.find(name);
    if (!field) return std::nullopt;
    const double threshold = field->number();
    if (!(threshold >= 0 && threshold <= 1)) throw field->error("must be 0 to 1");
    return threshold;
}

/// Exporters write 0 and 1 for it too.
std::optional<bool> find_flag(const JsonValue& parameters, std::string_view name) {
    const auto field = parameters.find(name);
    if (!field) return std::nullopt;
    const std::string value = field->compact_text();
    if (value == "true" || value == "1") return true;
    if (value == "false" || value == "0") return false;
    throw field->error("must be true or false");
}

}  // namespace

std::optional<BatchStatement> find_batch_size(const JsonValue& object, std::string_view name) {
    std::optional<JsonValue> field = object.find(name);
    if (!field) return std::nullopt;
    const std::int64_t count = field->integer(1, kLargestBatch);
    return BatchStatement{count, *std::move(field)};
}

ForwardPass read_forward_pass(const JsonValue& config) {
    const std::optional<JsonValue> pass = config.find("forward_pass");
    if (!pass) return {};
    return {find_batch_size(*pass, "static_batch_size"), find_batch_size(*pass, "max_dynamic_batch_size")};
}

SizeRule read_size_rule(const JsonValue& config) {
    const JsonValue input = config.at("network_input");
    return {.own = read_size(input.at("training_input_size")),
            .stride = read_stride(input),
            .letterboxed = keeps_proportions(input.at("resize_mode").choice(kResizeModes))};
}

vision::PreProcessing read_pre_processing(const JsonValue& config, std::string_view architecture) {
    PreProcessing rules;
    read_image_steps(config, rules);
    const JsonValue input = config.at("network_input");
    rules.network_size = read_size(input.at("training_input_size"));
    rules.network_color = input.at("color_mode").choice(kColorModes);
    read_resize_mode(input, architecture, rules);
    static_cast<void>(input.at("input_channels").integer(3, 3));
    if (const auto factor = input.find("scaling_factor")) rules.scaling_factor = read_scaling_factor(*factor);
    if (const auto field = input.find("normalization")) rules.normalization = read_normalization(*field);
    return rules;
}

FusedNms read_nms_parameters(const JsonValue& parameters) {
    constexpr std::int64_t kMostDetections = 1'000'000;
    const auto count = parameters.find("max_detections");
    return {
        .max_detections = count ? std::optional(count->integer(0, kMostDetections)) : std::nullopt,
        .confidence_threshold = find_threshold(parameters, "confidence_threshold"),
        .iou_threshold = find_threshold(parameters, "iou_threshold"),
        .class_agnostic = find_flag(parameters, "class_agnostic"),
    };
}

PostProcessing read_post_processing(const JsonValue& config, bool nms_wanted) {
    const std::optional<JsonValue> field =
        nms_wanted ? std::optional(config.at("post_processing")) : config.find("post_processing");
    if (!field) return {};
    const JsonValue type = field->at("type");
    const bool is_nms = type.choice(kPostProcessingTypes) == PostProcessingType::nms;
    if (nms_wanted && !is_nms) throw type.error("must be `nms` for this model");
    const bool fused = field->at("fused").boolean();
    if (const auto parameters = field->find("nms_parameters")) static_cast<void>(read_nms_parameters(*parameters));
    return {.fused_nms = is_nms && fused};
}

}  // namespace inference_models::formats
