#pragma once

#include "agreement/comparison.hpp"
#include "benchmark/coco_labels.hpp"
#include "benchmark/contestants.hpp"
#include "benchmark/measured_model.hpp"

#include <inference_models/benchmark.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// The candidates that take part in a benchmark, and what they find.
namespace inference_models::benchmark {

/// A candidate, and what is known of it by now.
struct Participant {
    Candidate candidate;
    ComparedCandidate compared;
    Contestant contestant;
    LoadedAs loaded;         ///< how it really runs; meaningless where it failed
    agreement::Found found;  ///< with `kLowestConfidence`; empty where it failed
    bool is_reference = false;
    std::optional<AveragePrecision> average_precision;  ///< where labels were given
};

/// All of them, with what they are compared with.
struct Participants {
    std::vector<Participant> all;
    std::vector<UncomparedCandidate> not_run;
    std::optional<agreement::Reference> reference;  ///< none where nothing computes fp32 here
    double confidence = 0;                          ///< above which objects are compared
    std::size_t reference_objects = 0;              ///< that the reference finds with it
    std::vector<std::string> notes;

    /// How the first that could be loaded runs; null where none could.
    [[nodiscard]] const LoadedAs* first_loaded() const;

    /// What the reference finds with this confidence.
    [[nodiscard]] agreement::Found reference_found() const;
};

/// What the images are, for those who run and those who read.
struct BenchmarkImages {
    const SharedImages& shared;
    std::vector<std::string> names;
};

/// Runs every usable candidate once on all images, and compares what it finds with what the reference finds. Where the
/// reference finds nothing, they are compared with a lower confidence, and a note says so.
/// \param options          `load` narrows what takes part; `detection` and `measured` are those of the later rounds
/// \param every_precision  without a precision in `load`: each candidate in every one that it can compute in, else in
///                         the one that it would be loaded in
/// \throws Error `no_usable_backend`, `cancelled`, and what the reference fails with where there is none else
[[nodiscard]] Participants compare_candidates(MeasuredModel& model, const BenchmarkImages& images,
                                              const BenchmarkOptions& options, bool every_precision);

/// Counts how much of what is labelled each of them finds.
/// \throws Error as labels_of; `cancelled`
void tell_average_precision(Participants& participants, const CocoLabels& labels, const BenchmarkImages& images,
                            const BenchmarkOptions& options);

}  // namespace inference_models::benchmark
