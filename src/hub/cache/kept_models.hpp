#pragma once

#include "hub/cache/cache_layout.hpp"

#include <optional>
#include <string>
#include <vector>

namespace inference_models::hub {

/// A model's directory in a cache.
struct KeptModel {
    ModelLayout layout;
    std::optional<ModelKey> key;           ///< as its listing or a package says; nothing where none of them can be read
    std::vector<std::string> package_ids;  ///< those that have something in their place, whole or not
};

/// Every directory that is one; links are none.
[[nodiscard]] std::vector<KeptModel> kept_models(const CacheLayout& layout);

}  // namespace inference_models::hub
