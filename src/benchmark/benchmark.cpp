#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <inference_models/benchmark.hpp>
#include <inference_models/error.hpp>
#include <inference_models/version.hpp>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "benchmark/average_precision.hpp"
#include "benchmark/coco_labels.hpp"
#include "benchmark/contestants.hpp"
#include "benchmark/example_pictures.hpp"
#include "benchmark/measured_model.hpp"
#include "benchmark/participants.hpp"
#include "benchmark/peers.hpp"
#include "benchmark/tune.hpp"
#include "common/log.hpp"
#include "models/detection_options.hpp"

/// The way of one benchmark: what runs here and what it finds, rounds in which all take turns, the report.
namespace inference_models {
namespace benchmark {
namespace {

/// Images per call where a package takes several.
constexpr std::int64_t kBatch = 8;

/// What fewer rounds say is not remembered.
constexpr std::uint32_t kFewestRounds = 3;

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

/// Other ways to call a candidate than one image after the other with all threads.
std::vector<CallPattern> further_patterns(const LoadedAs& loaded, const Candidate& candidate) {
    std::vector<CallPattern> patterns;
    if (candidate.device.kind == DeviceKind::cpu && loaded.threads > 1) {
        patterns.push_back({.instances = loaded.threads, .threads = 1, .batch = 1});
    }
    if (loaded.max_batch_size > 1) {
        const auto batch = static_cast<std::uint32_t>(std::min(kBatch, loaded.max_batch_size));
        patterns.push_back({.instances = 1, .threads = loaded.threads, .batch = batch});
    }
    return patterns;
}

/// Whoever takes a turn in each round.
struct Turn {
    Contestant* contestant;
    std::vector<CallPattern> further_patterns;
};

std::vector<Turn> turns_of(Participants& participants, std::vector<Peer>& peers, bool throughput) {
    std::vector<Turn> turns;
    for (Participant& each : participants.all) {
        turns.push_back({&each.contestant,
                         throughput ? further_patterns(each.loaded, each.candidate) : std::vector<CallPattern>{}});
    }
    for (Peer& each : peers) {
        if (each.contestant) turns.push_back({&*each.contestant, {}});
    }
    return turns;
}

/// Each round begins with another one, so that none always follows the same.
void measure_in_turns(const std::vector<Turn>& turns, const SharedImages& images, const BenchmarkOptions& options) {
    for (std::uint32_t round = 0; round < options.rounds; ++round) {
        for (std::size_t i = 0; i < turns.size(); ++i) {
            const Turn& turn = turns[(round + i) % turns.size()];
            if (options.progress) {
                options.progress(fmt::format("round {} of {}: {}", round + 1, options.rounds, turn.contestant->name()));
            }
            turn.contestant->measure_latency(images);
            for (const CallPattern pattern : turn.further_patterns) {
                if (options.progress) {
                    options.progress(fmt::format("round {} of {}: {}, {} x {} threads, batches of {}", round + 1,
                                                 options.rounds, turn.contestant->name(), pattern.instances,
                                                 pattern.threads, pattern.batch));
                }
                turn.contestant->measure_throughput(pattern, images);
            }
        }
    }
}

// --- Peers -----------------------------------------------------------------------------------------------------------

/// A directory that goes away with this.
class ScratchDirectory {
public:
    ScratchDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "inference-models-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw Error(ErrorKind::io_failure, name, fmt::format("{} cannot be made", name),
                        "Set TMPDIR to a directory that can be written to.");
        }
        path_ = name;
    }
    ~ScratchDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

/// What all that are compared with one another run with.
PeerSettings settings_of(const Participants& participants, const MeasuredModel& model,
                         const ScratchDirectory& scratch) {
    PeerSettings settings;
    settings.threads = model.machine().cpu.threads;
    settings.scratch = scratch.path();
    for (const Participant& each : participants.all) {
        if (each.contestant.failure()) continue;
        settings.threads = each.loaded.threads;
        settings.network_input = each.loaded.network_input;
        break;
    }
    return settings;
}

std::vector<Peer> peers_for(const MeasuredModel& model, const PeerSettings& settings, const SharedImages& images,
                            const BenchmarkOptions& options) {
    Job job;
    job.model = model.location();
    job.detection = options.detection;
    job.measured = options.measured;
    if (options.progress) options.progress("finding out which other products can be measured");
    std::vector<Peer> peers = list_peers(options.peers, job, settings, images);
    for (Peer& each : peers) {
        if (options.progress) options.progress(fmt::format("comparing {}", each.told.product));
        find_objects(each, images);
    }
    return peers;
}

/// How far it agrees with the reference, as an fp32 candidate would have to.
std::optional<Agreement> agreement_of(const Peer& peer, const Participants& participants) {
    if (peer.found.empty() || !participants.reference) return std::nullopt;
    const double counts_above = participants.confidence + agreement_gate(Precision::fp32).confidence_margin;
    const agreement::Found reference = participants.reference_found();
    Agreement all;
    for (std::size_t i = 0; i < peer.found.size(); ++i) {
        all += compare_detections(reference[i], peer.found[i], {counts_above});
    }
    return all;
}

BenchmarkedCandidate report_of(Participant participant) {
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
    if (const auto& failure = participant.contestant.failure()) {
        told.verdict = AgreementVerdict::falls_short;
        told.reason = failure->message();
        told.remedy = failure->hint();
    }
    return told;
}

ImageSize network_input_of(const Participants& participants) {
    const auto loaded = std::ranges::find_if(
        participants.all, [](const Participant& each) { return each.loaded.network_input.width > 0; });
    return loaded == participants.all.end() ? ImageSize{} : loaded->loaded.network_input;
}

// --- Labels ----------------------------------------------------------------------------------------------------------

/// As detectors are commonly validated: what is not found for its confidence counts as missed.
constexpr ObjectDetectionOptions kForAveragePrecision{
    .confidence = 0.001F, .iou_threshold = 0.7, .max_detections = 300, .class_agnostic_nms = false};

/// \returns one for each participant; none where it cannot run
std::vector<std::optional<AveragePrecision>> average_precisions(const Participants& participants,
                                                                const BenchmarkImages& images,
                                                                const BenchmarkOptions& options,
                                                                std::vector<std::string>& notes) {
    std::vector<std::optional<AveragePrecision>> all(participants.all.size());
    const CocoLabels labels = read_coco_labels(options.labels);
    std::optional<BenchmarkLabels> of_images;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Participant& each = participants.all[i];
        if (each.contestant.failure()) continue;
        if (!of_images) of_images = labels_of(labels, images.names, each.loaded.class_names);
        if (options.progress) options.progress(fmt::format("average precision of {}", each.contestant.name()));
        all[i] = average_precision(of_images->images,
                                   each.contestant.find_objects(kForAveragePrecision, images.shared).found);
    }
    if (of_images && !of_images->classes_without_model.empty()) {
        notes.push_back(fmt::format("labelled, but unknown to the model, and left out: {}",
                                    fmt::join(of_images->classes_without_model, ", ")));
    }
    return all;
}

// --- What is remembered ----------------------------------------------------------------------------------------------

selection::Figures figures_of(const BenchmarkedCandidate& told, std::chrono::system_clock::time_point now) {
    selection::Figures figures;
    figures.package_id = told.package_id;
    figures.engine = told.engine;
    figures.device = told.device;
    figures.precision = told.precision;
    figures.verdict = told.verdict;
    figures.shortfall = told.verdict == AgreementVerdict::passes ? "" : told.reason;
    figures.measured_at = now;
    if (!told.figures) return figures;
    figures.latency_ms = told.figures->end_to_end.p50;
    figures.startup_ms = told.figures->start;
    figures.memory_mib = told.figures->peak_memory_mib;
    // One instance alone says little of what the machine gives.
    if (told.figures->throughput.size() > 1) {
        figures.images_per_second = told.figures->best_throughput()->images_per_second;
    }
    return figures;
}

/// All of them at once, after all was measured. Without a reference nothing says which of them are right.
void remember(const BenchmarkReport& report, const Participants& participants, const MeasuredModel& model) {
    if (!participants.reference) return;
    const auto now = std::chrono::system_clock::now();
    std::vector<selection::Figures> figures;
    for (const BenchmarkedCandidate& each : report.candidates) figures.push_back(figures_of(each, now));
    model.keep(figures, participants.reference->candidate.package_id);
}

// --- All of it -------------------------------------------------------------------------------------------------------

/// How a benchmark is done, besides what its caller says.
struct Manner {
    bool every_precision = true;
    bool must_be_remembered = false;  ///< else that it cannot be is a note
};

BenchmarkReport measure(const std::string& model_id_or_path, std::span<const NamedImage> images,
                        const BenchmarkOptions& options, Manner manner) {
    MeasuredModel model(model_id_or_path, options.load);
    const SharedImages shared(images);
    BenchmarkImages told{shared, {}};
    std::ranges::transform(images, std::back_inserter(told.names), &NamedImage::name);

    Participants participants = compare_candidates(model, told, options, manner.every_precision);
    std::vector<std::optional<AveragePrecision>> precisions(participants.all.size());
    if (!options.labels.empty()) precisions = average_precisions(participants, told, options, participants.notes);
    std::optional<ScratchDirectory> scratch;  // of no use without peers, and left behind where this process is killed
    std::vector<Peer> peers;
    if (!options.peers.empty()) {
        scratch.emplace();
        peers = peers_for(model, settings_of(participants, model, *scratch), shared, options);
    }
    measure_in_turns(turns_of(participants, peers, options.throughput), shared, options);

    BenchmarkReport report;
    report.model_id = model.id();
    report.command = options.command;
    report.environment = environment_of(model.machine());
    report.images = std::move(told.names);
    report.confidence = participants.confidence;
    report.reference_objects = participants.reference_objects;
    report.network_input = network_input_of(participants);
    report.rect = options.load.rect;
    report.rounds = options.rounds;
    report.not_run = std::move(participants.not_run);
    report.notes = std::move(participants.notes);
    for (std::size_t i = 0; i < participants.all.size(); ++i) {
        Participant& each = participants.all[i];
        std::ranges::copy(each.contestant.notes(), std::back_inserter(report.notes));
        report.candidates.push_back(report_of(std::move(each)));
        report.candidates.back().average_precision = precisions[i];
    }
    for (Peer& each : peers) {
        const auto agreement = agreement_of(each, participants);
        report.peers.push_back(report_of(std::move(each)));
        report.peers.back().agreement = agreement;
    }
    if (options.rounds >= kFewestRounds) {
        try {
            remember(report, participants, model);
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

}  // namespace

void tune_where_unmeasured(const std::string& model_id_or_path, const LoadOptions& options,
                           const Explanation& explanation) {
    std::vector<Candidate> usable;
    std::ranges::copy_if(explanation.candidates, std::back_inserter(usable), [](const Candidate& each) {
        return each.status == CandidateStatus::chosen || each.status == CandidateStatus::usable;
    });
    const bool has_choice = usable.size() > 1;
    const auto is_known = [&](const Candidate& each) { return is_measured(each, options.goal); };
    if (!has_choice || std::ranges::all_of(usable, is_known)) return;
    log::message(LogLevel::info, "measuring {} candidates of {}", usable.size(), explanation.model_id);
    static_cast<void>(measure_with_some(model_id_or_path, {}, quick_options(options),
                                        {.every_precision = false, .must_be_remembered = true}));
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
