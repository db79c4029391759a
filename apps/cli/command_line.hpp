#pragma once

#include <string>

namespace inference_models::cli {

/// What this program was started with, as a shell takes it.
[[nodiscard]] std::string command_line();

}  // namespace inference_models::cli
