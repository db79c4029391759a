#include "benchmark/remembered_figures.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <inference_models/error.hpp>
#include <optional>
#include <vector>

namespace inference_models::benchmark {
namespace {

selection::Figures figures_of(const BenchmarkedCandidate& told, bool throughput,
                              std::chrono::system_clock::time_point now) {
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
    // One instance alone may say little of what the machine gives.
    if (throughput) figures.images_per_second = told.figures->best_throughput()->images_per_second;
    return figures;
}

/// What went wrong for a lack of memory or network goes well another time. `hub::bring_package`, and processes that
/// were killed, fail so.
bool is_lasting(const std::optional<Error>& failure) {
    if (!failure) return true;
    switch (failure->kind()) {
        case ErrorKind::engine_failure:
        case ErrorKind::unsupported_model:
        case ErrorKind::invalid_output:
        case ErrorKind::no_usable_backend: return true;
        default: return false;
    }
}

}  // namespace

void expect_reference(const Participants& participants, const MeasuredModel& model) {
    if (participants.reference) return;
    throw Error(
        ErrorKind::no_usable_backend, model.id(),
        fmt::format("nothing computes {} in fp32 here, so nothing tells which candidates are right", model.id()),
        "Install an engine that runs its fp32 package: `inference-models explain` lists what would help.");
}

void remember(const BenchmarkReport& report, const Participants& participants, const MeasuredModel& model,
              bool throughput) {
    expect_reference(participants, model);
    const auto now = std::chrono::system_clock::now();
    std::vector<selection::Figures> figures;
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        if (is_lasting(participants.all[i].contestant.failure())) {
            figures.push_back(figures_of(report.candidates[i], throughput, now));
        }
    }
    model.keep(figures, participants.reference->candidate.package_id);
}

}  // namespace inference_models::benchmark
