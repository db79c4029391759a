#pragma once

#include <inference_models/explanation.hpp>
#include <inference_models/load_options.hpp>

#include <vector>

/// What a model's other candidates are compared with.
namespace inference_models::selection {

/// All that can compute the model in fp32, whatever a caller compares.
[[nodiscard]] LoadOptions reference_options(LoadOptions load);

/// Those that can be the reference, the best first; among equals as they would be chosen.
/// \param candidates  for `reference_options`
[[nodiscard]] std::vector<Candidate> possible_references(const std::vector<Candidate>& candidates);

/// Whether it is what a reference should be, rather than the best that there is.
[[nodiscard]] bool is_fp32_in_onnxruntime(const Candidate& candidate);

}  // namespace inference_models::selection
