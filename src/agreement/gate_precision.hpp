#pragma once

#include <inference_models/explanation.hpp>

namespace inference_models::agreement {

/// Whose gate a candidate that runs here has to pass: the lower of what it is stored and computed in. Weights that were
/// rounded to fp16 stay so when they are computed in fp32.
[[nodiscard]] Precision gate_precision(const Candidate& candidate);

}  // namespace inference_models::agreement
