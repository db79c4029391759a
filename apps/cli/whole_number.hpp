#pragma once

#include <CLI/CLI.hpp>

namespace inference_models::cli {

/// Refuses what is none of the numbers from 0 that 32 bits hold, in words that say what an option takes; those of the
/// parser repeat what it was given.
[[nodiscard]] CLI::Validator whole_number();

}  // namespace inference_models::cli
