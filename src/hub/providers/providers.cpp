#include "hub/providers/providers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <inference_models/error.hpp>
#include <iterator>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/printable.hpp"
#include "formats/suggestions.hpp"
#include "hub/checked_names.hpp"
#include "hub/http/http_client.hpp"
#include "hub/providers/provider_json.hpp"
#include "hub/providers/roboflow_provider.hpp"

namespace inference_models {
namespace {

constexpr std::string_view kRoboflow = "roboflow";
constexpr std::array<std::string_view, 4> kOurNames{kRoboflow, "local", "bundled", "offline"};

/// The providers of this process's user.
class Registry {
public:
    static Registry& instance() {
        static Registry registry;
        return registry;
    }

    void set(const std::string& name, WeightsProvider provider) {
        const std::scoped_lock lock(mutex_);
        providers_.insert_or_assign(name, std::move(provider));
    }

    /// A copy, so that it is called without the lock and lives as long as the call.
    [[nodiscard]] std::optional<WeightsProvider> find(const std::string& name) {
        const std::scoped_lock lock(mutex_);
        const auto found = providers_.find(name);
        return found == providers_.end() ? std::nullopt : std::optional(found->second);
    }

    [[nodiscard]] std::vector<std::string> names() {
        const std::scoped_lock lock(mutex_);
        std::vector<std::string> names;
        for (const auto& [name, provider] : providers_) names.push_back(name);
        return names;
    }

private:
    std::mutex mutex_;
    std::map<std::string, WeightsProvider> providers_;
};

Error unknown_provider(const std::string& name) {
    std::vector<std::string> known(kOurNames.begin(), kOurNames.end());
    std::ranges::move(Registry::instance().names(), std::back_inserter(known));
    formats::Suggestions suggestions(name);
    for (const std::string& candidate : known) suggestions.consider(candidate, candidate);
    std::string hint;
    if (const auto meant = suggestions.take(); !meant.empty()) {
        hint = fmt::format("Did you mean {}? ", fmt::join(meant, " or "));
    }
    hint += fmt::format("Known are {}; register_model_provider adds others.", fmt::join(known, ", "));
    return {ErrorKind::invalid_argument, "weights_provider",
            fmt::format("no weights provider is called `{}`", printable(name)), std::move(hint)};
}

Error failed(const std::string& name, const std::string& model_id, std::string_view what) {
    return {ErrorKind::retrieval_failure, model_id,
            fmt::format("the weights provider `{}` failed when asked for the model `{}`: {}", name, model_id,
                        printable(what)),
            "Correct the provider; it says with Error what is wrong with a model."};
}

ModelMetadata call(const std::string& name, const WeightsProvider& provider, const ProviderRequest& request) {
    try {
        return provider(request);
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& problem) {
        throw failed(name, request.model_id, problem.what());
    } catch (...) {
        throw failed(name, request.model_id, "an exception of an unknown type");
    }
}

/// One way through the border for all providers: as JSON.
ModelMetadata checked(const std::string& name, ModelMetadata model) {
    try {
        ModelMetadata read =
            hub::read_metadata_page(hub::write_metadata_page({.model = model, .next_page = std::nullopt}),
                                    fmt::format("what the weights provider `{}` says", name))
                .model;
        read.notes.insert(read.notes.begin(), std::make_move_iterator(model.notes.begin()),
                          std::make_move_iterator(model.notes.end()));
        read.weights_provider = name;
        return read;
    } catch (const Error& error) {
        throw Error(error.kind(), error.subject(), error.message(),
                    "Correct what the provider returns. Members are named as in Roboflow's API.");
    }
}

}  // namespace

void register_model_provider(const std::string& name, WeightsProvider provider) {
    if (!hub::is_package_id(name)) {
        throw Error(ErrorKind::invalid_argument, "name",
                    fmt::format("`{}` cannot be the name of a weights provider", printable(name)),
                    "Use letters, digits, `-`, `_` and `.`, not beginning with `.`.");
    }
    if (std::ranges::find(kOurNames, name) != kOurNames.end()) {
        throw Error(ErrorKind::invalid_argument, "name",
                    fmt::format("the name `{}` belongs to a weights provider of this library", name),
                    "Choose another name.");
    }
    if (!provider) {
        throw Error(ErrorKind::invalid_argument, "provider", fmt::format("the weights provider `{}` is empty", name),
                    "Give something that can be called.");
    }
    Registry::instance().set(name, std::move(provider));
}

namespace hub {

ModelMetadata ask_provider(const std::string& name, const ProviderRequest& request, const Settings& settings) {
    if (name == kRoboflow) {
        const auto client = curl_client();
        return ask_roboflow(request, settings, *client,
                            [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); });
    }
    const auto provider = Registry::instance().find(name);
    if (!provider) throw unknown_provider(name);
    return checked(name, call(name, *provider, request));
}

}  // namespace hub

}  // namespace inference_models
