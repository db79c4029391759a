#include "hub/http/curl_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <inference_models/version.hpp>
#include <new>
#include <system_error>
#include <utility>

#include "common/printable.hpp"

namespace inference_models::hub {
namespace {

constexpr std::size_t kMostHeaderBytes = std::size_t{256} << 10U;
constexpr long kReceiveBuffer = 256L << 10U;
constexpr std::array kCertificateVariables{"CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"};

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// The first variable that names a CA bundle; null: none does.
const char* certificate_variable() {
    const auto* const found =
        std::ranges::find_if(kCertificateVariables, [](const char* name) { return !environment(name).empty(); });
    return found != kCertificateVariables.end() ? *found : nullptr;
}

bool is_no_answer(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PARTIAL_FILE:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
        case CURLE_HTTP3:
        case CURLE_QUIC_CONNECT_ERROR:
        case CURLE_PROXY:
        // An answer that was cut within its first line:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL: return true;
        default: return false;
    }
}

bool is_certificate_problem(CURLcode code) {
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CERTPROBLEM;
}

Error no_answer(const std::string& url, std::string_view detail) {
    return {ErrorKind::unreachable, url, fmt::format("{} gave no whole answer: {}", url, detail),
            "Check the network, and https_proxy or http_proxy if a proxy is needed. With OFFLINE_MODE=True only what "
            "was downloaded before is used, and nothing is asked."};
}

Error bad_certificate(CURLcode code, const std::string& url, std::string_view detail) {
    const char* const variable = certificate_variable();
    if (code == CURLE_SSL_CACERT_BADFILE) {
        return {ErrorKind::retrieval_failure, url,
                fmt::format("The trusted certificates that {} is to be checked with cannot be read: {}", url, detail),
                variable != nullptr ? fmt::format("Mend what the environment variable {} names.", variable)
                                    : "Install the package ca-certificates, or name a CA bundle in SSL_CERT_FILE."};
    }
    return {ErrorKind::retrieval_failure, url, fmt::format("The certificate of {} is not trusted: {}", url, detail),
            "Where its server or a proxy uses an authority of your own, name the CA bundle with it in SSL_CERT_FILE "
            "(or CURL_CA_BUNDLE, or REQUESTS_CA_BUNDLE)."};
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

std::string AnswerHead::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found != headers.end() ? found->second : std::string();
}

std::optional<std::string> AnswerHead::redirect() const {
    const bool sends_on = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    const auto location = headers.find("location");
    if (!sends_on || location == headers.end()) return std::nullopt;
    return location->second;
}

CurlRequest::CurlRequest() : curl_(curl_library()), handle_(curl_.easy_init()) {
    if (!handle_) throw std::bad_alloc();
}

void CurlRequest::prepare(const Url& url, const std::vector<std::string>& header_lines, TakeBytes take) {
    curl_.easy_reset(handle_.get());
    header_lines_.reset();
    for (const std::string& line : header_lines) {
        curl_slist* const longer = curl_.slist_append(header_lines_.get(), line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        if (!header_lines_) header_lines_.reset(longer);  // afterwards it stays the beginning
    }
    problem_.fill('\0');
    readable_url_ = url.readable();
    take_ = std::move(take);
    head_ = {};
    header_bytes_ = 0;
    head_is_whole_ = false;
    is_enough_ = false;
    thrown_ = nullptr;
    last_byte_at_ = std::chrono::steady_clock::now();

    set(CURLOPT_URL, url.text().c_str());
    set(CURLOPT_HTTPHEADER, header_lines_.get());
    set(CURLOPT_USERAGENT, fmt::format("inference_models/{}", kVersion).c_str());
    set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);  // signals are the process's own
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
    set(CURLOPT_ERRORBUFFER, problem_.data());
    set(CURLOPT_HEADERFUNCTION, &CurlRequest::on_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &CurlRequest::on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set_certificates();
}

void CurlRequest::set_certificates() {
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (const char* const variable = certificate_variable()) {
        const std::string bundle = environment(variable);
        std::error_code problem;
        const bool is_directory = std::filesystem::is_directory(bundle, problem);
        set(is_directory ? CURLOPT_CAPATH : CURLOPT_CAINFO, bundle.c_str());
    }
    const std::string directory = environment("SSL_CERT_DIR");
    if (!directory.empty()) set(CURLOPT_CAPATH, directory.c_str());
}

std::chrono::seconds CurlRequest::retry_after() const {
    curl_off_t seconds = 0;
    if (curl_.easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds < 0) return {};
    return std::chrono::seconds(seconds);
}

void CurlRequest::check(CURLcode result) const {
    if (thrown_) std::rethrow_exception(thrown_);
    if (result == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (is_enough_) return;
    const std::string detail = printable(problem_.front() != '\0' ? problem_.data() : curl_.easy_strerror(result));
    if (is_certificate_problem(result)) throw bad_certificate(result, readable_url_, detail);
    if (is_no_answer(result)) throw no_answer(readable_url_, detail);
    if (result != CURLE_OK) {
        throw Error(ErrorKind::retrieval_failure, readable_url_,
                    fmt::format("{} cannot be fetched: {}", readable_url_, detail),
                    "Check the address; if it is right, its server is at fault.");
    }
    if (!head_is_whole_) throw no_answer(readable_url_, "the connection was closed within the answer's headers");
}

std::size_t CurlRequest::on_header(char* bytes, std::size_t size, std::size_t count, void* request) noexcept {
    CurlRequest& self = *static_cast<CurlRequest*>(request);
    try {
        self.last_byte_at_ = std::chrono::steady_clock::now();
        self.take_header_line(std::string_view(bytes, size * count));
        return size * count;
    } catch (...) {
        self.thrown_ = std::current_exception();
        return 0;
    }
}

void CurlRequest::take_header_line(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > kMostHeaderBytes) {
        throw Error(ErrorKind::retrieval_failure, readable_url_,
                    fmt::format("{} answers with more than {} bytes of headers", readable_url_, kMostHeaderBytes),
                    "Its server is at fault: tell whoever runs it.");
    }
    if (line.starts_with("HTTP/")) {  // there may be several: of `100 Continue` and the like
        head_ = {};
        head_is_whole_ = false;
        curl_.easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &head_.status);
        return;
    }
    if (line == "\r\n" || line == "\n") {
        head_is_whole_ = true;
        return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string name(trimmed(line.substr(0, colon)));
    std::ranges::transform(name, name.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    const std::string_view value = trimmed(line.substr(colon + 1));
    std::string& kept = head_.headers[name];
    if (!kept.empty()) kept += ", ";
    kept += value;
}

std::size_t CurlRequest::on_body(char* bytes, std::size_t size, std::size_t count, void* request) noexcept {
    CurlRequest& self = *static_cast<CurlRequest*>(request);
    const std::size_t taken = size * count;
    try {
        self.last_byte_at_ = std::chrono::steady_clock::now();
        if (self.take_(std::as_bytes(std::span(bytes, taken)))) return taken;
        self.is_enough_ = true;
    } catch (...) {
        self.thrown_ = std::current_exception();
    }
    return taken == 0 ? 1 : 0;  // whatever differs from `taken` ends it
}

PipeSignalBlocked::PipeSignalBlocked() {
    sigset_t pending{};
    ::sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigset_t pipe{};
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, &before_);
}

PipeSignalBlocked::~PipeSignalBlocked() {
    sigset_t pipe{};
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    const timespec at_once{};
    if (!was_pending_) ::sigtimedwait(&pipe, nullptr, &at_once);  // takes away the one that came meanwhile
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace inference_models::hub
