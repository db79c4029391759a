#include "hub/public_url.hpp"

namespace inference_models::hub {

std::string public_url(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return std::string(url);
    const std::size_t authority = scheme + 3;
    const std::size_t at = url.substr(0, url.find('/', authority)).rfind('@');
    if (at == std::string_view::npos || at < authority) return std::string(url);
    return std::string(url.substr(0, authority)).append(url.substr(at + 1));
}

}  // namespace inference_models::hub
