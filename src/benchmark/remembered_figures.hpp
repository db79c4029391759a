#pragma once

#include "benchmark/measured_model.hpp"
#include "benchmark/participants.hpp"

#include <inference_models/benchmark.hpp>

namespace inference_models::benchmark {

/// Remembers what a report tells of candidates, all of it at once. Without a reference nothing says which of them are
/// right, and nothing is remembered.
/// \param throughput  every way to call them was measured
/// \throws Error as MeasuredModel::keep
void remember(const BenchmarkReport& report, const Participants& participants, const MeasuredModel& model,
              bool throughput);

}  // namespace inference_models::benchmark
