#pragma once

#include <inference_models/load_options.hpp>

#include <string>

namespace inference_models::recommendation {

/// What a command of the program needs to mean the same request: the options that narrow the choice, and those that
/// figures are kept by. Only those that were given, quoted for a shell, a space before each.
[[nodiscard]] std::string command_line_of(const LoadOptions& request);

}  // namespace inference_models::recommendation
