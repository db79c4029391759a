#pragma once

#include "formats/json_reader.hpp"

#include <inference_models/model_metadata.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace inference_models::formats {

/// The feature of a package whose NMS is part of its network.
inline constexpr std::string_view kFusedNmsFeature = "nms_fused";

/// What a package states beyond what every package has.
struct ModelFeatures {
    std::map<std::string, std::string> all;  ///< name -> value as JSON
    std::optional<FusedNms> fused_nms;
};

/// \throws Error `corrupted_package` where it is too large, or `nms_fused` is neither true, false nor parameters
[[nodiscard]] ModelFeatures read_model_features(const JsonValue& features);

}  // namespace inference_models::formats
