#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <inference_models/auto_model.hpp>
#include <inference_models/error.hpp>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "benchmark/tune.hpp"
#include "common/log.hpp"
#include "engines/engine_catalog.hpp"
#include "engines/network.hpp"
#include "formats/limits.hpp"
#include "formats/package.hpp"
#include "hub/cache/cache_layout.hpp"
#include "hub/choice_key.hpp"
#include "hub/figures/figures_store.hpp"
#include "hub/file_sizes.hpp"
#include "hub/find_model.hpp"
#include "hub/local_metadata.hpp"
#include "models/families.hpp"
#include "models/load_listed.hpp"
#include "models/loaded_network.hpp"
#include "runtime/adapter_build.hpp"
#include "runtime/describe.hpp"
#include "selection/image_sizes.hpp"
#include "selection/reference.hpp"
#include "selection/selection.hpp"
#include "selection/words.hpp"

/// The way of one call: listing, runtime, selection, network, model.
namespace inference_models {
namespace {

template <class Number>
void check(const char* name, const std::optional<AcceptedRange<Number>>& range, Number most) {
    if (!range || (range->min >= 0 && range->min <= range->max && range->max <= most)) return;
    throw Error(ErrorKind::invalid_argument, "nms_fusion_preferences",
                fmt::format("nms_fusion_preferences: {} = {}", name, selection::told(*range)),
                fmt::format("{} is a value, or the least and the most, from 0 to {}.", name, most));
}

void check(const NmsFusionPreferences& preferences) {
    check("max_detections", preferences.max_detections, std::numeric_limits<std::int64_t>::max());
    check("confidence_threshold", preferences.confidence_threshold, 1.0);
    check("iou_threshold", preferences.iou_threshold, 1.0);
}

void check(ImageSize image_size) {
    if (formats::is_network_size(image_size)) return;
    throw Error(ErrorKind::invalid_argument, "image_size", fmt::format("image_size = {}", selection::told(image_size)),
                fmt::format("image_size is a height and a width of 1 to {} pixels.", formats::kLargestNetworkSide));
}

void check(const LoadOptions& options) {
    if (options.image_size) check(*options.image_size);
    if (options.batch_size && (options.batch_size->min < 1 || options.batch_size->max < options.batch_size->min)) {
        throw Error(ErrorKind::invalid_argument, "batch_size",
                    fmt::format("batch_size = {}", selection::told(*options.batch_size)),
                    "batch_size is a number of images, at least 1, or the smallest and the largest of a range.");
    }
    if (options.max_package_loading_attempts && *options.max_package_loading_attempts < 1) {
        throw Error(ErrorKind::invalid_argument, "max_package_loading_attempts", "max_package_loading_attempts = 0",
                    "max_package_loading_attempts must be at least 1.");
    }
    if (options.nms_fusion_preferences) check(*options.nms_fusion_preferences);
    if (options.threads && *options.threads < 1) {
        throw Error(ErrorKind::invalid_argument, "threads", "threads = 0", "threads must be at least 1.");
    }
}

/// A request with everything that follows from it without loading anything.
struct Plan {
    hub::Settings settings;
    hub::FoundModel model;
    RuntimeDescription runtime;
    std::vector<selection::Figures> figures;
    Explanation explanation;
};

hub::FoundModel find_model(const std::string& model_id_or_path, const LoadOptions& options,
                           const hub::Settings& settings) {
    return hub::find_model(model_id_or_path, options, settings, hub::BundledModels::of_this_installation());
}

/// The packages that a measurement may have compared the others with, the first that can be loaded being the one.
std::vector<std::string> possible_references(const Plan& plan, const LoadOptions& options) {
    const std::vector<Candidate> candidates = selection::rank_candidates(
        plan.model.listing, plan.runtime, selection::reference_options(options), models::supported_families());
    std::vector<std::string> ids;
    for (const Candidate& each : selection::possible_references(candidates)) {
        if (std::ranges::find(ids, each.package_id) == ids.end()) ids.push_back(each.package_id);
    }
    return ids;
}

/// What was measured of a model here. Where nothing ever was, none of its files is looked at.
std::vector<selection::Figures> figures_of(const Plan& plan, const LoadOptions& options) {
    const auto& cache = plan.settings.cache_directory;
    if (!hub::has_figures(cache)) return {};
    return hub::find_figures(cache, hub::local_packages(plan.model, options, plan.settings),
                             possible_references(plan, options), plan.runtime, options);
}

Plan plan_for(hub::FoundModel model, hub::Settings settings, const LoadOptions& options) {
    Plan plan;
    plan.settings = std::move(settings);
    plan.model = std::move(model);
    plan.runtime = runtime::this_machine();
    const formats::Listing& listing = plan.model.listing;
    plan.explanation.model_id = listing.model_id;
    plan.explanation.weights_provider = listing.weights_provider;
    plan.explanation.location = listing.location;
    plan.figures = figures_of(plan, options);
    plan.explanation.candidates =
        selection::rank_candidates(listing, plan.runtime, options, models::supported_families(), plan.figures);
    if (plan.model.remote) plan.explanation.notes = plan.model.remote->metadata.notes;
    return plan;
}

Plan make_plan(const std::string& model_id_or_path, const LoadOptions& options) {
    check(options);
    hub::Settings settings = hub::Settings::of_this_process();
    hub::FoundModel model = find_model(model_id_or_path, options, settings);
    return plan_for(std::move(model), std::move(settings), options);
}

std::uint32_t thread_budget(const RuntimeDescription& runtime, const LoadOptions& options) {
    return std::min(options.threads.value_or(runtime.cpu.threads), runtime.cpu.threads);
}

const formats::Package& package_of(const formats::Listing& listing, const Candidate& candidate) {
    return *std::ranges::find(listing.packages, candidate.package_id, &formats::Package::id);
}

/// The adapter of an engine, built where it has to be.
std::filesystem::path adapter_of(const EngineRuntime& engine) {
    if (!engine.adapter.empty()) return engine.adapter;
    return runtime::build_adapter(engine, runtime::Surroundings::of_this_process());
}

/// An engine is told what to compute a network in, unless that is in the network itself: it is quantised, or nobody
/// says what it is stored in.
std::optional<Precision> asked_of_engine(const formats::Package& package, const Candidate& candidate,
                                         const LoadOptions& options) {
    const bool is_quantised = package.quantization == Precision::int8;
    const bool is_unknown = !package.quantization && !options.precision;
    return is_quantised || is_unknown ? std::nullopt : candidate.precision;
}

/// Where an engine keeps what it compiled; empty where nothing is kept.
std::filesystem::path engine_cache(const Plan& plan, Engine engine) {
    const auto& cache = plan.settings.cache_directory;
    return cache.empty() ? cache : hub::CacheLayout(cache).engine(to_string(engine));
}

/// Brings images to the sizes that were asked for, which the package allows.
void set_sizes(models::LoadedNetwork& loaded, const formats::Package& package, const LoadOptions& options) {
    vision::PreProcessing& rules = loaded.contents.pre_processing;
    const ImageSize own = rules.network_size;
    if (options.image_size) rules.network_size = *options.image_size;
    if (options.rect) rules.rect_stride = package.sizes.value().stride;
    loaded.is_to_be_tried = rules.network_size != own;
    loaded.description.network_input = rules.network_size;
    loaded.description.rect = options.rect;
}

std::unique_ptr<Model> load(const Plan& plan, const Candidate& candidate, const LoadOptions& options) {
    const hub::LocalPackage package =
        hub::bring_package(plan.model, package_of(plan.model.listing, candidate), options, plan.settings);
    const EngineRuntime& engine = plan.runtime.engine(*candidate.engine);
    selection::check_image_sizes(package, options);

    models::LoadedNetwork loaded;
    loaded.contents = formats::read_package_contents(package);
    loaded.batch = package.batch;
    set_sizes(loaded, package, options);
    const auto& runtime = engines::OpenedRuntime::open(
        {adapter_of(engine), engine.library, engine.version, engines::traits(engine.engine).adapter_is_linked});
    loaded.network =
        runtime.load({package.format, package.weights, candidate.device, asked_of_engine(package, candidate, options),
                      thread_budget(plan.runtime, options), options.onnx_execution_providers,
                      engine_cache(plan, engine.engine), package.compiled.has_value()});

    const engines::NetworkDescription& network = loaded.network->description();
    ModelDescription& description = loaded.description;
    description.model_id = plan.model.listing.model_id;
    description.weights_provider = plan.model.listing.weights_provider;
    description.location = package.path;
    description.architecture = package.architecture;
    description.task = package.task;
    description.package_id = package.id;
    description.format = package.format;
    description.backend = candidate.backend;
    description.engine = *candidate.engine;
    description.runtime_version = runtime.version();
    description.runtime_library = engine.library;
    description.requested_device = options.device;
    description.device = network.device;
    description.requested_precision = options.precision;
    // An engine cannot tell that a network is quantised: its inputs are fp32.
    description.precision = package.quantization == Precision::int8 ? Precision::int8 : network.precision;
    description.threads = network.threads;
    description.explanation = plan.explanation;
    return models::make_model(std::move(loaded));
}

/// Where no package is of a family that can be decoded, no backend would help.
void check_family(const formats::Listing& listing) {
    const auto families = models::supported_families();
    const auto may_run = [&](const formats::Package& package) {
        return package.problem || package.architecture.empty() || selection::is_known_family(package, families);
    };
    if (listing.packages.empty() || std::ranges::any_of(listing.packages, may_run)) return;
    const formats::Package& package = listing.packages.front();
    throw Error(ErrorKind::unsupported_model, listing.location.string(),
                fmt::format("{} is a model of the architecture {} for {}, which this version cannot run",
                            listing.location.string(), package.architecture, to_string(package.task)),
                fmt::format("It runs: {}.", selection::names_of(families)));
}

/// Errors of a package's files, whichever engine would have run them.
bool concerns_the_package(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::unreachable:
        case ErrorKind::retrieval_failure:
        case ErrorKind::hash_mismatch:
        case ErrorKind::untrusted: return true;
        default: return false;
    }
}

/// Takes the chosen candidate, which failed while loading, out of the race, and says so; with it those of the same
/// package where its files are the cause.
void reject(Explanation& explanation, std::size_t index, const Error& error) {
    auto& candidates = explanation.candidates;
    const Candidate failed = candidates[index];
    const std::string reason = fmt::format("failed while loading: {}", error.message());
    const std::string note = fmt::format("{} in {} {}", failed.package_id, display_name(*failed.engine), reason);
    explanation.notes.push_back(note);
    const auto stays = [&](const Candidate& each) {
        const bool shares_the_cause = concerns_the_package(error.kind()) && each.package_id == failed.package_id &&
                                      each.status == CandidateStatus::usable;
        return each.status != CandidateStatus::chosen && !shares_the_cause;
    };
    for (Candidate& each : std::ranges::stable_partition(candidates, stays)) {
        each.status = CandidateStatus::rejected;
        each.reason = reason;
        each.remedy = error.hint();
    }
    Candidate& next = candidates[index];
    if (next.status != CandidateStatus::usable) return;
    next.status = CandidateStatus::chosen;
    log::message(LogLevel::warning, "{}; {} in {} is taken instead", note, next.package_id, display_name(*next.engine));
}

/// What was chosen before for the same request on the same machine, so that what failed then is not tried again.
class RememberedChoice {
public:
    RememberedChoice(const Plan& plan, const LoadOptions& options) : settings_(plan.settings) {
        if (!plan.model.remote || !options.use_auto_resolution_cache) return;
        cache_.emplace(settings_.cache_directory);
        key_ = hub::choice_key(plan.model, options, plan.runtime, plan.figures);
    }

    /// Puts the candidate that was chosen first, where it still runs here.
    void prefer(Explanation& explanation) {
        const auto choice = cache_ ? cache_->find_choice(key_) : std::nullopt;
        if (!choice) return;
        const auto age = std::chrono::system_clock::now() - choice->chosen_at;
        if (age < age.zero() || age >= settings_.choice_expires_after) return;
        kept_ = choice;
        auto& candidates = explanation.candidates;
        const auto chosen =
            std::ranges::find_if(candidates, [&](const Candidate& each) { return is_it(*choice, each); });
        if (chosen == candidates.end() || chosen->status != CandidateStatus::usable) return;
        candidates.front().status = CandidateStatus::usable;
        chosen->status = CandidateStatus::chosen;
        chosen->reason += "; chosen, since those before it failed the last time";
        std::rotate(candidates.begin(), chosen, chosen + 1);
    }

    /// Not where it is remembered already: the time from which on it is no longer believed would never come.
    void keep(const Candidate& chosen) {
        if (!cache_ || (kept_ && is_it(*kept_, chosen))) return;
        cache_->keep_choice(key_, {chosen.package_id, std::string(to_string(*chosen.engine)), to_string(chosen.device),
                                   std::chrono::system_clock::now()});
    }

    void forget() {
        if (cache_) cache_->forget_choice(key_);
        kept_.reset();
    }

private:
    static bool is_it(const hub::ChoiceRecord& choice, const Candidate& candidate) {
        return candidate.package_id == choice.package_id && candidate.engine &&
               to_string(*candidate.engine) == choice.engine && to_string(candidate.device) == choice.device;
    }

    const hub::Settings& settings_;
    std::optional<hub::ModelCache> cache_;  ///< none: nothing is remembered of this model
    std::string key_;
    std::optional<hub::ChoiceRecord> kept_;
};

/// Errors that the next candidate would meet as well.
bool concerns_every_candidate(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::unauthorized:
        case ErrorKind::payment_required:
        case ErrorKind::forbidden:
        case ErrorKind::usage_paused:
        case ErrorKind::cancelled:
        case ErrorKind::io_failure: return true;
        default: return false;
    }
}

/// \param pulls_sizes  files are asked for their sizes, for which their whole URLs are needed
ModelMetadata described(const std::string& model_id_or_path, LoadOptions options, const hub::Settings& settings,
                        bool pulls_sizes) {
    hub::FoundModel model = find_model(model_id_or_path, options, settings);
    if (pulls_sizes && model.remote && !model.remote->has_whole_urls && !model.remote->only_cached) {
        options.use_auto_resolution_cache = false;
        model = find_model(model_id_or_path, options, settings);
    }
    return model.remote ? std::move(model.remote->metadata) : hub::metadata_of(model.listing);
}

void ask_file_sizes(ModelMetadata& model, const hub::Settings& settings) {
    if (settings.offline) return;
    const auto client = hub::curl_client();
    for (PackageMetadata& package : model.packages) hub::ask_file_sizes(package, settings, *client);
}

void log_loaded(const ModelDescription& description, const std::string& reason) {
    log::message(LogLevel::info, "model {} package={} backend={} engine={} {} device={} precision={} threads={} ({})",
                 description.model_id, description.package_id, to_string(description.backend),
                 display_name(description.engine), description.runtime_version, to_string(description.device),
                 to_string(description.precision), description.threads, reason);
}

/// Loads the first candidate that can be loaded.
std::unique_ptr<Model> load_best(Plan plan, const LoadOptions& options) {
    RememberedChoice remembered(plan, options);
    remembered.prefer(plan.explanation);
    std::optional<Error> first_failure;
    std::uint32_t attempts_left =
        options.max_package_loading_attempts.value_or(std::numeric_limits<std::uint32_t>::max());
    while (const Candidate* const candidate = attempts_left > 0 ? plan.explanation.chosen() : nullptr) {
        try {
            auto model = load(plan, *candidate, options);
            log_loaded(model->description(), candidate->reason);
            remembered.keep(*candidate);
            return model;
        } catch (const Error& error) {
            if (concerns_every_candidate(error.kind())) throw;
            remembered.forget();
            if (!first_failure) first_failure = error;
            --attempts_left;
            const auto index = static_cast<std::size_t>(candidate - plan.explanation.candidates.data());
            reject(plan.explanation, index, error);
        }
    }
    // What failed while loading is closer to the cause than that nothing else could be tried.
    if (first_failure) throw *first_failure;
    check_family(plan.model.listing);
    throw selection::no_usable_backend(plan.explanation, plan.runtime, options);
}

/// Measures what is not known yet. Where that cannot be done the model is loaded all the same, by the order.
bool tuned(const std::string& model_id_or_path, const LoadOptions& options, const Explanation& explanation) {
    try {
        return benchmark::tune_where_unmeasured(model_id_or_path, options, explanation);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        log::message(LogLevel::warning, "{} could not be measured, so the order decides: {}", model_id_or_path,
                     error.message());
        return false;
    }
}

/// Errors that may end as soon as the provider is asked again: it may have mended a package, and the addresses of files
/// are valid for a short time only.
bool may_be_outdated(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::retrieval_failure:
        case ErrorKind::hash_mismatch:
        case ErrorKind::untrusted:
        case ErrorKind::corrupted_package:
        case ErrorKind::unsupported_model:
        case ErrorKind::no_usable_backend: return true;
        default: return false;
    }
}

/// The same with what the provider says now; nothing where it cannot be asked.
std::optional<Plan> plan_anew(const std::string& model_id, LoadOptions options) {
    options.use_auto_resolution_cache = false;
    Plan plan = make_plan(model_id, options);
    return plan.model.remote->only_cached ? std::nullopt : std::optional(std::move(plan));
}

}  // namespace

std::unique_ptr<Model> models::load_listed(hub::FoundModel model, const LoadOptions& options) {
    return load_best(plan_for(std::move(model), hub::Settings::of_this_process(), options), options);
}

std::unique_ptr<Model> AutoModel::from_pretrained(const std::string& model_id_or_path, const LoadOptions& options) {
    Plan plan = make_plan(model_id_or_path, options);
    if (options.tune && tuned(model_id_or_path, options, plan.explanation)) plan = make_plan(model_id_or_path, options);
    const bool may_be_asked_again = plan.model.remote && plan.model.remote->is_kept && !plan.model.remote->only_cached;
    try {
        return load_best(std::move(plan), options);
    } catch (const Error& error) {
        if (!may_be_asked_again || !may_be_outdated(error.kind())) throw;
        log::message(LogLevel::info, "{}; the provider of {} is asked again", error.message(), model_id_or_path);
        std::optional<Plan> anew = plan_anew(model_id_or_path, options);
        if (!anew) throw;
        return load_best(*std::move(anew), options);
    }
}

Explanation AutoModel::explain(const std::string& model_id_or_path, const LoadOptions& options) {
    return make_plan(model_id_or_path, options).explanation;
}

ModelMetadata AutoModel::describe_model(const std::string& model_id_or_path, const LoadOptions& options,
                                        bool pull_artefacts_size) {
    const hub::Settings settings = hub::Settings::of_this_process();
    ModelMetadata model = described(model_id_or_path, options, settings, pull_artefacts_size);
    if (pull_artefacts_size) ask_file_sizes(model, settings);
    return model;
}

ModelMetadata AutoModel::describe_model_package(const std::string& model_id_or_path, const std::string& package_id,
                                                const LoadOptions& options, bool pull_artefacts_size) {
    const hub::Settings settings = hub::Settings::of_this_process();
    ModelMetadata model = described(model_id_or_path, options, settings, pull_artefacts_size);
    model.packages = {package_of(model, package_id)};
    if (pull_artefacts_size) ask_file_sizes(model, settings);
    return model;
}

RuntimeDescription AutoModel::describe_runtime() {
    return runtime::this_machine();
}

}  // namespace inference_models
