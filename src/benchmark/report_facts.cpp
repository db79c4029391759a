#include "benchmark/report_facts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "benchmark/statistics.hpp"
#include "selection/goals.hpp"

namespace inference_models {
namespace {

constexpr std::array kEngines{Engine::onnxruntime, Engine::torch, Engine::openvino, Engine::tensorrt};
constexpr std::array kLowerPrecisions{Precision::bf16, Precision::fp16, Precision::int8};

std::string short_name(const BenchmarkedCandidate& candidate) {
    const std::string name = fmt::format("{} {}", to_string(candidate.backend), to_string(candidate.precision));
    return candidate.device == Device{} ? name : fmt::format("{} on {}", name, to_string(candidate.device));
}

std::optional<double> figure_of(const BenchmarkFigures& figures, Goal goal) {
    switch (goal) {
        case Goal::latency: return figures.end_to_end.p50;
        case Goal::throughput:
            if (const BenchmarkThroughput* best = figures.best_throughput()) return best->images_per_second;
            return std::nullopt;
        case Goal::memory: return figures.peak_memory_mib;
        case Goal::startup: return figures.start;
    }
    return std::nullopt;
}

template <class Counts>
std::optional<std::size_t> best_of(std::span<const BenchmarkedCandidate> candidates, Goal goal, Counts counts) {
    std::optional<std::size_t> best;
    double best_figure = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (!is_right(candidates[i]) || !counts(candidates[i])) continue;
        const auto figure = figure_of(*candidates[i].figures, goal);
        if (!figure || (best && !selection::is_better(*figure, best_figure, goal))) continue;
        best = i;
        best_figure = *figure;
    }
    return best;
}

std::string pixels(double distance) {
    return distance < 1 ? fmt::format("{:.4f} px", distance) : fmt::format("{:.1f} px", distance);
}

std::string told_agreement(const Agreement& agreement) {
    std::string text =
        fmt::format("{} of {}", agreement.matched_objects, counted(agreement.reference_objects, "object", "objects"));
    if (agreement.extra_objects > 0) text += fmt::format(", {} more", agreement.extra_objects);
    if (agreement.compared_pairs > 0) {
        text += fmt::format(", within {} and {:.1e}", pixels(agreement.largest_shift),
                            agreement.largest_confidence_difference);
    }
    return text;
}

std::optional<double> ratio(double value, double to) {
    if (!(value > 0 && to > 0)) return std::nullopt;
    return value / to;
}

/// The median of the ratios of rounds; none where they are not paired.
std::optional<double> ratio_of_rounds(const std::vector<double>& values, const std::vector<double>& to) {
    if (values.empty() || values.size() != to.size()) return std::nullopt;
    std::vector<double> ratios;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto of_round = ratio(values[i], to[i]);
        if (!of_round) return std::nullopt;
        ratios.push_back(*of_round);
    }
    return median(std::move(ratios));
}

std::vector<double> rounds_of(const BenchmarkFigures& figures, double BenchmarkRound::* figure) {
    std::vector<double> rounds;
    std::ranges::transform(figures.rounds, std::back_inserter(rounds), figure);
    return rounds;
}

std::optional<double> first_of(std::optional<double> one, std::optional<double> other) {
    return one ? one : other;
}

/// One image after the other in one instance, the only way that peers are measured in.
const BenchmarkThroughput* one_by_one(const BenchmarkFigures& figures) {
    if (figures.throughput.empty()) return nullptr;
    const BenchmarkThroughput& first = figures.throughput.front();
    return first.instances == 1 && first.batch == 1 ? &first : nullptr;
}

PeerRatios ratios_of(const BenchmarkFigures& peer, const BenchmarkFigures& candidate) {
    const auto of_rounds = [&](double BenchmarkRound::* figure) {
        return ratio_of_rounds(rounds_of(peer, figure), rounds_of(candidate, figure));
    };
    PeerRatios ratios;
    ratios.end_to_end =
        first_of(of_rounds(&BenchmarkRound::end_to_end), ratio(peer.end_to_end.p50, candidate.end_to_end.p50));
    ratios.start = first_of(of_rounds(&BenchmarkRound::start), ratio(peer.start, candidate.start));
    ratios.memory =
        first_of(of_rounds(&BenchmarkRound::peak_memory_mib), ratio(peer.peak_memory_mib, candidate.peak_memory_mib));
    const BenchmarkThroughput* theirs = one_by_one(peer);
    const BenchmarkThroughput* ours = one_by_one(candidate);
    if (theirs != nullptr && ours != nullptr) {
        ratios.throughput = first_of(ratio_of_rounds(ours->rounds, theirs->rounds),
                                     ratio(ours->images_per_second, theirs->images_per_second));
    }
    return ratios;
}

/// That peers are compared with.
std::vector<std::size_t> compared_candidates(std::span<const BenchmarkedCandidate> candidates) {
    std::vector<std::size_t> compared;
    for (const Engine engine : kEngines) {
        const auto best = best_of(candidates, Goal::latency, [&](const BenchmarkedCandidate& candidate) {
            return candidate.engine == engine && candidate.precision == Precision::fp32;
        });
        if (best) compared.push_back(*best);
    }
    const auto latency = [&](std::size_t i) { return candidates[i].figures->end_to_end.p50; };
    std::ranges::sort(compared, {}, latency);
    for (const Precision precision : kLowerPrecisions) {
        if (const auto best = best_for(candidates, Goal::latency, precision)) compared.push_back(*best);
    }
    return compared;
}

std::string gibibytes(std::uint64_t bytes) {
    return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / static_cast<double>(std::uint64_t{1} << 30U));
}

}  // namespace

const BenchmarkThroughput* BenchmarkFigures::best_throughput() const noexcept {
    const auto best = std::ranges::max_element(throughput, {}, &BenchmarkThroughput::images_per_second);
    return best == throughput.end() ? nullptr : &*best;
}

std::vector<std::string> candidate_names(std::span<const BenchmarkedCandidate> candidates) {
    using Names = std::vector<std::string>;
    Names names;
    std::ranges::transform(candidates, std::back_inserter(names), short_name);
    const auto tell_apart = [&](auto what) {
        const Names before = names;
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (std::ranges::count(before, before[i]) > 1) names[i] += fmt::format(" {}", what(candidates[i]));
        }
    };
    tell_apart([](const BenchmarkedCandidate& candidate) { return candidate.package_id; });
    tell_apart([](const BenchmarkedCandidate& candidate) { return to_string(candidate.engine); });
    return names;
}

std::string peer_name(const BenchmarkedPeer& peer) {
    return peer.settings.empty() ? peer.product : fmt::format("{}, {}", peer.product, peer.settings);
}

std::string runtime_name(const BenchmarkedCandidate& candidate) {
    if (candidate.runtime_version.empty()) return std::string(display_name(candidate.engine));
    return fmt::format("{} {}", display_name(candidate.engine), candidate.runtime_version);
}

std::string told(double value) {
    constexpr double kOneDigitLess = 9.995;
    constexpr double kNoDigits = 99.95;
    if (value < kOneDigitLess) return fmt::format("{:.2f}", value);
    return value < kNoDigits ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
}

std::string way_of(const BenchmarkThroughput& throughput) {
    std::string way = fmt::format("{} x {}", throughput.instances, counted(throughput.threads, "thread", "threads"));
    if (throughput.batch > 1) way += fmt::format(", batch {}", throughput.batch);
    return way;
}

std::optional<std::string> told_figure(const BenchmarkFigures& figures, Goal goal) {
    const auto figure = figure_of(figures, goal);
    if (!figure) return std::nullopt;
    switch (goal) {
        case Goal::latency:
        case Goal::startup: return told(*figure) + " ms";
        case Goal::memory: return told(*figure) + " MiB";
        case Goal::throughput:
            return fmt::format("{} images/s as {}", told(*figure), way_of(*figures.best_throughput()));
    }
    return std::nullopt;
}

bool is_right(const BenchmarkedCandidate& candidate) noexcept {
    return candidate.figures && (candidate.is_reference || candidate.verdict == AgreementVerdict::passes);
}

std::optional<std::size_t> best_for(std::span<const BenchmarkedCandidate> candidates, Goal goal,
                                    std::optional<Precision> precision) {
    return best_of(candidates, goal, [&](const BenchmarkedCandidate& candidate) {
        return !precision || candidate.precision == *precision;
    });
}

bool is_best_of_its_precision(std::span<const BenchmarkedCandidate> candidates, std::size_t which, Goal goal) {
    const Precision precision = candidates[which].precision;
    const auto rivals = std::ranges::count_if(candidates, [&](const BenchmarkedCandidate& candidate) {
        return is_right(candidate) && candidate.precision == precision;
    });
    return rivals > 1 && best_for(candidates, goal, precision) == which;
}

std::vector<std::pair<Goal, std::string>> recommendations(const BenchmarkReport& report) {
    const std::vector<std::string> names = candidate_names(report.candidates);
    const auto told_best = [&](std::size_t best, Goal goal) {
        return fmt::format("{}, {}", names[best], told_figure(*report.candidates[best].figures, goal).value_or("-"));
    };
    std::vector<std::pair<Goal, std::string>> lines;
    for (const Goal goal : kGoals) {
        const auto best = best_for(report.candidates, goal);
        if (!best) continue;
        const auto full = best_for(report.candidates, goal, Precision::fp32);
        std::string line = told_best(full.value_or(*best), goal);
        if (full && *full != *best) line += "; in a lower precision: " + told_best(*best, goal);
        lines.emplace_back(goal, std::move(line));
    }
    return lines;
}

std::string agreement_words(const BenchmarkedCandidate& candidate) {
    if (candidate.is_reference && candidate.figures) return "the reference";
    switch (candidate.verdict) {
        case AgreementVerdict::passes: break;
        case AgreementVerdict::proves_nothing: return "proves nothing: the reference finds too little";
        case AgreementVerdict::falls_short:
            return fmt::format("{}: {}", candidate.agreement ? "falls short" : "does not run", candidate.reason);
    }
    if (!candidate.agreement) return "passes";
    const Precision gate = candidate.gate.precision;
    const std::string verdict = gate == Precision::fp32 ? "same" : fmt::format("within {}'s gate", to_string(gate));
    return fmt::format("{}: {}", verdict, told_agreement(*candidate.agreement));
}

std::string agreement_words(const BenchmarkedPeer& peer) {
    return peer.agreement ? told_agreement(*peer.agreement) : "-";
}

bool has_average_precision(const BenchmarkReport& report) {
    return std::ranges::any_of(report.candidates, [](const auto& one) { return one.average_precision.has_value(); });
}

std::vector<PeerRatios> peer_ratios(const BenchmarkReport& report) {
    const std::vector<std::size_t> candidates = compared_candidates(report.candidates);
    std::vector<PeerRatios> all;
    for (std::size_t peer = 0; peer < report.peers.size(); ++peer) {
        if (!report.peers[peer].figures) continue;
        for (const std::size_t candidate : candidates) {
            PeerRatios ratios = ratios_of(*report.peers[peer].figures, *report.candidates[candidate].figures);
            ratios.peer = peer;
            ratios.candidate = candidate;
            all.push_back(ratios);
        }
    }
    return all;
}

std::string told_ratio(const std::optional<double>& ratio) {
    return ratio ? told(*ratio) + "x" : "-";
}

std::string subject_line(const BenchmarkReport& report) {
    return fmt::format("{} at {}x{} (height x width){}, {}, {}", counted(report.images.size(), "image", "images"),
                       report.network_input.height, report.network_input.width, report.rect ? ", rect" : "",
                       counted(report.rounds, "round", "rounds"),
                       counted(report.environment.threads, "thread", "threads"));
}

std::vector<std::pair<std::string_view, std::string>> environment_rows(const BenchmarkEnvironment& environment) {
    std::vector<std::pair<std::string_view, std::string>> rows{
        {"processor", fmt::format("{} ({}), {}", environment.cpu, environment.architecture,
                                  counted(environment.threads, "thread", "threads"))},
        {"instructions", fmt::format("{}", fmt::join(environment.instruction_sets, " "))},
        {"memory", environment.memory_bytes > 0 ? gibibytes(environment.memory_bytes) : ""},
        {"GPUs", fmt::format("{}", fmt::join(environment.gpus, ", "))},
        {"system", fmt::format("{}, kernel {}", environment.os, environment.kernel)},
        {"version", fmt::format("inference_models {}", environment.product_version)},
        {"measured", environment.measured_at}};
    std::erase_if(rows, [](const auto& row) { return row.second.empty(); });
    return rows;
}

std::string counted(std::size_t count, std::string_view singular, std::string_view plural) {
    return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

std::string precisions_of(const UncomparedCandidate& candidate) {
    std::vector<std::string_view> precisions;
    std::ranges::transform(candidate.precisions, std::back_inserter(precisions),
                           [](RequestedPrecision precision) { return to_string(precision); });
    return fmt::format("{}", fmt::join(precisions, ", "));
}

}  // namespace inference_models
