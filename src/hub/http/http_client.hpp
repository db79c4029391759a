#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// HTTP by libcurl, which is opened the first time that something is sent: no program that has its models here needs
/// it. TLS certificates are verified (CURL_CA_BUNDLE, SSL_CERT_FILE, REQUESTS_CA_BUNDLE and SSL_CERT_DIR are honoured),
/// and proxies are those of the environment.
namespace inference_models::hub {

struct HttpRequest {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;  ///< sent to the URL's own origin, never after a redirect
                                                               ///< to another one
    std::string bearer_key;                   ///< empty: none; handled like `headers`, and never part of a message
    std::chrono::milliseconds timeout{5000};  ///< of one attempt as a whole
    std::size_t most_bytes = std::size_t{16} << 20U;  ///< of the answer's body
};

struct HttpResponse {
    long status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

/// One request and its answer, whatever the status; at most five redirects are followed, none from https to http.
/// A client keeps its connections for the next request, and serves one thread at a time.
class HttpClient {
public:
    virtual ~HttpClient() = default;

    /// \throws Error `unreachable` where there is no answer; `retrieval_failure` for an answer that is too large, a
    ///         redirect that may not be followed, a certificate that is not trusted, or where libcurl is not installed;
    ///         `invalid_argument` for headers or a key that would break the request
    [[nodiscard]] virtual HttpResponse get(const HttpRequest& request) = 0;

protected:
    HttpClient() = default;
    HttpClient(const HttpClient&) = default;
    HttpClient& operator=(const HttpClient&) = default;
};

/// Opens libcurl with its first request.
[[nodiscard]] std::unique_ptr<HttpClient> curl_client();

}  // namespace inference_models::hub
