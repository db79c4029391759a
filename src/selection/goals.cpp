#include "selection/goals.hpp"

namespace inference_models::selection {

std::optional<double> quantity(const MeasuredFigures& figures, Goal goal) {
    const auto measured = [](double value) { return value > 0 ? std::optional(value) : std::nullopt; };
    switch (goal) {
        case Goal::latency: return measured(figures.latency_ms);
        case Goal::throughput: return measured(figures.images_per_second.value_or(0));
        case Goal::memory: return measured(figures.memory_mib);
        case Goal::startup: return measured(figures.startup_ms);
    }
    return std::nullopt;
}

std::string_view unit_of(Goal goal) noexcept {
    switch (goal) {
        case Goal::latency:
        case Goal::startup: return "ms";
        case Goal::throughput: return "images per second";
        case Goal::memory: return "MiB";
    }
    return {};
}

double times_better(double value, double than, Goal goal) noexcept {
    return goal == Goal::throughput ? value / than : than / value;
}

bool is_better(double value, double than, Goal goal) noexcept {
    return goal == Goal::throughput ? value > than : value < than;
}

}  // namespace inference_models::selection
