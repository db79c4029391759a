#include "benchmark/remembered_figures.hpp"

#include <chrono>
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

}  // namespace

void remember(const BenchmarkReport& report, const Participants& participants, const MeasuredModel& model,
              bool throughput) {
    if (!participants.reference) return;
    const auto now = std::chrono::system_clock::now();
    std::vector<selection::Figures> figures;
    for (const BenchmarkedCandidate& each : report.candidates) {
        // Of a package that could not be brought here nothing is known.
        if (model.has(each.package_id)) figures.push_back(figures_of(each, throughput, now));
    }
    model.keep(figures, participants.reference->candidate.package_id);
}

}  // namespace inference_models::benchmark
