#pragma once

#include <inference_models/export.hpp>
#include <inference_models/model_metadata.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Where models come from that lie at no path. A provider says what packages a model has and where their files are
/// downloaded from; downloading, verifying and keeping them is the library's.
namespace inference_models {

/// A name and a value, of a query parameter or an HTTP header.
using NamedValue = std::pair<std::string, std::string>;

/// What a provider is asked for.
struct ProviderRequest {
    std::string model_id;
    std::string api_key;                         ///< empty: none
    std::vector<NamedValue> extra_query_params;  ///< LoadOptions::weights_provider_extra_query_params
    std::vector<NamedValue> extra_headers;       ///< LoadOptions::weights_provider_extra_headers
};

/// May be called from any thread, several calls at a time. Throws Error: `model_not_found` where it has no such model,
/// `unreachable` where it cannot be asked now, so that what is in the cache is used.
using WeightsProvider = std::function<ModelMetadata(const ProviderRequest&)>;

/// Makes `weights_provider=NAME` ask this one. A provider that had the name before is replaced.
/// \throws Error `invalid_argument` for a name that is no word of letters, digits, `-`, `_` and `.`, or belongs to the
///         library: `roboflow`, `local`, `bundled`, `offline`
INFERENCE_MODELS_EXPORT void register_model_provider(const std::string& name, WeightsProvider provider);

/// What a provider answers in Roboflow's protocol, for those who pass on such an answer: `{"modelMetadata": {...}}`.
/// \param source  for messages: who answered
/// \throws Error `retrieval_failure` where it makes no sense
[[nodiscard]] INFERENCE_MODELS_EXPORT ModelMetadata model_metadata_from_json(std::string_view text,
                                                                             const std::string& source);

}  // namespace inference_models
