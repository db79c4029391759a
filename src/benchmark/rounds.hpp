#pragma once

#include "benchmark/participants.hpp"
#include "benchmark/peers.hpp"

#include <inference_models/benchmark.hpp>

#include <optional>

namespace inference_models::benchmark {

/// Rounds in which all take turns: first the latency of each, then, where that is asked for, other ways to call it.
/// Peers take part in the first alone.
/// \throws Error `cancelled`
void measure_in_turns(Participants& participants, std::optional<Peers>& peers, const SharedImages& images,
                      const BenchmarkOptions& options);

}  // namespace inference_models::benchmark
