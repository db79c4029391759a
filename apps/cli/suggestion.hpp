#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace inference_models::cli {

/// The option or command of `app` whose name is nearest to the first of these unknown words; empty where none is near.
[[nodiscard]] std::string nearest_name(const CLI::App& app, const std::vector<std::string>& unknown);

}  // namespace inference_models::cli
