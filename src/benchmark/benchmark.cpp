#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <inference_models/auto_model.hpp>
#include <inference_models/benchmark.hpp>
#include <inference_models/error.hpp>
#include <iterator>
#include <optional>
#include <utility>

#include "benchmark/coco_labels.hpp"
#include "benchmark/example_pictures.hpp"
#include "benchmark/measured_model.hpp"
#include "benchmark/participants.hpp"
#include "benchmark/peers.hpp"
#include "benchmark/remembered_figures.hpp"
#include "benchmark/rounds.hpp"
#include "benchmark/tune.hpp"
#include "common/log.hpp"
#include "models/detection_options.hpp"
#include "selection/reference.hpp"

/// The way of one benchmark: what runs here and what it finds, rounds in which all take turns, the report.
namespace inference_models {
namespace benchmark {
namespace {

/// What fewer or shorter rounds say is not remembered.
constexpr std::uint32_t kFewestRounds = 3;
constexpr std::chrono::milliseconds kLeastMeasured{300};

void check(const BenchmarkOptions& options) {
    models::check(options.detection);
    if (options.rounds < 1) {
        throw Error(ErrorKind::invalid_argument, "rounds", "rounds = 0", "rounds must be at least 1.");
    }
    if (options.measured.count() < 1) {
        throw Error(ErrorKind::invalid_argument, "measured", fmt::format("measured = {} ms", options.measured.count()),
                    "At least 1 ms must be measured.");
    }
}

std::string time_of_now() {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

BenchmarkEnvironment environment_of(const RuntimeDescription& machine) {
    BenchmarkEnvironment environment;
    environment.product_version = machine.product_version;
    environment.measured_at = time_of_now();
    environment.cpu = machine.cpu.model;
    environment.architecture = machine.cpu.architecture;
    environment.instruction_sets = machine.cpu.instruction_sets;
    environment.threads = machine.cpu.threads;
    environment.memory_bytes = machine.memory.total_bytes;
    std::ranges::transform(machine.gpus, std::back_inserter(environment.gpus), &GpuDescription::name);
    environment.os = machine.os;
    environment.kernel = machine.kernel;
    return environment;
}

BenchmarkedCandidate report_of(const Participant& participant) {
    BenchmarkedCandidate told;
    told.package_id = participant.candidate.package_id;
    told.backend = participant.candidate.backend;
    told.engine = *participant.candidate.engine;
    told.runtime_version = participant.loaded.runtime_version;
    told.device = participant.candidate.device;
    told.precision = *participant.candidate.precision;
    told.threads = participant.loaded.threads;
    told.is_reference = participant.is_reference;
    told.figures = participant.contestant.figures();
    told.gate = participant.compared.gate;
    told.agreement = participant.compared.agreement;
    told.verdict = participant.compared.verdict;
    told.reason = participant.compared.reason;
    told.remedy = participant.compared.remedy;
    told.average_precision = participant.average_precision;
    if (const auto& failure = participant.contestant.failure()) {
        told.verdict = AgreementVerdict::falls_short;
        told.reason = failure->message();
        told.remedy = failure->hint();
    }
    return told;
}

/// How a benchmark is done, besides what its caller says.
struct Manner {
    bool every_precision = true;
    bool must_be_remembered = false;  ///< else that it cannot be is a note
};

BenchmarkReport measure(const std::string& model_id_or_path, std::span<const NamedImage> images,
                        const BenchmarkOptions& options, Manner manner) {
    // What else was named is looked at before minutes are spent.
    std::optional<CocoLabels> labels;
    if (!options.labels.empty()) labels = read_coco_labels(options.labels);
    std::optional<std::filesystem::path> peers_python;
    if (!options.peers.empty()) peers_python = needed_python(options.peers);

    MeasuredModel model(model_id_or_path, options.load);
    if (manner.must_be_remembered) model.expect_place_for_figures();
    const SharedImages shared(images);
    BenchmarkImages told{shared, {}};
    std::ranges::transform(images, std::back_inserter(told.names), &NamedImage::name);

    Participants participants = compare_candidates(model, told, options, manner.every_precision);
    if (manner.must_be_remembered) expect_reference(participants, model);
    if (labels) tell_average_precision(participants, *labels, told, options);
    std::optional<Peers> peers;
    if (peers_python) peers.emplace(*peers_python, model, participants, shared, options);
    measure_in_turns(participants, peers, shared, options);

    BenchmarkReport report;
    report.model_id = model.id();
    report.command = options.command;
    report.environment = environment_of(model.machine());
    report.confidence = participants.confidence;
    report.reference_objects = participants.reference_objects;
    if (const LoadedAs* const first = participants.first_loaded()) report.network_input = first->network_input;
    report.rect = options.load.rect;
    report.rounds = options.rounds;
    report.not_run = std::move(participants.not_run);
    report.notes = std::move(participants.notes);
    for (const Participant& each : participants.all) {
        std::ranges::copy(each.contestant.notes(), std::back_inserter(report.notes));
        report.candidates.push_back(report_of(each));
    }
    if (peers) report.peers = peers->report(participants, told.names);
    report.images = std::move(told.names);
    if (options.rounds >= kFewestRounds && options.measured >= kLeastMeasured) {
        try {
            remember(report, participants, model, options.throughput);
        } catch (const Error& error) {
            if (manner.must_be_remembered) throw;
            report.notes.push_back(fmt::format("the figures are not remembered: {}", error.message()));
        }
    }
    return report;
}

/// As `measure`, with pictures of ours where there are none.
BenchmarkReport measure_with_some(const std::string& model_id_or_path, std::span<const NamedImage> images,
                                  const BenchmarkOptions& options, Manner manner) {
    if (!images.empty()) return measure(model_id_or_path, images, options, manner);
    const std::vector<ExamplePicture> pictures = example_pictures();
    std::vector<NamedImage> named;
    for (const ExamplePicture& each : pictures) named.push_back({each.name, each.image.view()});
    return measure(model_id_or_path, named, options, manner);
}

/// Few seconds for each candidate: what the goal needs, and no more.
BenchmarkOptions quick_options(const LoadOptions& load) {
    BenchmarkOptions options;
    options.load = load;
    options.rounds = kFewestRounds;
    options.measured = std::chrono::milliseconds(400);
    options.throughput = load.goal == Goal::throughput;
    return options;
}

/// Whether the goal's quantity is known, or that it cannot be had.
bool is_measured(const Candidate& candidate, Goal goal) {
    if (!candidate.figures) return false;
    if (candidate.figures->verdict == AgreementVerdict::falls_short) return true;
    return goal != Goal::throughput || candidate.figures->images_per_second.has_value();
}

/// Whether the figures of those that may be chosen by them can be compared with one another.
bool are_of_one_run(std::span<const Candidate> measured) {
    std::optional<std::chrono::system_clock::time_point> run;
    return std::ranges::all_of(measured, [&](const Candidate& each) {
        if (each.figures->verdict != AgreementVerdict::passes) return true;
        if (!run) run = each.figures->measured_at;
        return run == each.figures->measured_at;
    });
}

}  // namespace

bool tune_where_unmeasured(const std::string& model_id_or_path, const LoadOptions& options,
                           const Explanation& explanation) {
    std::vector<Candidate> usable;
    std::ranges::copy_if(explanation.candidates, std::back_inserter(usable), &Candidate::runs_here);
    const bool has_choice = usable.size() > 1;
    const auto is_known = [&](const Candidate& each) { return is_measured(each, options.goal); };
    if (!has_choice || (std::ranges::all_of(usable, is_known) && are_of_one_run(usable))) return false;
    // Without a reference nothing would tell which of them are right, and nothing would be remembered.
    if (AutoModel::explain(model_id_or_path, selection::reference_options(options)).chosen() == nullptr) return false;
    log::message(LogLevel::info, "measuring {} candidates of {}", usable.size(), explanation.model_id);
    static_cast<void>(measure_with_some(model_id_or_path, {}, quick_options(options),
                                        {.every_precision = false, .must_be_remembered = true}));
    return true;
}

}  // namespace benchmark

BenchmarkReport benchmark_model(const std::string& model_id_or_path, std::span<const NamedImage> images,
                                const BenchmarkOptions& options) {
    benchmark::check(options);
    return benchmark::measure_with_some(model_id_or_path, images, options, {});
}

BenchmarkReport tune_model(const std::string& model_id_or_path, std::span<const NamedImage> images,
                           const LoadOptions& options, std::function<void(std::string_view)> progress) {
    BenchmarkOptions quick = benchmark::quick_options(options);
    quick.progress = std::move(progress);
    return benchmark::measure_with_some(model_id_or_path, images, quick, {.must_be_remembered = true});
}

}  // namespace inference_models
