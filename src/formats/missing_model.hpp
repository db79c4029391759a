#pragma once

#include <inference_models/error.hpp>

#include <filesystem>
#include <span>
#include <string>

namespace inference_models::formats {

/// `model_not_found` about a path where nothing is: says how far the path goes, what is named like it there, and which
/// models are known by an id instead.
[[nodiscard]] Error missing_model(const std::filesystem::path& path, std::span<const std::string> known_ids = {});

}  // namespace inference_models::formats
