#pragma once

#include "hub/cache/cache_layout.hpp"

#include <inference_models/model_cache.hpp>

namespace inference_models::hub {

/// As ModelCache says.
[[nodiscard]] PrunedCache prune_cache(const CacheLayout& layout, const PruneOptions& options);

}  // namespace inference_models::hub
