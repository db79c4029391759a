#include "hub/providers/roboflow_provider.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <inference_models/error.hpp>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "common/printable.hpp"
#include "formats/text.hpp"
#include "hub/providers/provider_json.hpp"

namespace inference_models::hub {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostPages = 10;
constexpr std::size_t kMostOfAnAnswerShown = 300;      ///< in bytes
constexpr milliseconds kFirstPause{500};               ///< doubled from attempt to attempt
constexpr milliseconds kLongestPause{8'000};           ///< of our own choice
constexpr milliseconds kLongestPauseAskedFor{60'000};  ///< by a server

/// The name by which some programs say that they have no key.
constexpr std::string_view kNoKey = "local";

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (const char c : text) {
        if (kUnreserved.find(c) != std::string_view::npos) {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return encoded;
}

std::string url_of_page(const ProviderRequest& request, const Settings& settings, const std::string& start_after) {
    std::string url =
        fmt::format("{}/models/v1/external/weights?modelId={}", settings.api_host, percent_encoded(request.model_id));
    if (!start_after.empty()) url += "&startAfter=" + percent_encoded(start_after);
    for (const auto& [name, value] : request.extra_query_params) {
        if (name == "modelId" || name == "startAfter") continue;  // never in place of ours
        url += fmt::format("&{}={}", percent_encoded(name), percent_encoded(value));
    }
    return through_gateway(url, settings);
}

// --- Keys and headers

std::string key_for(const ProviderRequest& request, const Settings& settings) {
    const auto is_key = [](const std::string& key) { return !key.empty() && key != kNoKey; };
    if (is_key(request.api_key)) return request.api_key;
    return is_key(settings.api_key) ? settings.api_key : std::string();
}

constexpr bool is_visible(char c) noexcept {
    return c > ' ' && c < '\x7f';
}

bool is_header_name(std::string_view name) {
    constexpr std::string_view kSeparators = "()<>@,;:\\\"/[]?={}";
    return !name.empty() && std::ranges::all_of(name, is_visible) &&
           name.find_first_of(kSeparators) == std::string_view::npos;
}

bool is_header_value(std::string_view value) {
    return std::ranges::all_of(value, [](char c) { return is_visible(c) || c == ' ' || c == '\t'; });
}

void expect_plain_key(const std::string& key) {
    if (std::ranges::all_of(key, is_visible)) return;
    throw Error(ErrorKind::invalid_argument, "api_key", "`api_key` holds characters that no key has",
                "Copy the key again, without spaces, line breaks and quotation marks.");
}

std::vector<NamedValue> headers_of(const ProviderRequest& request, bool has_key) {
    std::vector<NamedValue> headers;
    for (const auto& [name, value] : request.extra_headers) {
        if (!is_header_name(name) || !is_header_value(value)) {
            throw Error(ErrorKind::invalid_argument, "weights_provider_extra_headers",
                        fmt::format("the extra header `{}` is none that can be sent", printable(name)),
                        "Names are letters, digits and `-`; values are visible characters of ASCII and spaces.");
        }
        const bool is_ours = has_key && formats::lowered(name) == "authorization";
        if (!is_ours) headers.emplace_back(name, value);
    }
    return headers;
}

/// How many bytes a text begins with that are a secret, as it is or with some of it percent-encoded; 0 for none.
std::size_t length_of_secret(std::string_view text, std::string_view secret) {
    if (text.starts_with(secret)) return secret.size();
    std::size_t length = 0;
    for (const char c : secret) {
        const std::string_view rest = text.substr(length);
        const auto is_code = [c](std::string_view digits) {
            return formats::lowered(digits) == fmt::format("{:02x}", static_cast<unsigned char>(c));
        };
        if (rest.starts_with('%') && is_code(rest.substr(1, 2))) {
            length += 3;
        } else if (rest.starts_with(c)) {
            ++length;
        } else {
            return 0;
        }
    }
    return length;
}

/// In one pass: what a server sends may be long, and nothing but secrets.
std::string without(std::string_view text, std::string_view secret) {
    constexpr std::string_view kHidden = "***";
    std::string shown;
    while (!text.empty()) {
        const std::size_t length = secret.empty() ? 0 : length_of_secret(text, secret);
        shown += length > 0 ? kHidden : text.substr(0, 1);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return shown;
}

// --- Talking

/// Asks for one page after another. Whatever it says keeps the key and the values of extra headers to itself, even
/// where a server repeats them.
class Conversation {
public:
    Conversation(const ProviderRequest& request, const Settings& settings, HttpClient& client, const Pause& pause)
        : request_(request), settings_(settings), client_(client), pause_(pause), key_(key_for(request, settings)) {
        expect_plain_key(key_);
        headers_ = headers_of(request, !key_.empty());
    }

    [[nodiscard]] MetadataPage page(const std::string& start_after) {
        const HttpResponse response = answer(url_of_page(request_, settings_, start_after));
        try {
            MetadataPage page = read_metadata_page(response.body, fmt::format("the answer of {}", settings_.api_host));
            for (std::string& note : page.model.notes) note = without_secrets(std::move(note));
            return page;
        } catch (const Error& error) {
            throw Error(error.kind(), request_.model_id, without_secrets(error.message()), error.hint());
        }
    }

private:
    [[nodiscard]] HttpResponse answer(const std::string& url) {
        HttpRequest request;
        request.url = url;
        request.headers = headers_;
        request.bearer_key = key_;
        request.timeout = settings_.api_timeout;
        for (std::uint32_t attempt = 1;; ++attempt) {
            std::string problem;
            milliseconds wanted{0};
            try {
                HttpResponse response = client_.get(request);
                refuse(response.status);
                if (!settings_.statuses_to_retry.contains(response.status)) return accepted(std::move(response));
                problem = fmt::format("it answered with status {}", response.status);
                wanted = pause_asked_for(response);
            } catch (const Error& error) {
                if (error.kind() != ErrorKind::unreachable) throw;
                problem = without_secrets(error.message());
            }
            if (attempt >= settings_.api_tries) throw unreachable(problem);
            pause_(std::max(wanted, pause_after(attempt)));
        }
    }

    /// Twice as long from attempt to attempt, and never at the same moment as the others that failed with us.
    [[nodiscard]] milliseconds pause_after(std::uint32_t attempt) {
        constexpr std::uint32_t kMostDoublings = 10;
        const milliseconds longest =
            std::min(kLongestPause, kFirstPause * (1U << std::min(attempt - 1, kMostDoublings)));
        std::uniform_int_distribution<milliseconds::rep> part(longest.count() / 2, longest.count());
        return milliseconds(part(random_));
    }

    /// Retry-After in seconds; its other form, a date, is passed over.
    [[nodiscard]] static milliseconds pause_asked_for(const HttpResponse& response) {
        const auto header = response.headers.find("retry-after");
        if (header == response.headers.end()) return milliseconds(0);
        const auto seconds = formats::to_number<std::uint32_t>(formats::trimmed(header->second));
        return std::min<milliseconds>(kLongestPauseAskedFor, std::chrono::seconds(seconds.value_or(0)));
    }

    // --- Refusals

    [[nodiscard]] Error error(ErrorKind kind, std::string message, std::string hint) const {
        return {kind, request_.model_id, std::move(message), std::move(hint)};
    }

    /// \throws Error for the statuses that mean one thing
    void refuse(long status) const {
        const std::string& host = settings_.api_host;
        const std::string& id = request_.model_id;
        switch (status) {
            case 401: throw unauthorized();
            case 402:
                throw error(ErrorKind::payment_required,
                            fmt::format("{} wants to be paid for the model `{}` (status 402)", host, id),
                            "The workspace of the API key has no credits left, or its plan does not include the model: "
                            "see the workspace's billing page.");
            case 403:
                throw error(
                    ErrorKind::forbidden,
                    fmt::format("{} does not give the model `{}` to {} (status 403)", host, id,
                                key_.empty() ? "anybody without an API key" : "the owner of the API key"),
                    "Check that the API key belongs to a workspace that has the model, that it may read models, "
                    "and that the workspace is active.");
            case 404:
                throw error(ErrorKind::model_not_found, fmt::format("{} has no model `{}` (status 404)", host, id),
                            key_.empty()
                                ? "Check the id. A model that is not public needs the API key of its workspace: "
                                  "give it with api_key= or in ROBOFLOW_API_KEY."
                                : "Check the id, and that the API key belongs to the workspace of the model.");
            case 423:
                throw error(ErrorKind::usage_paused,
                            fmt::format("{} has paused the account of the API key (status 423)", host),
                            "Ask the administrator of the workspace to enable its API keys again.");
            default: return;
        }
    }

    [[nodiscard]] Error unauthorized() const {
        const std::string& host = settings_.api_host;
        return error(
            ErrorKind::unauthorized,
            key_.empty() ? fmt::format("{} wants an API key for the model `{}` (status 401)", host, request_.model_id)
                         : fmt::format("{} does not accept the API key for the model `{}` (status 401)", host,
                                       request_.model_id),
            "Give a valid key with api_key= or in the environment variable ROBOFLOW_API_KEY. Yours stands in the "
            "settings of your workspace at https://app.roboflow.com, under API Keys.");
    }

    /// \throws Error `retrieval_failure` unless the status says that what was asked for is here
    [[nodiscard]] HttpResponse accepted(HttpResponse response) const {
        if (response.status >= 200 && response.status < 300) return response;
        std::string said = printable(formats::trimmed(without_secrets(response.body).substr(0, kMostOfAnAnswerShown)));
        if (!said.empty()) said = ": " + said;
        throw error(ErrorKind::retrieval_failure,
                    fmt::format("{} answered with status {} when asked for the model `{}`{}", settings_.api_host,
                                response.status, request_.model_id, said),
                    "Try again later. Where it stays like that, ask whoever runs this host, or check ROBOFLOW_API_HOST "
                    "and the proxy's settings.");
    }

    [[nodiscard]] Error unreachable(const std::string& problem) const {
        return error(
            ErrorKind::unreachable,
            fmt::format("{} could not be asked for the model `{}`, in {} {}: {}", settings_.api_host, request_.model_id,
                        settings_.api_tries, settings_.api_tries == 1 ? "try" : "tries", problem),
            "Check the network, the proxy's settings and ROBOFLOW_API_HOST, or try again later. Models that "
            "were loaded before work without network: see weights_provider=offline.");
    }

    [[nodiscard]] std::string without_secrets(std::string text) const {
        text = without(text, key_);
        for (const auto& [name, value] : request_.extra_query_params) text = without(text, value);
        for (const auto& [name, value] : headers_) text = without(text, value);
        return text;
    }

    const ProviderRequest& request_;
    const Settings& settings_;
    HttpClient& client_;
    const Pause& pause_;
    std::string key_;
    std::vector<NamedValue> headers_;
    std::minstd_rand random_{std::random_device{}()};
};

/// Packages of a later page come behind those that are there.
void append(ModelMetadata& model, ModelMetadata page) {
    std::set<std::string> ids;
    for (const PackageMetadata& package : model.packages) ids.insert(package.id);
    std::ranges::move(page.notes, std::back_inserter(model.notes));
    for (PackageMetadata& package : page.packages) {
        if (ids.insert(package.id).second) {
            model.packages.push_back(std::move(package));
        } else {
            model.notes.push_back(fmt::format("package `{}` is left out: an earlier page has this id", package.id));
        }
    }
}

}  // namespace

ModelMetadata ask_roboflow(const ProviderRequest& request, const Settings& settings, HttpClient& client,
                           const Pause& pause) {
    Conversation conversation(request, settings, client, pause);
    MetadataPage page = conversation.page({});
    ModelMetadata model = std::move(page.model);
    std::set<std::string> asked_for;
    while (page.next_page) {
        if (!asked_for.insert(*page.next_page).second) {
            throw Error(ErrorKind::retrieval_failure, request.model_id,
                        fmt::format("{} lists the packages of `{}` in a circle: a page comes again", settings.api_host,
                                    request.model_id),
                        "Ask whoever runs this host.");
        }
        if (asked_for.size() == kMostPages) {
            model.notes.push_back(fmt::format("packages behind the first {} pages are left out", kMostPages));
            break;
        }
        page = conversation.page(*page.next_page);
        append(model, std::move(page.model));
    }
    model.weights_provider = "roboflow";
    return model;
}

std::string through_gateway(const std::string& url, const Settings& settings) {
    if (settings.secure_gateway.empty()) return url;
    const std::string prefix = settings.secure_gateway + "/proxy?url=";
    return url.starts_with(prefix) ? url : prefix + percent_encoded(url);
}

}  // namespace inference_models::hub
