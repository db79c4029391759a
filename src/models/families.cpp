#include "models/families.hpp"

#include "formats/model_features.hpp"
#include "models/yolov8_detection.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace inference_models::models {
namespace {

using MakeDetectionDecoder = std::unique_ptr<DetectionDecoder> (*)(const DecoderFacts& facts);

constexpr std::array kReadsFusedNms{formats::kFusedNmsFeature};

struct DetectionFamily {
    std::string_view architecture;
    std::span<const std::string_view> features;  ///< of packages, see selection::SupportedFamily
    MakeDetectionDecoder make;
};

constexpr std::array kDetectionFamilies{
    DetectionFamily{"yolov8", kReadsFusedNms, make_yolov8_detection_decoder},
    DetectionFamily{"yolov9", kReadsFusedNms, make_yolov8_detection_decoder},
    DetectionFamily{"yolov11", kReadsFusedNms, make_yolov8_detection_decoder},
    DetectionFamily{"yolov12", kReadsFusedNms, make_yolov8_detection_decoder},
};

}  // namespace

std::span<const selection::SupportedFamily> supported_families() {
    static const auto families = [] {
        std::vector<selection::SupportedFamily> all;
        for (const auto& family : kDetectionFamilies) {
            all.push_back({family.architecture, TaskType::object_detection, family.features});
        }
        return all;
    }();
    return families;
}

std::unique_ptr<DetectionDecoder> make_detection_decoder(std::string_view architecture, const DecoderFacts& facts) {
    const auto* const family = std::ranges::find(kDetectionFamilies, architecture, &DetectionFamily::architecture);
    return family == kDetectionFamilies.end() ? nullptr : family->make(facts);
}

}  // namespace inference_models::models
