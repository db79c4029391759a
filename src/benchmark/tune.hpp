#pragma once

#include <inference_models/explanation.hpp>
#include <inference_models/load_options.hpp>

#include <string>

namespace inference_models::benchmark {

/// What `tune=True` does: measures the candidates of a request for its goal, and remembers the figures, unless those of
/// all are known from one run or there is only one. Its pictures are the product's own.
/// \param explanation  of that request
/// \returns whether anything was measured
/// \throws Error as tune_model
bool tune_where_unmeasured(const std::string& model_id_or_path, const LoadOptions& options,
                           const Explanation& explanation);

}  // namespace inference_models::benchmark
