#pragma once

#include "selection/figures.hpp"
#include "selection/ranking.hpp"

#include <inference_models/load_options.hpp>

#include <span>

/// Which of the candidates that run here is chosen: by figures, where there are any, else by the order.
namespace inference_models::selection {

struct RankedCandidate {
    Candidate candidate;
    const formats::Package* package = nullptr;
    Rank rank;  ///< its place in the order, whatever was measured
};

/// Gives candidates their figures, puts the chosen one first and those that fall short last, and completes the reason
/// of each with its figure or with the rule that places it.
/// \param usable  all that run here, in the order
void choose(std::span<RankedCandidate> usable, std::span<const Figures> figures, const LoadOptions& request);

}  // namespace inference_models::selection
