#pragma once

#include <inference_models/error.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/http/curl_library.hpp"
#include "hub/http/url.hpp"

/// One GET by libcurl, as the HTTP client and the downloads make it.
namespace inference_models::hub {

inline constexpr int kMostRedirects = 5;

/// What comes before an answer's body.
struct AnswerHead {
    long status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case

    [[nodiscard]] std::string header(const std::string& name) const;  ///< empty where it is absent
    /// Where it sends on to, if it does.
    [[nodiscard]] std::optional<std::string> redirect() const;
};

/// Takes a piece of a body; false: enough. What it throws ends the request and is thrown again by `check`.
using TakeBytes = std::function<bool(std::span<const std::byte>)>;

/// Redirects are not followed: whoever asks decides what is sent to whom.
class CurlRequest {
public:
    CurlRequest();
    ~CurlRequest() = default;
    CurlRequest(const CurlRequest&) = delete;
    CurlRequest& operator=(const CurlRequest&) = delete;

    /// Ready to be performed; what an earlier one left is forgotten, apart from its connection.
    /// \param header_lines  `Name: value`
    void prepare(const Url& url, const std::vector<std::string>& header_lines, TakeBytes take);

    template <class Value>
    void set(CURLoption option, Value value) {
        if (curl_.easy_setopt(handle_.get(), option, value) == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    }

    [[nodiscard]] CURL* handle() const noexcept { return handle_.get(); }
    [[nodiscard]] const AnswerHead& head() const noexcept { return head_; }
    [[nodiscard]] std::chrono::steady_clock::time_point last_byte_at() const noexcept { return last_byte_at_; }
    /// How long the server asks to wait before the next attempt.
    [[nodiscard]] std::chrono::seconds retry_after() const;

    /// After it was performed.
    /// \throws Error `unreachable` where no whole answer came, `retrieval_failure` for a certificate that is not
    ///         trusted and the like; what `take` threw
    void check(CURLcode result) const;

private:
    struct CloseHandle {
        void operator()(CURL* handle) const noexcept { curl_library().easy_cleanup(handle); }
    };
    struct FreeList {
        void operator()(curl_slist* list) const noexcept { curl_library().slist_free_all(list); }
    };

    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* request) noexcept;
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* request) noexcept;
    void take_header_line(std::string_view line);
    void set_certificates();

    const CurlLibrary& curl_;
    std::unique_ptr<CURL, CloseHandle> handle_;
    std::unique_ptr<curl_slist, FreeList> header_lines_;
    std::array<char, CURL_ERROR_SIZE> problem_{};
    std::string readable_url_;
    TakeBytes take_;
    AnswerHead head_;
    std::size_t header_bytes_ = 0;
    bool head_is_whole_ = false;
    bool is_enough_ = false;
    std::exception_ptr thrown_;
    std::chrono::steady_clock::time_point last_byte_at_;
};

/// Keeps SIGPIPE from ending the process while this lives: TLS libraries write to sockets that a server has closed.
class PipeSignalBlocked {
public:
    PipeSignalBlocked();
    ~PipeSignalBlocked();
    PipeSignalBlocked(const PipeSignalBlocked&) = delete;
    PipeSignalBlocked& operator=(const PipeSignalBlocked&) = delete;

private:
    sigset_t before_{};
    bool was_pending_ = false;
};

}  // namespace inference_models::hub
