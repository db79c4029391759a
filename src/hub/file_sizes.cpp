#include "hub/file_sizes.hpp"

#include <inference_models/error.hpp>
#include <optional>
#include <string>

#include "common/log.hpp"
#include "formats/text.hpp"
#include "hub/providers/roboflow_provider.hpp"

namespace inference_models::hub {
namespace {

std::string header_of(const HttpResponse& response, const std::string& name) {
    const auto found = response.headers.find(name);
    return found == response.headers.end() ? std::string() : found->second;
}

/// One byte is asked for instead of the headers alone: URLs that are signed for a download refuse HEAD.
std::optional<std::uint64_t> size_at(const std::string& url, const Settings& settings, HttpClient& client) {
    HttpRequest request;
    request.url = url;
    request.headers = {{"Range", "bytes=0-0"}};
    request.timeout = settings.api_timeout;
    try {
        const HttpResponse response = client.get(request);
        const std::string range = header_of(response, "content-range");  // bytes 0-0/12839457
        if (response.status == 206) return formats::to_number<std::uint64_t>(range.substr(range.rfind('/') + 1));
        if (response.status == 200) return response.body.size();
        // Nothing can be taken of an empty file.
        if (response.status == 416 && range.ends_with("*/0")) return 0;
    } catch (const Error& error) {
        log::message(LogLevel::debug, "a file's size stays unknown: {}", error.message());
    }
    return std::nullopt;
}

}  // namespace

void ask_file_sizes(PackageMetadata& package, const Settings& settings, HttpClient& client) {
    for (PackageFile& file : package.files) {
        if (!file.size_bytes) file.size_bytes = size_at(through_gateway(file.download_url, settings), settings, client);
    }
}

}  // namespace inference_models::hub
