#include "hub/http/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <inference_models/error.hpp>
#include <memory>
#include <new>
#include <string_view>

#include "common/printable.hpp"
#include "hub/http/curl_library.hpp"

namespace inference_models::hub {
namespace {

struct CloseUrl {
    void operator()(CURLU* handle) const noexcept { curl_library().url_cleanup(handle); }
};
using Handle = std::unique_ptr<CURLU, CloseUrl>;

Handle new_handle() {
    Handle handle(curl_library().url());
    if (!handle) throw std::bad_alloc();
    return handle;
}

/// A part, or nothing where the URL has none.
std::string part(const Handle& handle, CURLUPart which, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_library().url_get(handle.get(), which, &text, flags) != CURLUE_OK) return {};
    std::string copy = text;
    curl_library().free(text);
    return copy;
}

std::string in_lower_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return text;
}

/// What may be shown of a text that is no URL: nothing before an `@`, for a password may stand there, and no query.
std::string start_of(std::string_view text) {
    constexpr std::size_t kMost = 200;
    text = text.substr(0, text.find_first_of("?#"));
    text.remove_prefix(text.rfind('@') + 1);  // npos + 1 is 0
    return printable(text.substr(0, kMost));
}

}  // namespace

Url Url::parse(const std::string& text) {
    const Handle handle = new_handle();
    Url url;
    if (curl_library().url_set(handle.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK) {
        url.text_ = part(handle, CURLUPART_URL);
        url.scheme_ = in_lower_case(part(handle, CURLUPART_SCHEME));
        url.host_ = in_lower_case(part(handle, CURLUPART_HOST));
        url.port_ = part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
        url.explicit_port_ = part(handle, CURLUPART_PORT);
        url.path_ = part(handle, CURLUPART_PATH);
    }
    if ((url.scheme_ != "http" && url.scheme_ != "https") || url.host_.empty()) {
        throw Error(ErrorKind::retrieval_failure, start_of(text),
                    fmt::format("`{}` is no address that something can be fetched from", start_of(text)),
                    "It must begin with https:// or http:// and name a host.");
    }
    return url;
}

Url Url::redirected_to(const std::string& location) const {
    const Handle handle = new_handle();
    const CurlLibrary& curl = curl_library();
    if (curl.url_set(handle.get(), CURLUPART_URL, text_.c_str(), 0) != CURLUE_OK ||
        curl.url_set(handle.get(), CURLUPART_URL, location.c_str(), CURLU_URLENCODE) != CURLUE_OK) {
        throw Error(ErrorKind::retrieval_failure, readable(),
                    fmt::format("{} sends on to `{}`, which is no address", readable(), start_of(location)),
                    "Its server is at fault: tell whoever runs it.");
    }
    Url next = parse(part(handle, CURLUPART_URL));
    if (scheme_ == "https" && next.scheme_ == "http") {
        throw Error(ErrorKind::retrieval_failure, readable(),
                    fmt::format("{} sends on from https to {}, where anyone could read and change what is sent",
                                readable(), next.readable()),
                    "Its server is at fault: tell whoever runs it.");
    }
    return next;
}

bool Url::has_origin_of(const Url& other) const {
    return scheme_ == other.scheme_ && host_ == other.host_ && port_ == other.port_;
}

std::string Url::readable() const {
    return printable(
        fmt::format("{}://{}{}{}{}", scheme_, host_, explicit_port_.empty() ? "" : ":", explicit_port_, path_));
}

}  // namespace inference_models::hub
