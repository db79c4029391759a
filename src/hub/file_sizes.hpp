#pragma once

#include "hub/http/http_client.hpp"
#include "hub/settings.hpp"

#include <inference_models/model_metadata.hpp>

namespace inference_models::hub {

/// Asks the files' servers how large the files are of which a provider does not say it. What is not told stays unknown.
void ask_file_sizes(PackageMetadata& package, const Settings& settings, HttpClient& client);

}  // namespace inference_models::hub
