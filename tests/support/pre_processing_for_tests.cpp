// C functions through which tests and benchmarks in Python reach the pre-processing. Each returns 0, or fills
// `message`.

#include <hwy/targets.h>
#include <inference_models/error.hpp>
#include <inference_models/export.hpp>
#include <inference_models/image.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "vision/pre_processing.hpp"
#include "vision/resize_pass.hpp"

using namespace inference_models;
using namespace inference_models::vision;

extern "C" {

/// PreProcessing in C: -1 stands for an optional that is not there, enumerators are their numbers.
struct InferenceModelsTestRules {
    std::int32_t static_crop[4];  ///< x_min, y_min, x_max, y_max
    std::int32_t has_static_crop;
    std::int32_t grayscale;
    std::int32_t contrast;
    std::int32_t resize_mode;
    std::int32_t letterbox_geometry;
    std::int32_t network_width;
    std::int32_t network_height;
    std::int32_t rect_stride;  ///< 0: none
    std::int32_t padding_value;
    std::int32_t network_color;
    float scaling_factor;
    std::int32_t has_normalization;
    float mean[3];
    float deviation[3];
};

struct InferenceModelsTestMetadata {
    std::int32_t crop_x;
    std::int32_t crop_y;
    std::int32_t crop_width;
    std::int32_t crop_height;
    std::int32_t pad_left;
    std::int32_t pad_top;
    double scale_x;
    double scale_y;
    std::int32_t network_width;
    std::int32_t network_height;
};
}

namespace {

PreProcessing to_rules(const InferenceModelsTestRules& from) {
    PreProcessing rules;
    if (from.has_static_crop != 0) {
        const auto& crop = from.static_crop;
        rules.static_crop = StaticCrop{crop[0], crop[1], crop[2], crop[3]};
    }
    rules.grayscale = from.grayscale != 0;
    if (from.contrast >= 0) rules.contrast = static_cast<Contrast>(from.contrast);
    rules.resize_mode = static_cast<ResizeMode>(from.resize_mode);
    rules.letterbox_geometry = static_cast<LetterboxGeometry>(from.letterbox_geometry);
    rules.network_size = {from.network_width, from.network_height};
    if (from.rect_stride > 0) rules.rect_stride = from.rect_stride;
    rules.padding_value = static_cast<std::uint8_t>(from.padding_value);
    rules.network_color = static_cast<ColorFormat>(from.network_color);
    if (from.scaling_factor > 0) rules.scaling_factor = from.scaling_factor;
    if (from.has_normalization != 0) {
        rules.normalization = Normalization{{from.mean[0], from.mean[1], from.mean[2]},
                                            {from.deviation[0], from.deviation[1], from.deviation[2]}};
    }
    return rules;
}

}  // namespace

extern "C" {

INFERENCE_MODELS_EXPORT int inference_models_test_pre_process(
    const std::uint8_t* pixels, std::int32_t width, std::int32_t height, std::int32_t format, std::size_t row_stride,
    const InferenceModelsTestRules* rules, std::int32_t float16, std::int32_t nhwc, void* memory, std::size_t bytes,
    InferenceModelsTestMetadata* metadata, char* message, std::size_t message_size) {
    try {
        const ImageView image(pixels, {width, height}, static_cast<ColorFormat>(format), row_stride);
        const NetworkInputSlot slot{{static_cast<std::byte*>(memory), bytes},
                                    float16 != 0 ? ElementType::float16 : ElementType::float32,
                                    nhwc != 0 ? TensorLayout::nhwc : TensorLayout::nchw};
        const ImageSize size = network_size_for(image.size(), to_rules(*rules));
        const std::size_t needed = std::size_t{3} * static_cast<std::size_t>(size.width) *
                                   static_cast<std::size_t>(size.height) * element_size(slot.type);
        if (bytes != needed) {
            throw std::invalid_argument("the memory is not for " + std::to_string(size.width) + "x" +
                                        std::to_string(size.height));
        }
        const PreProcessingMetadata made = pre_process(image, to_rules(*rules), slot);
        *metadata = {
            made.crop_x,  made.crop_y,  made.crop_size.width, made.crop_size.height,   made.pad_left,
            made.pad_top, made.scale_x, made.scale_y,         made.network_size.width, made.network_size.height};
        return 0;
    } catch (const std::exception& error) {
        std::snprintf(message, message_size, "%s", error.what());
        return 1;
    }
}

/// Names of the instruction sets that this build has code for and this machine can run, the best first, with spaces
/// between them.
INFERENCE_MODELS_EXPORT const char* inference_models_test_instruction_sets() {
    static const std::string names = [] {
        std::string list;
        for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
            if (!list.empty()) list += ' ';
            list += hwy::TargetName(target);
        }
        return list;
    }();
    return names.c_str();
}

/// Makes the pass use one instruction set, or the best one again where the name is empty. Returns the name of the one
/// that then really runs. Not for use while another thread works.
INFERENCE_MODELS_EXPORT const char* inference_models_test_force_instruction_set(const char* name) {
    hwy::SetSupportedTargetsForTest(0);
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        if (std::string(name) == hwy::TargetName(target)) hwy::SetSupportedTargetsForTest(target);
    }
    return resize_instruction_set().data();
}
}
