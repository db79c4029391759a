#pragma once

#include <inference_models/error.hpp>
#include <inference_models/explanation.hpp>
#include <inference_models/model.hpp>

#include <optional>

namespace inference_models::agreement {

/// The error of a model that runs otherwise than a candidate that was asked for: in another engine or precision, on
/// another device or from another package. None where it runs as asked.
[[nodiscard]] std::optional<Error> difference_from(const Candidate& asked, const ModelDescription& loaded);

}  // namespace inference_models::agreement
