#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <inference_models/benchmark.hpp>
#include <inference_models/error.hpp>
#include <iterator>
#include <optional>
#include <span>
#include <tuple>

#include "benchmark/report_facts.hpp"
#include "benchmark/statistics.hpp"

namespace inference_models {
namespace {

/// Of each report. With three, the rounds of two equal runs lie apart one time in ten.
constexpr std::size_t kFewestRounds = 4;

/// What is less is never told apart: the rounds of one run may agree on the memory to a thousandth, and those of the
/// next one on another value.
constexpr double kLeastDifference = 0.01;

/// What was measured of one thing.
struct Samples {
    double figure = 0;
    std::vector<double> rounds;
};

struct Quantity {
    std::string_view name;
    bool more_is_better = false;
    std::optional<Samples> (*samples_of)(const BenchmarkFigures&) = nullptr;
};

template <double BenchmarkRound::* member>
std::vector<double> rounds_of(const BenchmarkFigures& figures) {
    std::vector<double> rounds;
    std::ranges::transform(figures.rounds, std::back_inserter(rounds), member);
    return rounds;
}

std::optional<Samples> end_to_end_of(const BenchmarkFigures& figures) {
    return Samples{figures.end_to_end.p50, rounds_of<&BenchmarkRound::end_to_end>(figures)};
}

std::optional<Samples> start_of(const BenchmarkFigures& figures) {
    return Samples{figures.start, rounds_of<&BenchmarkRound::start>(figures)};
}

std::optional<Samples> memory_of(const BenchmarkFigures& figures) {
    return Samples{figures.peak_memory_mib, rounds_of<&BenchmarkRound::peak_memory_mib>(figures)};
}

std::optional<Samples> throughput_of(const BenchmarkFigures& figures) {
    const BenchmarkThroughput* best = figures.best_throughput();
    if (best == nullptr) return std::nullopt;
    return Samples{best->images_per_second, best->rounds};
}

constexpr std::array kQuantities{Quantity{"end to end", false, end_to_end_of}, Quantity{"start", false, start_of},
                                 Quantity{"peak memory", false, memory_of},
                                 Quantity{"throughput", true, throughput_of}};

/// How far the rounds lie apart, as a share of their middle.
double noise_of(const std::vector<double>& rounds) {
    if (rounds.empty()) return 0;
    const auto [least, most] = std::ranges::minmax(rounds);
    const double middle = median(rounds);
    return middle > 0 ? (most - least) / middle : 0;
}

bool lies_beyond(const std::vector<double>& rounds, const std::vector<double>& others) {
    return std::ranges::min(rounds) > std::ranges::max(others);
}

ComparedSpeed verdict_of(const Samples& before, const Samples& after, const BenchmarkDifference& difference,
                         bool more_is_better) {
    if (std::min(before.rounds.size(), after.rounds.size()) < kFewestRounds) return ComparedSpeed::within_noise;
    if (std::abs(difference.ratio - 1) <= std::max(difference.noise, kLeastDifference))
        return ComparedSpeed::within_noise;
    const bool is_more = lies_beyond(after.rounds, before.rounds);
    if (!is_more && !lies_beyond(before.rounds, after.rounds)) return ComparedSpeed::within_noise;
    return is_more == more_is_better ? ComparedSpeed::faster : ComparedSpeed::slower;
}

BenchmarkDifference difference_of(const std::string& name, const Quantity& quantity, const Samples& before,
                                  const Samples& after) {
    BenchmarkDifference difference{.name = name,
                                   .quantity = std::string(quantity.name),
                                   .before = before.figure,
                                   .after = after.figure,
                                   .ratio = before.figure > 0 ? after.figure / before.figure : 1,
                                   .noise = std::max(noise_of(before.rounds), noise_of(after.rounds))};
    difference.verdict = verdict_of(before, after, difference, quantity.more_is_better);
    return difference;
}

void compare_figures(BenchmarkComparison& comparison, const std::string& name, const BenchmarkFigures& before,
                     const BenchmarkFigures& after) {
    for (const Quantity& quantity : kQuantities) {
        const auto first = quantity.samples_of(before);
        const auto second = quantity.samples_of(after);
        if (first && second) comparison.differences.push_back(difference_of(name, quantity, *first, *second));
    }
    const std::size_t rounds = std::min(before.rounds.size(), after.rounds.size());
    if (rounds < kFewestRounds) {
        comparison.notes.push_back(fmt::format("{} has {}: nothing is told apart with fewer than {}.", name,
                                               counted(rounds, "round", "rounds"), kFewestRounds));
    }
}

/// What is different of two values of one name.
void compare_facts(std::vector<std::string>& differences, std::string_view name, const std::string& before,
                   const std::string& after) {
    const auto told_fact = [](const std::string& fact) { return fact.empty() ? std::string("none") : fact; };
    if (before == after) return;
    differences.push_back(fmt::format("{}: {}, then {}", name, told_fact(before), told_fact(after)));
}

std::string told_size(ImageSize size) {
    return fmt::format("{}x{}", size.height, size.width);
}

/// Figures of something else are neither faster nor slower.
/// \throws Error `invalid_argument`
void check_that_the_same_was_measured(const BenchmarkReport& before, const BenchmarkReport& after) {
    std::vector<std::string> differences;
    const auto compare = [&](std::string_view name, auto fact_of) {
        compare_facts(differences, name, fact_of(before), fact_of(after));
    };
    compare("model_id", [](const BenchmarkReport& report) { return report.model_id; });
    compare("network_input", [](const BenchmarkReport& report) { return told_size(report.network_input); });
    compare("rect", [](const BenchmarkReport& report) { return std::string(report.rect ? "true" : "false"); });
    compare("images", [](const BenchmarkReport& report) { return fmt::format("{}", fmt::join(report.images, " ")); });
    if (differences.empty()) return;
    throw Error(ErrorKind::invalid_argument, after.model_id,
                fmt::format("the two reports are not of the same: {}", fmt::join(differences, "; ")),
                "Measure the same model at the same size with the same images, and compare that.");
}

void compare_environments(BenchmarkComparison& comparison, const BenchmarkReport& before,
                          const BenchmarkReport& after) {
    const auto compare = [&](std::string_view name, auto fact_of) {
        compare_facts(comparison.other_environment, name, fact_of(before), fact_of(after));
    };
    const auto compare_environment = [&](std::string_view name, auto member) {
        compare(name, [&](const BenchmarkReport& report) { return fmt::format("{}", report.environment.*member); });
    };
    const auto compare_lists = [&](std::string_view name, auto member) {
        compare(name, [&](const BenchmarkReport& report) {
            return fmt::format("{}", fmt::join(report.environment.*member, " "));
        });
    };
    compare_environment("product_version", &BenchmarkEnvironment::product_version);
    compare_environment("cpu", &BenchmarkEnvironment::cpu);
    compare_environment("architecture", &BenchmarkEnvironment::architecture);
    compare_lists("instruction_sets", &BenchmarkEnvironment::instruction_sets);
    compare_environment("threads", &BenchmarkEnvironment::threads);
    compare_environment("memory_bytes", &BenchmarkEnvironment::memory_bytes);
    compare_lists("gpus", &BenchmarkEnvironment::gpus);
    compare_environment("os", &BenchmarkEnvironment::os);
    compare_environment("kernel", &BenchmarkEnvironment::kernel);
    compare("confidence", [](const BenchmarkReport& report) { return fmt::format("{}", report.confidence); });
}

bool is_same(const BenchmarkedCandidate& one, const BenchmarkedCandidate& other) {
    const auto key = [](const BenchmarkedCandidate& candidate) {
        return std::tuple(candidate.backend, candidate.engine, std::string_view(candidate.package_id),
                          candidate.precision, candidate.device.kind, candidate.device.index);
    };
    return key(one) == key(other);
}

bool is_same(const BenchmarkedPeer& one, const BenchmarkedPeer& other) {
    return one.product == other.product && one.settings == other.settings;
}

void compare_runtimes(BenchmarkComparison& comparison, const std::string& name, const BenchmarkedCandidate& before,
                      const BenchmarkedCandidate& after) {
    compare_facts(comparison.other_environment, "runtime of " + name, runtime_name(before), runtime_name(after));
    compare_facts(comparison.other_environment, "threads of " + name, fmt::format("{}", before.threads),
                  fmt::format("{}", after.threads));
    if (before.verdict != after.verdict) {
        comparison.notes.push_back(fmt::format("The agreement of {} with the reference: {}, then {}.", name,
                                               to_string(before.verdict), to_string(after.verdict)));
    }
}

void compare_runtimes(BenchmarkComparison& comparison, const std::string& name, const BenchmarkedPeer& before,
                      const BenchmarkedPeer& after) {
    compare_facts(comparison.other_environment, "runtime of " + name, before.runtime, after.runtime);
    compare_facts(comparison.other_environment, "threads of " + name, fmt::format("{}", before.threads),
                  fmt::format("{}", after.threads));
    compare_facts(comparison.other_environment, "shape of " + name, before.shape, after.shape);
    compare_facts(comparison.other_environment, "precision of " + name, before.precision, after.precision);
}

std::vector<std::string> names_of(std::span<const BenchmarkedCandidate> candidates) {
    return candidate_names(candidates);
}

std::vector<std::string> names_of(std::span<const BenchmarkedPeer> peers) {
    std::vector<std::string> names;
    std::ranges::transform(peers, std::back_inserter(names), peer_name);
    return names;
}

/// The measured ones of both reports: each under one name, which tells it from all others of both.
template <class Subject>
void compare_all(BenchmarkComparison& comparison, const std::vector<Subject>& before,
                 const std::vector<Subject>& after) {
    const auto measured_in = [](const std::vector<Subject>& subjects, const Subject& subject) {
        return std::ranges::find_if(
            subjects, [&](const Subject& other) { return other.figures.has_value() && is_same(subject, other); });
    };
    std::vector<Subject> all = before;
    std::ranges::copy_if(after, std::back_inserter(all), [&](const Subject& subject) {
        return std::ranges::none_of(before, [&](const Subject& other) { return is_same(subject, other); });
    });
    const std::vector<std::string> names = names_of(std::span<const Subject>(all));
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto first = measured_in(before, all[i]);
        const auto second = measured_in(after, all[i]);
        if (first != before.end() && second != after.end()) {
            compare_runtimes(comparison, names[i], *first, *second);
            compare_figures(comparison, names[i], *first->figures, *second->figures);
        } else if (first != before.end()) {
            comparison.only_before.push_back(names[i]);
        } else if (second != after.end()) {
            comparison.only_after.push_back(names[i]);
        }
    }
}

}  // namespace

std::string_view to_string(ComparedSpeed speed) noexcept {
    switch (speed) {
        case ComparedSpeed::faster: return "faster";
        case ComparedSpeed::slower: return "slower";
        case ComparedSpeed::within_noise: return "within-noise";
    }
    return {};
}

BenchmarkComparison compare_benchmarks(const BenchmarkReport& before, const BenchmarkReport& after) {
    check_that_the_same_was_measured(before, after);
    BenchmarkComparison comparison;
    compare_environments(comparison, before, after);
    compare_all(comparison, before.candidates, after.candidates);
    compare_all(comparison, before.peers, after.peers);
    return comparison;
}

}  // namespace inference_models
