#pragma once

#include "formats/package.hpp"

#include <string>

namespace inference_models::formats {

/// model_config.json for a package whose provider described it: what `list_packages` reads back from its directory.
[[nodiscard]] std::string model_config_text(const Package& package);

}  // namespace inference_models::formats
