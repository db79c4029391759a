#pragma once

#include <inference_models/agreement.hpp>
#include <nlohmann/json_fwd.hpp>

/// The parts of an AgreementReport's document that other reports have too.
namespace inference_models {

[[nodiscard]] nlohmann::ordered_json json_of(const AgreementGate& gate);
[[nodiscard]] nlohmann::ordered_json json_of(const Agreement& agreement);
[[nodiscard]] nlohmann::ordered_json json_of(const UncomparedCandidate& candidate);

}  // namespace inference_models
