#pragma once

#include <string>
#include <string_view>

namespace inference_models::hub {

/// A URL as it may be shown: without what gives access to whoever has it, which is the query (download URLs are often
/// signed there), the fragment, and a name and password in front of the host.
[[nodiscard]] std::string public_url(std::string_view url);

}  // namespace inference_models::hub
