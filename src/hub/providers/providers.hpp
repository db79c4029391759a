#pragma once

#include "hub/settings.hpp"

#include <inference_models/weights_provider.hpp>

#include <string>

/// Providers by their names: Roboflow's, and those that users have registered.
namespace inference_models::hub {

/// What a provider says of a model. What a registered one says obeys the rules of the JSON that Roboflow's says.
/// \throws Error `invalid_argument` where no provider has this name, as `ask_roboflow` does, or as the registered
///         provider does; `retrieval_failure` for any other exception of its, or where what it says makes no sense
[[nodiscard]] ModelMetadata ask_provider(const std::string& name, const ProviderRequest& request,
                                         const Settings& settings);

}  // namespace inference_models::hub
