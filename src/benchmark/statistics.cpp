#include "benchmark/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace inference_models {
namespace {

/// \param share  0..1
double quantile(std::span<const double> sorted, double share) {
    if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

}  // namespace

double median(std::vector<double> samples) {
    std::ranges::sort(samples);
    return quantile(samples, 0.5);
}

Percentiles percentiles_of(std::vector<double> samples) {
    std::ranges::sort(samples);
    return {quantile(samples, 0.5), quantile(samples, 0.9), quantile(samples, 0.99)};
}

}  // namespace inference_models
