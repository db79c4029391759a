#pragma once

#include <inference_models/export.hpp>

namespace inference_models::benchmark {

/// Does the job that stands on standard input, and writes its answer to standard output: what the program does in a
/// process that measures one candidate.
INFERENCE_MODELS_EXPORT void work();

}  // namespace inference_models::benchmark
