#pragma once

#include "formats/package.hpp"

#include <inference_models/model_metadata.hpp>

namespace inference_models::hub {

/// What a provider would say of a model that lies at a path: its packages, with the files that lie in them.
[[nodiscard]] ModelMetadata metadata_of(const formats::Listing& listing);

}  // namespace inference_models::hub
