#pragma once

#include "selection/requirements.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>

/// Which candidate comes first.
namespace inference_models::selection {

/// A candidate's place: smaller comes first. No two candidates of a listing are equal, so the order is the same
/// however the listing was ordered.
struct Rank {
    static constexpr std::size_t kCriteria = 22;

    int group = 0;                                   ///< by status
    std::array<std::int64_t, kCriteria> criteria{};  ///< in the order in which they decide
    std::string package_id;                          ///< from here on: ties
    Engine engine = Engine::onnxruntime;
    std::uint32_t device_index = 0;
    BackendType backend = BackendType::trt;
    std::string path;

    friend auto operator<=>(const Rank&, const Rank&) = default;
};

[[nodiscard]] Rank rank_of(const Candidate& candidate, const formats::Package& package, const Question& question);

/// Why the chosen candidate is chosen: `first of the order ... that can run here`.
[[nodiscard]] std::string why_first(const Candidate& chosen, const LoadOptions& request);

/// Why a usable candidate comes after the chosen one.
[[nodiscard]] std::string why_behind(const Rank& behind, const Rank& chosen, const LoadOptions& request);

}  // namespace inference_models::selection
