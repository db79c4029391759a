#pragma once

#include "hub/cache/cache_layout.hpp"

#include <string>

namespace inference_models::hub {

/// The random bytes of a cache, the same for all its processes. Where there are none and none can be kept, those of
/// this process.
[[nodiscard]] std::string salt_of(const CacheLayout& layout);

}  // namespace inference_models::hub
