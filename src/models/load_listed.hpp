#pragma once

#include "hub/find_model.hpp"

#include <inference_models/load_options.hpp>
#include <inference_models/model.hpp>
#include <memory>

namespace inference_models::models {

/// As AutoModel::from_pretrained, of packages that are known already.
[[nodiscard]] std::unique_ptr<Model> load_listed(hub::FoundModel model, const LoadOptions& options);

}  // namespace inference_models::models
