#pragma once

#include "hub/cache/cache_layout.hpp"
#include "hub/cache/package_check.hpp"

#include <inference_models/model_cache.hpp>

#include <optional>
#include <string>
#include <vector>

namespace inference_models::hub {

/// The models that have packages here, by id and provider; those of one id where one is given.
[[nodiscard]] std::vector<OfflineModelStatus> cache_status(const CacheLayout& layout,
                                                           const std::optional<std::string>& model_id, Reading reading);

}  // namespace inference_models::hub
