#pragma once

#include "hub/providers/provider_json.hpp"

#include <inference_models/model_metadata.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// What clients of `hub serve` ask for, checked.
namespace inference_models::hub {

/// The parameters of a URL's query, decoded. Where one is given twice, the first counts; what is encoded in a wrong way
/// is left out.
[[nodiscard]] std::map<std::string, std::string> query_parameters(std::string_view query);

/// Whether a `Host` header may become part of URLs: letters, digits, `.`, `-`, `:`, `[` and `]`.
[[nodiscard]] bool is_host(std::string_view text) noexcept;

/// Which part of a model's listing is asked for.
struct ListingRequest {
    std::string model_id;
    std::size_t page_size = 100;
    std::string start_after;  ///< a package's id; empty: from the first on
};

/// Nothing where a parameter is missing or makes no sense.
[[nodiscard]] std::optional<ListingRequest> listing_request(const std::map<std::string, std::string>& parameters);

/// \param model  its packages by id, their `download_url` relative to `base_url`
[[nodiscard]] MetadataPage page_of(ModelMetadata model, const ListingRequest& request, const std::string& base_url);

}  // namespace inference_models::hub
