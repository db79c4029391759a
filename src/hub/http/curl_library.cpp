#include "hub/http/curl_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <inference_models/error.hpp>
#include <optional>
#include <string>
#include <vector>

namespace inference_models::hub {
namespace {

constexpr unsigned kLeastVersion = 0x07'42'00;  // 7.66: the first with curl_multi_poll
constexpr const char* kVariable = "INFERENCE_MODELS_CURL_LIBRARY";

std::vector<std::string> candidates() {
    const char* const named = std::getenv(kVariable);
    if (named != nullptr && *named != '\0') return {named};
    return {"libcurl.so.4", "libcurl-gnutls.so.4"};
}

/// Whether the function is there.
template <class Function>
bool find(void* handle, const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(::dlsym(handle, name));
    return function != nullptr;
}

bool find_functions(void* handle, CurlLibrary& curl) {
    return find(handle, "curl_easy_init", curl.easy_init) && find(handle, "curl_easy_cleanup", curl.easy_cleanup) &&
           find(handle, "curl_easy_reset", curl.easy_reset) && find(handle, "curl_easy_setopt", curl.easy_setopt) &&
           find(handle, "curl_easy_getinfo", curl.easy_getinfo) &&
           find(handle, "curl_easy_perform", curl.easy_perform) &&
           find(handle, "curl_easy_strerror", curl.easy_strerror) && find(handle, "curl_multi_init", curl.multi_init) &&
           find(handle, "curl_multi_cleanup", curl.multi_cleanup) &&
           find(handle, "curl_multi_setopt", curl.multi_setopt) &&
           find(handle, "curl_multi_add_handle", curl.multi_add_handle) &&
           find(handle, "curl_multi_remove_handle", curl.multi_remove_handle) &&
           find(handle, "curl_multi_perform", curl.multi_perform) && find(handle, "curl_multi_poll", curl.multi_poll) &&
           find(handle, "curl_multi_info_read", curl.multi_info_read) &&
           find(handle, "curl_multi_strerror", curl.multi_strerror) &&
           find(handle, "curl_slist_append", curl.slist_append) &&
           find(handle, "curl_slist_free_all", curl.slist_free_all) && find(handle, "curl_url", curl.url) &&
           find(handle, "curl_url_cleanup", curl.url_cleanup) && find(handle, "curl_url_set", curl.url_set) &&
           find(handle, "curl_url_get", curl.url_get) && find(handle, "curl_free", curl.free);
}

/// Why a library that was opened does not serve; empty: it does.
std::string take(void* handle, CurlLibrary& curl) {
    decltype(&::curl_version_info) version_info = nullptr;
    decltype(&::curl_global_init) global_init = nullptr;
    if (!find(handle, "curl_version_info", version_info) || !find(handle, "curl_global_init", global_init)) {
        return "it is no libcurl";
    }
    const curl_version_info_data* const version = version_info(CURLVERSION_FIRST);
    if (version->version_num < kLeastVersion) return fmt::format("it is version {}", version->version);
    if (!find_functions(handle, curl)) return "it lacks functions";
    if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return "it cannot be initialised";
    return {};
}

CurlLibrary open_library() {
    std::vector<std::string> reasons;
    for (const std::string& name : candidates()) {
        void* const handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) {
            const char* const reason = ::dlerror();
            reasons.emplace_back(reason != nullptr ? reason : name);
            continue;
        }
        CurlLibrary curl;
        const std::string reason = take(handle, curl);
        if (reason.empty()) return curl;
        reasons.push_back(fmt::format("{}: {}", name, reason));
        ::dlclose(handle);
    }
    throw Error(ErrorKind::retrieval_failure, "libcurl",
                fmt::format("Nothing can be downloaded without libcurl 7.66 or newer, which was not found ({})",
                            fmt::join(reasons, "; ")),
                fmt::format("Install it, on Debian and Ubuntu by `apt-get install libcurl4`, or set {} to its path. "
                            "Bundled models and those that lie at a path need none.",
                            kVariable));
}

}  // namespace

const CurlLibrary& curl_library() {
    static const CurlLibrary curl = open_library();
    return curl;
}

}  // namespace inference_models::hub
