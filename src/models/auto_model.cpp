#include <fmt/format.h>

#include <algorithm>
#include <inference_models/auto_model.hpp>
#include <inference_models/error.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "common/log.hpp"
#include "engines/engine_catalog.hpp"
#include "engines/network.hpp"
#include "formats/package.hpp"
#include "hub/find_model.hpp"
#include "models/families.hpp"
#include "models/loaded_network.hpp"
#include "runtime/adapter_build.hpp"
#include "runtime/describe.hpp"
#include "selection/selection.hpp"
#include "selection/words.hpp"

/// The way of one call: listing, runtime, selection, network, model.
namespace inference_models {
namespace {

void check(const LoadOptions& options) {
    if (options.batch_size && (options.batch_size->min < 1 || options.batch_size->max < options.batch_size->min)) {
        throw Error(ErrorKind::invalid_argument, "batch_size",
                    fmt::format("batch_size = {}", selection::told(*options.batch_size)),
                    "batch_size is a number of images, at least 1, or the smallest and the largest of a range.");
    }
    if (options.threads && *options.threads < 1) {
        throw Error(ErrorKind::invalid_argument, "threads", "threads = 0", "threads must be at least 1.");
    }
}

/// A request with everything that follows from it without loading anything.
struct Plan {
    formats::Listing listing;
    RuntimeDescription runtime;
    Explanation explanation;
};

Plan make_plan(const std::string& model_id_or_path, const LoadOptions& options) {
    check(options);
    Plan plan;
    plan.listing = hub::find_model(model_id_or_path, hub::BundledModels::of_this_installation());
    plan.runtime = runtime::this_machine();
    plan.explanation.model_id = plan.listing.model_id;
    plan.explanation.weights_provider = plan.listing.weights_provider;
    plan.explanation.location = plan.listing.location;
    plan.explanation.candidates =
        selection::rank_candidates(plan.listing, plan.runtime, options, models::supported_families());
    return plan;
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

std::unique_ptr<Model> load(const Plan& plan, const Candidate& candidate, const LoadOptions& options) {
    const formats::Package& package = package_of(plan.listing, candidate);
    const EngineRuntime& engine = plan.runtime.engine(*candidate.engine);

    models::LoadedNetwork loaded;
    loaded.contents = formats::read_package_contents(package);
    loaded.batch = package.batch;
    const auto& runtime = engines::OpenedRuntime::open(
        {adapter_of(engine), engine.library, engine.version, engines::traits(engine.engine).adapter_is_linked});
    loaded.network = runtime.load({package.format, package.weights, candidate.device, std::nullopt,
                                   thread_budget(plan.runtime, options), options.onnx_execution_providers});

    const engines::NetworkDescription& network = loaded.network->description();
    ModelDescription& description = loaded.description;
    description.model_id = plan.listing.model_id;
    description.weights_provider = plan.listing.weights_provider;
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
    if (options.quantization.size() == 1) description.requested_precision = options.quantization.front();
    // Networks may compute in another type than that of their inputs; their package knows.
    description.precision = package.quantization.value_or(network.precision);
    description.threads = network.threads;
    description.network_input = loaded.contents.pre_processing.network_size;
    description.explanation = plan.explanation;
    return models::make_model(std::move(loaded));
}

/// Where no package is of a family that can be decoded, no backend would help.
void check_family(const formats::Listing& listing) {
    const auto families = models::supported_families();
    const auto may_run = [&](const formats::Package& package) {
        return package.problem || package.architecture.empty() || selection::is_known_family(package, families);
    };
    if (std::ranges::any_of(listing.packages, may_run)) return;
    const formats::Package& package = listing.packages.front();
    throw Error(ErrorKind::unsupported_model, listing.location.string(),
                fmt::format("{} is a model of the architecture {} for {}, which this version cannot run",
                            listing.location.string(), package.architecture, to_string(package.task)),
                fmt::format("It runs: {}.", selection::names_of(families)));
}

/// Takes a candidate that failed while loading out of the race, and says so.
void reject(Explanation& explanation, std::size_t index, const Error& error) {
    Candidate failed = explanation.candidates[index];
    failed.status = CandidateStatus::rejected;
    failed.reason = fmt::format("failed while loading: {}", error.message());
    failed.remedy = error.hint();
    const std::string note = fmt::format("{} in {} {}", failed.package_id, display_name(*failed.engine), failed.reason);
    explanation.notes.push_back(note);
    explanation.candidates.erase(explanation.candidates.begin() + static_cast<std::ptrdiff_t>(index));
    explanation.candidates.push_back(std::move(failed));
    auto& next = explanation.candidates[index];
    if (next.status != CandidateStatus::usable) return;
    next.status = CandidateStatus::chosen;
    log::message(LogLevel::warning, "{}; {} in {} is taken instead", note, next.package_id, display_name(*next.engine));
}

}  // namespace

std::unique_ptr<Model> AutoModel::from_pretrained(const std::string& model_id_or_path, const LoadOptions& options) {
    Plan plan = make_plan(model_id_or_path, options);
    std::optional<Error> first_failure;
    while (const Candidate* const candidate = plan.explanation.chosen()) {
        try {
            auto model = load(plan, *candidate, options);
            const ModelDescription& description = model->description();
            log::message(LogLevel::info,
                         "model {} package={} backend={} engine={} {} device={} precision={} threads={} ({})",
                         description.model_id, description.package_id, to_string(description.backend),
                         display_name(description.engine), description.runtime_version, to_string(description.device),
                         to_string(description.precision), description.threads, candidate->reason);
            return model;
        } catch (const Error& error) {
            if (!first_failure) first_failure = error;
            const auto index = static_cast<std::size_t>(candidate - plan.explanation.candidates.data());
            reject(plan.explanation, index, error);
        }
    }
    // What failed while loading is closer to the cause than that nothing else could be tried.
    if (first_failure) throw *first_failure;
    check_family(plan.listing);
    throw selection::no_usable_backend(plan.explanation, plan.runtime, options);
}

Explanation AutoModel::explain(const std::string& model_id_or_path, const LoadOptions& options) {
    return make_plan(model_id_or_path, options).explanation;
}

RuntimeDescription AutoModel::describe_runtime() {
    return runtime::this_machine();
}

}  // namespace inference_models
