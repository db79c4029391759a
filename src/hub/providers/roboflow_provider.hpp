#pragma once

#include "hub/http/http_client.hpp"
#include "hub/settings.hpp"

#include <inference_models/weights_provider.hpp>

#include <chrono>
#include <functional>

/// Roboflow's weights API, and whatever speaks the same protocol at ROBOFLOW_API_HOST.
namespace inference_models::hub {

/// Waits between two attempts. Tests do not wait.
using Pause = std::function<void(std::chrono::milliseconds)>;

/// Every page of a model's listing, as one.
/// \throws Error `unauthorized` (401), `payment_required` (402), `forbidden` (403), `model_not_found` (404),
///         `usage_paused` (423), `unreachable` after `settings.api_tries` attempts without an answer or with one of
///         `settings.statuses_to_retry`, `retrieval_failure` for all else
[[nodiscard]] ModelMetadata ask_roboflow(const ProviderRequest& request, const Settings& settings, HttpClient& client,
                                         const Pause& pause);

/// A URL as the secure gateway wants it, where there is one; unchanged where it is one already.
[[nodiscard]] std::string through_gateway(const std::string& url, const Settings& settings);

}  // namespace inference_models::hub
