#include "selection/nms_fusion.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <vector>

namespace inference_models {

NmsFusionPreferences default_nms_fusion_preferences() {
    return {
        .max_detections = AcceptedRange<std::int64_t>{300, 300},
        .confidence_threshold = AcceptedRange<double>{0.25, 0.25},
        .iou_threshold = AcceptedRange<double>{0.7, 0.7},
        .class_agnostic = false,
    };
}

}  // namespace inference_models

namespace inference_models::selection {
namespace {

template <class Value>
std::optional<AcceptedRange<Value>> exactly(std::optional<Value> value) {
    return value ? std::optional(AcceptedRange<Value>{*value, *value}) : std::nullopt;
}

/// Calls with the name of each parameter, what is stated of it and what is wanted of it.
template <class Visit>
void for_each_parameter(const FusedNms& nms, const NmsFusionPreferences& wanted, Visit visit) {
    visit("max_detections", nms.max_detections, wanted.max_detections);
    visit("confidence_threshold", nms.confidence_threshold, wanted.confidence_threshold);
    visit("iou_threshold", nms.iou_threshold, wanted.iou_threshold);
    visit("class_agnostic", nms.class_agnostic, exactly(wanted.class_agnostic));
}

template <class Value>
bool accepts(const AcceptedRange<Value>& range, Value value) {
    return range.min <= value && value <= range.max;
}

template <class Value>
double nearness_to_middle(const AcceptedRange<Value>& range, Value value) {
    const double least = static_cast<double>(range.min);
    const double span = static_cast<double>(range.max) - least;
    return span > 0 ? 1 - std::abs((static_cast<double>(value) - least) / span - 0.5) : 1;
}

template <class Number>
std::string written_value(Number value) {
    return fmt::format("{}", value);
}

std::string written_value(bool value) {
    return value ? "True" : "False";
}

template <class Value>
std::string written_range(const AcceptedRange<Value>& range) {
    return range.min == range.max ? written_value(range.min)
                                  : fmt::format("[{}, {}]", written_value(range.min), written_value(range.max));
}

std::string written_members(const NmsFusionPreferences& preferences) {
    std::vector<std::string> members;
    for_each_parameter({}, preferences, [&](std::string_view name, const auto& /*stated*/, const auto& wanted) {
        if (wanted) members.push_back(fmt::format("\"{}\": {}", name, written_range(*wanted)));
    });
    return fmt::format("{{{}}}", fmt::join(members, ", "));
}

}  // namespace

std::optional<std::string> misfit(const FusedNms& nms, const NmsFusionPreferences& wanted) {
    std::optional<std::string> first;
    for_each_parameter(nms, wanted, [&](std::string_view name, const auto& stated, const auto& range) {
        if (first || !range || (stated && accepts(*range, *stated))) return;
        first = fmt::format("{}, nms_fusion_preferences asks for {}",
                            stated ? fmt::format("with {} {}", name, written_value(*stated))
                                   : fmt::format("without stating its {}", name),
                            written_range(*range));
    });
    return first;
}

double nearness(const FusedNms& nms, const NmsFusionPreferences& wanted) {
    if (misfit(nms, wanted)) return 0;
    double sum = 0;
    for_each_parameter(nms, wanted, [&](std::string_view /*name*/, const auto& stated, const auto& range) {
        if (range) sum += nearness_to_middle(*range, *stated);
    });
    return sum;
}

std::string written(const NmsFusionPreferences& preferences) {
    const bool is_default = written_members(preferences) == written_members(default_nms_fusion_preferences());
    return is_default ? "True" : written_members(preferences);
}

NmsFusionPreferences preferences_for(const FusedNms& nms) {
    return {
        .max_detections = exactly(nms.max_detections),
        .confidence_threshold = exactly(nms.confidence_threshold),
        .iou_threshold = exactly(nms.iou_threshold),
        .class_agnostic = nms.class_agnostic,
    };
}

}  // namespace inference_models::selection
