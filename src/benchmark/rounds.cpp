#include "benchmark/rounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace inference_models::benchmark {
namespace {

/// Images per call where a package takes several.
constexpr std::int64_t kBatch = 8;

/// Other ways to call a candidate than one image after the other with all threads.
std::vector<CallPattern> further_patterns(const Participant& participant) {
    const LoadedAs& loaded = participant.loaded;
    std::vector<CallPattern> patterns;
    if (participant.candidate.device.kind == DeviceKind::cpu && loaded.threads > 1) {
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

std::vector<Turn> turns_of(Participants& participants, std::optional<Peers>& peers, bool throughput) {
    std::vector<Turn> turns;
    for (Participant& each : participants.all) {
        turns.push_back({&each.contestant, throughput ? further_patterns(each) : std::vector<CallPattern>{}});
    }
    if (!peers) return turns;
    for (Contestant* const contestant : peers->contestants()) turns.push_back({contestant, {}});
    return turns;
}

}  // namespace

void measure_in_turns(Participants& participants, std::optional<Peers>& peers, const SharedImages& images,
                      const BenchmarkOptions& options) {
    const auto tell = [&](std::uint32_t round, const std::string& what) {
        if (options.progress) options.progress(fmt::format("round {} of {}: {}", round + 1, options.rounds, what));
    };
    const std::vector<Turn> turns = turns_of(participants, peers, options.throughput);
    for (std::uint32_t round = 0; round < options.rounds; ++round) {
        for (std::size_t i = 0; i < turns.size(); ++i) {
            // Each round begins with another one, so that none always follows the same.
            const Turn& turn = turns[(round + i) % turns.size()];
            tell(round, turn.contestant->name());
            turn.contestant->measure_latency(images);
            for (const CallPattern pattern : turn.further_patterns) {
                tell(round, fmt::format("{}, {} x {} threads, batches of {}", turn.contestant->name(),
                                        pattern.instances, pattern.threads, pattern.batch));
                turn.contestant->measure_throughput(pattern, images);
            }
        }
    }
}

}  // namespace inference_models::benchmark
