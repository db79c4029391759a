#pragma once

#include "hub/find_model.hpp"
#include "selection/figures.hpp"

#include <inference_models/load_options.hpp>
#include <inference_models/runtime_description.hpp>

#include <span>
#include <string>

namespace inference_models::hub {

/// The name under which a choice of a provider's model is remembered: a hash of all that it follows from. Another
/// request, machine, listing, version of this library, set of compiled packages, or what was measured of them has
/// another one.
[[nodiscard]] std::string choice_key(const FoundModel& model, const LoadOptions& options,
                                     const RuntimeDescription& machine,
                                     std::span<const selection::Figures> figures = {});

}  // namespace inference_models::hub
