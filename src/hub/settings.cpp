#include "hub/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <inference_models/error.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/printable.hpp"
#include "formats/text.hpp"
#include "hub/checked_names.hpp"

namespace inference_models::hub {
namespace {

using std::chrono::milliseconds;

/// One request to a provider, or one attempt at a file, has no use for more.
constexpr double kLongestTimeoutSeconds = 86'400;
constexpr std::uint32_t kMostTries = 1000;
constexpr std::uint32_t kLongestExpiryMinutes = 60U * 24 * 365 * 10;

/// The variables of a process, each read with what it may hold. One that is empty counts as not set.
class Variables {
public:
    explicit Variables(const Settings::Environment& environment) : environment_(environment) {}

    [[nodiscard]] std::optional<std::string> find(const char* name) const {
        auto value = environment_(name);
        return value && !formats::trimmed(*value).empty() ? std::optional(std::string(formats::trimmed(*value)))
                                                          : std::nullopt;
    }

    void read(const char* name, bool& setting) const {
        const auto value = find(name);
        if (!value) return;
        const std::string word = formats::lowered(*value);
        if (word != "true" && word != "false") throw invalid(name, *value, "`True` or `False`");
        setting = word == "true";
    }

    void read_seconds(const char* name, milliseconds& setting) const {
        const auto value = find(name);
        if (!value) return;
        const auto seconds = formats::to_number<double>(*value);
        constexpr double kThousand = 1000;
        if (!seconds || !(*seconds * kThousand >= 1 && *seconds <= kLongestTimeoutSeconds)) {
            throw invalid(name, *value,
                          fmt::format("seconds from 0.001 to {}, such as 5 or 2.5", kLongestTimeoutSeconds));
        }
        setting = milliseconds(std::llround(*seconds * kThousand));
    }

    void read_count(const char* name, std::uint32_t least, std::uint32_t most, std::uint32_t& setting) const {
        const auto value = find(name);
        if (!value) return;
        const auto count = formats::to_number<std::uint32_t>(*value);
        if (!count || *count < least || *count > most) {
            throw invalid(name, *value, fmt::format("a whole number from {} to {}", least, most));
        }
        setting = *count;
    }

    void read_statuses(const char* name, std::set<long>& setting) const {
        const auto value = find(name);
        if (!value) return;
        setting.clear();
        for (std::string_view rest = *value; !rest.empty();) {
            const std::string_view word = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(rest.size(), word.size() + 1));
            const auto status = formats::to_number<long>(formats::trimmed(word));
            if (!status || *status < 400 || *status > 599) {
                throw invalid(name, *value, "HTTP statuses from 400 to 599 with commas between them, such as 429,503");
            }
            setting.insert(*status);
        }
    }

    template <std::size_t size>
    [[nodiscard]] std::size_t choice(const char* name, const std::array<std::string_view, size>& words) const {
        const auto value = find(name);
        if (!value) return 0;
        const std::string word = formats::lowered(*value);
        for (std::size_t i = 0; i < size; ++i) {
            if (words[i] == word) return i;
        }
        throw invalid(name, *value, fmt::format("one of {}", fmt::join(words, ", ")));
    }

    [[nodiscard]] static Error invalid(const char* name, std::string_view value, std::string_view allowed) {
        constexpr std::size_t kShown = 100;
        return {ErrorKind::invalid_environment_variable, name,
                fmt::format("the environment variable {} is `{}`; it must be {}", name,
                            printable(value.substr(0, kShown)), allowed),
                "Correct it, or unset it to take the default."};
    }

private:
    const Settings::Environment& environment_;
};

/// Without the slashes at its end.
std::string without_last_slashes(std::string text) {
    text.erase(text.find_last_not_of('/') + 1);  // npos + 1 is 0
    return text;
}

std::string checked_address(const char* name, const std::string& value) {
    if (!is_http_url(value) || value.find_first_of("?#") != std::string::npos) {
        throw Variables::invalid(name, value, "an http or https address without user, password and query");
    }
    return without_last_slashes(value);
}

std::string api_host(const Variables& variables) {
    constexpr std::array<std::string_view, 2> kRegions{"us", "eu"};
    constexpr std::array<std::string_view, 2> kEnvironments{"prod", "staging"};
    constexpr std::array<std::array<const char*, 2>, 2> kHosts{
        {{"https://api.roboflow.com", "https://api.roboflow.one"},
         {"https://api.roboflow.eu", "https://api.roboflow-eu.one"}}};
    const std::size_t region = variables.choice("ROBOFLOW_REGION", kRegions);
    const std::size_t environment = variables.choice("ROBOFLOW_ENVIRONMENT", kEnvironments);
    const auto stated = variables.find("ROBOFLOW_API_HOST");
    return stated ? checked_address("ROBOFLOW_API_HOST", *stated) : kHosts[region][environment];
}

std::string secure_gateway(const Variables& variables) {
    for (const char* const name : {"SECURE_GATEWAY", "LICENSE_SERVER"}) {
        const auto value = variables.find(name);
        if (!value) continue;
        return checked_address(name, value->find("://") == std::string::npos ? "http://" + *value : *value);
    }
    return {};
}

/// A key that could not stand in a header would never be accepted, and must not appear in the message.
std::string api_key(const Variables& variables) {
    std::string key = variables.find("ROBOFLOW_API_KEY").value_or("");
    for (const char c : key) {
        if (c <= ' ' || c >= '\x7f') {
            throw Error(ErrorKind::invalid_environment_variable, "ROBOFLOW_API_KEY",
                        "the environment variable ROBOFLOW_API_KEY holds characters that no key has",
                        "Copy the key again, without spaces, line breaks and quotation marks.");
        }
    }
    return key;
}

/// Empty for a relative directory of a working directory that is no longer there.
std::filesystem::path below(const std::string& directory, const char* place) {
    std::error_code problem;
    const auto whole = std::filesystem::absolute(directory, problem);
    return problem ? std::filesystem::path() : whole / place;
}

/// Empty where nothing says where it could be: that is an error of whoever needs it.
std::filesystem::path cache_directory(const Variables& variables) {
    for (const char* const name : {"INFERENCE_HOME", "MODEL_CACHE_DIR"}) {
        if (const auto value = variables.find(name)) return below(*value, "hub");
    }
    // By its specification, XDG_CACHE_HOME is passed over where it is relative.
    if (const auto cache = variables.find("XDG_CACHE_HOME"); cache && cache->starts_with('/')) {
        return std::filesystem::path(*cache) / "inference_models" / "hub";
    }
    if (const auto home = variables.find("HOME")) {
        return below(*home, ".cache/inference_models/hub");
    }
    return {};
}

}  // namespace

Settings Settings::from(const Environment& environment) {
    const Variables variables(environment);
    Settings settings;
    settings.cache_directory = hub::cache_directory(variables);
    settings.api_host = hub::api_host(variables);
    settings.api_key = hub::api_key(variables);
    settings.secure_gateway = hub::secure_gateway(variables);
    variables.read("OFFLINE_MODE", settings.offline);
    variables.read_seconds("API_CALLS_TIMEOUT", settings.api_timeout);
    variables.read_count("API_CALLS_MAX_TRIES", 1, kMostTries, settings.api_tries);
    variables.read_statuses("IDEMPOTENT_API_REQUEST_CODES_TO_RETRY", settings.statuses_to_retry);
    auto expiry = static_cast<std::uint32_t>(settings.choice_expires_after.count());
    variables.read_count("AUTO_LOADER_CACHE_EXPIRATION_MINUTES", 0, kLongestExpiryMinutes, expiry);
    settings.choice_expires_after = std::chrono::minutes(expiry);
    variables.read_seconds("CHUNK_DOWNLOAD_CONNECT_TIMEOUT", settings.download_connect_timeout);
    variables.read_seconds("CHUNK_DOWNLOAD_READ_TIMEOUT", settings.download_stall_timeout);
    variables.read_count("CHUNK_DOWNLOAD_MAX_ATTEMPTS", 1, kMostTries, settings.download_tries);
    return settings;
}

Settings Settings::of_this_process() {
    return from([](const char* name) -> std::optional<std::string> {
        const char* const value = std::getenv(name);
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    });
}

const std::filesystem::path& Settings::needed_cache_directory() const {
    if (!cache_directory.empty()) return cache_directory;
    throw Error(ErrorKind::invalid_environment_variable, "INFERENCE_HOME",
                "there is no place for downloaded models: neither INFERENCE_HOME nor HOME is set",
                "Set INFERENCE_HOME to a directory.");
}

}  // namespace inference_models::hub
