#pragma once

#include <inference_models/export.hpp>
#include <inference_models/model_metadata.hpp>

#include <functional>
#include <string>
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
/// \throws Error `invalid_argument` for a name that is empty or belongs to the library: `roboflow`, `local`, `bundled`,
///         `offline`
INFERENCE_MODELS_EXPORT void register_model_provider(const std::string& name, WeightsProvider provider);

}  // namespace inference_models
