#pragma once

#include <string>
#include <string_view>

/// What to write into a package's files by hand, for hints.
namespace inference_models::formats {

/// The least that model_config.json must hold.
[[nodiscard]] std::string model_config_example(std::string_view backend_type);

/// How a lone file of weights becomes a package directory.
[[nodiscard]] std::string package_recipe(std::string_view weights_name, std::string_view backend_type);

}  // namespace inference_models::formats
