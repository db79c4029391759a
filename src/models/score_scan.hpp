#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace inference_models::models {

/// For each of `boxes` columns of a [classes, boxes] matrix, its largest value and the first row that has it.
/// Vectorised, dispatched at run time.
/// \param scores      classes * boxes values, row after row
/// \param best_score  boxes values, written
/// \param best_class  boxes values, written
/// \return false where any score is NaN; what was written is then meaningless
[[nodiscard]] bool best_classes(std::span<const float> scores, std::size_t boxes, std::span<float> best_score,
                                std::span<std::int32_t> best_class);

}  // namespace inference_models::models
