#pragma once

#include <inference_models/benchmark.hpp>

#include <vector>

/// What several times of one thing come to. Between two samples the value is interpolated, as `numpy.percentile` does.
namespace inference_models {

/// The middle one; the mean of the middle two. NaN without samples.
[[nodiscard]] double median(std::vector<double> samples);

/// NaN without samples.
[[nodiscard]] Percentiles percentiles_of(std::vector<double> samples);

}  // namespace inference_models
