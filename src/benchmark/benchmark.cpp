#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <inference_models/benchmark.hpp>
#include <inference_models/error.hpp>
#include <inference_models/version.hpp>
#include <iterator>
#include <utility>

#include "benchmark/contestants.hpp"
#include "benchmark/example_pictures.hpp"
#include "benchmark/measured_model.hpp"
#include "benchmark/participants.hpp"

/// The way of one benchmark: what runs here and what it finds, rounds in which all take turns, the report.
namespace inference_models {
namespace benchmark {
namespace {

/// Images per call where a package takes several.
constexpr std::int64_t kBatch = 8;

void check(const BenchmarkOptions& options) {
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

/// Rounds in which all take turns. Each begins with another one, so that none always follows the same.
void measure_in_turns(Participants& participants, const BenchmarkImages& images, const BenchmarkOptions& options,
                      const Progress& progress) {
    const std::size_t count = participants.all.size();
    for (std::uint32_t round = 0; round < options.rounds; ++round) {
        for (std::size_t turn = 0; turn < count; ++turn) {
            Participant& each = participants.all[(round + turn) % count];
            if (progress) {
                progress(fmt::format("round {} of {}: {}", round + 1, options.rounds, each.contestant.name()));
            }
            each.contestant.measure_latency(images.shared);
            if (!options.throughput) continue;
            for (const CallPattern pattern : further_patterns(each.loaded, each.candidate)) {
                each.contestant.measure_throughput(pattern, images.shared);
            }
        }
    }
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

BenchmarkReport measure(const std::string& model_id_or_path, std::span<const NamedImage> images,
                        const BenchmarkOptions& options) {
    MeasuredModel model(model_id_or_path, options.load);
    const SharedImages shared(images);
    BenchmarkImages told{shared, {}};
    std::ranges::transform(images, std::back_inserter(told.names), &NamedImage::name);

    Participants participants = compare_candidates(model, told, options, options.progress);
    measure_in_turns(participants, told, options, options.progress);

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
    for (Participant& each : participants.all) {
        std::ranges::copy(each.contestant.notes(), std::back_inserter(report.notes));
        report.candidates.push_back(report_of(std::move(each)));
    }
    return report;
}

/// As `measure`, with pictures of ours where there are none.
BenchmarkReport measure_with_some(const std::string& model_id_or_path, std::span<const NamedImage> images,
                                  const BenchmarkOptions& options) {
    if (!images.empty()) return measure(model_id_or_path, images, options);
    const std::vector<ExamplePicture> pictures = example_pictures();
    std::vector<NamedImage> named;
    for (const ExamplePicture& each : pictures) named.push_back({each.name, each.image.view()});
    return measure(model_id_or_path, named, options);
}

}  // namespace
}  // namespace benchmark

BenchmarkReport benchmark_model(const std::string& model_id_or_path, std::span<const NamedImage> images,
                                const BenchmarkOptions& options) {
    benchmark::check(options);
    return benchmark::measure_with_some(model_id_or_path, images, options);
}

BenchmarkReport tune_model(const std::string& model_id_or_path, std::span<const NamedImage> images,
                           const LoadOptions& options, std::function<void(std::string_view)> progress) {
    BenchmarkOptions quick;
    quick.load = options;
    quick.rounds = 3;
    quick.measured = std::chrono::milliseconds(400);
    quick.throughput = options.goal == Goal::throughput;
    quick.progress = std::move(progress);
    return benchmark::measure_with_some(model_id_or_path, images, quick);
}

}  // namespace inference_models
