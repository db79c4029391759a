#pragma once

#include <inference_models/image.hpp>
#include <string>

namespace inference_models::cli {

/// What an option was given for a size: `640` for a square, or `480x640`, height and width.
/// \throws Error `invalid_argument` that names the option
[[nodiscard]] ImageSize image_size_of(const std::string& option, const std::string& word);

}  // namespace inference_models::cli
