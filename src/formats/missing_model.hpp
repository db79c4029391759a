#pragma once

#include <inference_models/error.hpp>

#include <filesystem>

namespace inference_models::formats {

/// `model_not_found` about a path where nothing is: says how far the path goes, and what is named like it there.
[[nodiscard]] Error missing_model(const std::filesystem::path& path);

}  // namespace inference_models::formats
