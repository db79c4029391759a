#include "formats/model_features.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

#include "formats/inference_config.hpp"

namespace inference_models::formats {
namespace {

constexpr std::size_t kMostFeatures = 1'000;
constexpr std::size_t kLongestName = 1024;                     ///< in bytes
constexpr std::size_t kLongestValue = std::size_t{64} * 1024;  ///< as JSON, in bytes

std::optional<FusedNms> read_fused_nms(const JsonValue& feature) {
    if (feature.is_boolean()) return feature.boolean() ? std::optional(FusedNms{}) : std::nullopt;
    if (!feature.is_object()) throw feature.error("is neither true, false nor an object");
    return read_nms_parameters(feature);
}

}  // namespace

ModelFeatures read_model_features(const JsonValue& features) {
    const auto members = features.members();
    if (members.size() > kMostFeatures) throw features.error(fmt::format("has {} members", members.size()));
    ModelFeatures read;
    for (const auto& [name, value] : members) {
        std::string text = value.compact_text();
        if (name.size() > kLongestName || text.size() > kLongestValue) throw value.error("is too long");
        if (name == kFusedNmsFeature) {
            read.fused_nms = read_fused_nms(value);
            if (!read.fused_nms) continue;  // said not to be there
        }
        read.all.emplace(name, std::move(text));
    }
    return read;
}

}  // namespace inference_models::formats
