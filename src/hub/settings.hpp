#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>

/// What environment variables say about providers, downloads and the cache. Read once for each call, checked, and given
/// on as a value, so that everything behind it can be tested with any environment.
namespace inference_models::hub {

struct Settings {
    std::filesystem::path cache_directory;  ///< INFERENCE_HOME, MODEL_CACHE_DIR, else $XDG_CACHE_HOME or ~/.cache,
                                            ///< `inference_models`; below it, in all cases, `hub`
    std::string api_host;        ///< `https://api.roboflow.com`, without a `/` at its end: ROBOFLOW_API_HOST,
                                 ///< else by ROBOFLOW_REGION (us, eu) and ROBOFLOW_ENVIRONMENT (prod, staging)
    std::string api_key;         ///< ROBOFLOW_API_KEY; empty: none
    std::string secure_gateway;  ///< SECURE_GATEWAY, or LICENSE_SERVER: `http://gateway`; empty: none
    bool offline = false;        ///< OFFLINE_MODE
    std::chrono::milliseconds api_timeout{5000};                     ///< API_CALLS_TIMEOUT, in seconds
    std::uint32_t api_tries = 3;                                     ///< API_CALLS_MAX_TRIES
    std::set<long> statuses_to_retry{408, 429, 500, 502, 503, 504};  ///< IDEMPOTENT_API_REQUEST_CODES_TO_RETRY
    std::chrono::minutes choice_expires_after{1440};                 ///< AUTO_LOADER_CACHE_EXPIRATION_MINUTES
    std::chrono::milliseconds download_connect_timeout{30000};       ///< CHUNK_DOWNLOAD_CONNECT_TIMEOUT, in seconds
    std::chrono::milliseconds download_stall_timeout{60000};         ///< CHUNK_DOWNLOAD_READ_TIMEOUT, in seconds
    std::uint32_t download_tries = 8;                                ///< CHUNK_DOWNLOAD_MAX_ATTEMPTS, of one range

    /// The value of a variable, or nothing where it is not set.
    using Environment = std::function<std::optional<std::string>(const char* name)>;

    /// \throws Error `invalid_environment_variable` that names the variable and what it may hold
    [[nodiscard]] static Settings from(const Environment& environment);
    [[nodiscard]] static Settings of_this_process();

    /// `cache_directory`, for somebody who cannot go on without one.
    /// \throws Error `invalid_environment_variable` where there is none
    [[nodiscard]] const std::filesystem::path& needed_cache_directory() const;
};

}  // namespace inference_models::hub
