#include "models/families.hpp"

#include "models/yolov8_detection.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace inference_models::models {
namespace {

using MakeDetectionDecoder = std::unique_ptr<DetectionDecoder> (*)(const DecoderFacts& facts);

struct DetectionFamily {
    std::string_view architecture;
    MakeDetectionDecoder make;
};

constexpr std::array kDetectionFamilies{
    DetectionFamily{"yolov8", make_yolov8_detection_decoder},
    DetectionFamily{"yolov9", make_yolov8_detection_decoder},
    DetectionFamily{"yolov11", make_yolov8_detection_decoder},
    DetectionFamily{"yolov12", make_yolov8_detection_decoder},
};

}  // namespace

std::span<const selection::SupportedFamily> supported_families() {
    static const auto families = [] {
        std::vector<selection::SupportedFamily> all;
        for (const auto& family : kDetectionFamilies) all.push_back({family.architecture, TaskType::object_detection});
        return all;
    }();
    return families;
}

std::unique_ptr<DetectionDecoder> make_detection_decoder(std::string_view architecture, const DecoderFacts& facts) {
    const auto* const family = std::ranges::find(kDetectionFamilies, architecture, &DetectionFamily::architecture);
    return family == kDetectionFamilies.end() ? nullptr : family->make(facts);
}

}  // namespace inference_models::models
