#pragma once

#include <inference_models/agreement.hpp>
#include <inference_models/explanation.hpp>
#include <inference_models/load_options.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// What is compared, with what, and how: the same whether candidates run in this process or in others.
namespace inference_models::agreement {

/// What was found in each image.
using Found = std::vector<Detections>;

// --- What runs here --------------------------------------------------------------------------------------------------

/// Every candidate in every precision that is asked for.
struct Ways {
    std::vector<Candidate> usable;  ///< fp32 first, then bf16, fp16, int8; in each the one that would be chosen first
    std::vector<UncomparedCandidate> not_run;
};

/// The candidates for a request, ranked.
using Rank = std::function<std::vector<Candidate>(const LoadOptions&)>;

/// \param load  without `precision`: each candidate in every precision that it can compute in
[[nodiscard]] Ways ways_to_run(const LoadOptions& load, const Rank& rank);

/// Only those of the request as it is: each candidate in the precision that it would be loaded in.
[[nodiscard]] Ways ways_as_asked(const LoadOptions& load, const Rank& rank);

/// The options that load a candidate and no other.
[[nodiscard]] LoadOptions options_for(const Candidate& candidate, LoadOptions load);

[[nodiscard]] bool is_same(const Candidate& a, const Candidate& b);

// --- The reference ---------------------------------------------------------------------------------------------------

struct Reference {
    Candidate candidate;
    std::string runtime_version;
    Found found;
};

/// What a candidate finds in all images.
struct CandidateRun {
    std::string runtime_version;
    Found found;
};

/// Loads and runs a candidate with these options.
using Run = std::function<CandidateRun(const Candidate&, const LoadOptions&)>;

/// The best reference that can be loaded: the model's fp32 package in ONNX Runtime on the CPU where that runs, whatever
/// the request narrows. Notes why it is another one. None where nothing computes fp32.
/// \throws Error the first failure, where none of those that could be it can be loaded
[[nodiscard]] std::optional<Reference> find_reference(const LoadOptions& load, const Rank& rank, const Run& run,
                                                      std::vector<std::string>& notes);

// --- The comparison --------------------------------------------------------------------------------------------------

/// A candidate that has not been compared yet, with its gate.
[[nodiscard]] ComparedCandidate uncompared(const Candidate& candidate);

/// Of all images together, and the one that is furthest from the reference.
/// \param images  what they are called
void compare(ComparedCandidate& candidate, const Found& reference, const Found& found,
             std::span<const std::string> images, double confidence);

}  // namespace inference_models::agreement
