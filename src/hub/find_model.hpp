#pragma once

#include "formats/package.hpp"
#include "hub/bundled_models.hpp"

#include <string>

/// From what a caller calls a model to its packages.
namespace inference_models::hub {

/// What lies at a path or, where nothing does, the bundled model of this id.
/// \throws Error `model_not_found`, `corrupted_package`, `unsupported_model`
[[nodiscard]] formats::Listing find_model(const std::string& model_id_or_path, const BundledModels& bundled);

}  // namespace inference_models::hub
