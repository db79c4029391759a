#pragma once

#include "hub/find_model.hpp"

#include <inference_models/load_options.hpp>
#include <inference_models/runtime_description.hpp>

#include <string>

namespace inference_models::hub {

/// The name under which a choice of a provider's model is remembered: a hash of all that it follows from. Another
/// request, machine, listing, version of this library, or set of compiled packages has another one.
[[nodiscard]] std::string choice_key(const FoundModel& model, const LoadOptions& options,
                                     const RuntimeDescription& machine);

}  // namespace inference_models::hub
