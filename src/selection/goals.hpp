#pragma once

#include <inference_models/explanation.hpp>
#include <inference_models/types.hpp>

#include <optional>
#include <string_view>

/// What each goal goes by.
namespace inference_models::selection {

/// What was measured for a goal; none where it was not.
[[nodiscard]] std::optional<double> quantity(const MeasuredFigures& figures, Goal goal);

/// Of that quantity: `ms`, `images per second`, `MiB`.
[[nodiscard]] std::string_view unit_of(Goal goal) noexcept;

/// How many times better the first of two such quantities is: above 1 it is the better one.
[[nodiscard]] double times_better(double value, double than, Goal goal) noexcept;

[[nodiscard]] bool is_better(double value, double than, Goal goal) noexcept;

}  // namespace inference_models::selection
