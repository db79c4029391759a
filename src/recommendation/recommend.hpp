#pragma once

#include <inference_models/explanation.hpp>
#include <inference_models/load_options.hpp>
#include <inference_models/recommendation.hpp>
#include <inference_models/runtime_description.hpp>

#include <string>
#include <vector>

namespace inference_models::recommendation {

/// All that a recommendation follows from.
struct Evidence {
    std::string model;  ///< as the caller names it
    LoadOptions request;
    Explanation explanation;       ///< of that request
    std::vector<Candidate> lower;  ///< the candidates that run here in a lower precision, where none was asked for
    RuntimeDescription machine;
};

/// A pure function of data.
[[nodiscard]] Recommendation recommend(const Evidence& evidence);

}  // namespace inference_models::recommendation
