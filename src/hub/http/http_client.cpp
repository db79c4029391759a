#include "hub/http/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <inference_models/error.hpp>
#include <optional>
#include <string_view>

#include "common/printable.hpp"
#include "hub/http/curl_request.hpp"

namespace inference_models::hub {
namespace {

using Clock = std::chrono::steady_clock;

bool is_header_name(std::string_view name) {
    constexpr std::string_view kToken = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return !name.empty() && name.find_first_not_of(kToken) == std::string_view::npos;
}

bool is_header_value(std::string_view value) {
    return std::ranges::none_of(value, [](char letter) {
        const auto code = static_cast<unsigned char>(letter);
        return (code < 0x20 && letter != '\t') || code == 0x7f;
    });
}

/// What is sent to the first URL's origin alone.
std::vector<std::string> own_header_lines(const HttpRequest& request) {
    std::vector<std::string> lines;
    for (const auto& [name, value] : request.headers) {
        if (!is_header_name(name) || !is_header_value(value)) {
            throw Error(ErrorKind::invalid_argument, "headers",
                        fmt::format("`{}` cannot be sent as a header", printable(name)),
                        "A header's name is of letters, digits and `-`, and its value one line.");
        }
        lines.push_back(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
    }
    if (request.bearer_key.empty()) return lines;
    if (!is_header_value(request.bearer_key)) {
        throw Error(ErrorKind::invalid_argument, "api_key", "The API key holds line breaks or control characters",
                    "Give the key alone, as the provider shows it.");
    }
    lines.push_back(fmt::format("Authorization: Bearer {}", request.bearer_key));
    return lines;
}

Error too_large(const Url& url, std::size_t most_bytes) {
    return {ErrorKind::retrieval_failure, url.readable(),
            fmt::format("{} answers with more than {} bytes", url.readable(), most_bytes),
            "Its server is at fault, or it is not the one that was meant: check the address."};
}

class CurlClient final : public HttpClient {
public:
    HttpResponse get(const HttpRequest& request) override;

private:
    HttpResponse get_once(const Url& url, const std::vector<std::string>& lines, std::size_t most_bytes,
                          std::chrono::milliseconds timeout);

    std::optional<CurlRequest> curl_;  ///< made with the first request; its connections are used again
};

HttpResponse CurlClient::get(const HttpRequest& request) {
    const PipeSignalBlocked no_pipe_signal;
    if (!curl_) curl_.emplace();
    const auto deadline = Clock::now() + request.timeout;
    const std::vector<std::string> own_lines = own_header_lines(request);
    const Url first = Url::parse(request.url);
    Url url = first;
    for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        HttpResponse response = get_once(url, url.has_origin_of(first) ? own_lines : std::vector<std::string>(),
                                         request.most_bytes, std::max(left, std::chrono::milliseconds(1)));
        const auto location = curl_->head().redirect();
        if (!location) return response;
        url = url.redirected_to(*location);
    }
    throw Error(
        ErrorKind::retrieval_failure, first.readable(),
        fmt::format("{} sends on more than {} times, last to {}", first.readable(), kMostRedirects, url.readable()),
        "Its server is at fault: tell whoever runs it.");
}

HttpResponse CurlClient::get_once(const Url& url, const std::vector<std::string>& lines, std::size_t most_bytes,
                                  std::chrono::milliseconds timeout) {
    std::string body;
    curl_->prepare(url, lines, [&](std::span<const std::byte> bytes) {
        if (bytes.size() > most_bytes - body.size()) throw too_large(url, most_bytes);
        body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return true;
    });
    curl_->set(CURLOPT_ACCEPT_ENCODING, "");  // whatever libcurl can undo
    curl_->set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    curl_->check(curl_library().easy_perform(curl_->handle()));
    return {curl_->head().status, curl_->head().headers, std::move(body)};
}

}  // namespace

std::unique_ptr<HttpClient> curl_client() {
    return std::make_unique<CurlClient>();
}

}  // namespace inference_models::hub
