#pragma once

#include "benchmark/measured_model.hpp"
#include "benchmark/participants.hpp"

#include <inference_models/benchmark.hpp>

namespace inference_models::benchmark {

/// \throws Error `no_usable_backend` without a reference: nothing says which of the participants are right
void expect_reference(const Participants& participants, const MeasuredModel& model);

/// Remembers what a report tells of its participants, all of it at once; not what failed for want of memory or network.
/// \param throughput  every way to call them was measured
/// \throws Error as MeasuredModel::keep and expect_reference
void remember(const BenchmarkReport& report, const Participants& participants, const MeasuredModel& model,
              bool throughput);

}  // namespace inference_models::benchmark
