#pragma once

#include <inference_models/detections.hpp>
#include <inference_models/export.hpp>

#include <cstddef>

namespace inference_models {

/// Objects of a class that overlap by at least this IoU may be the same object. The usual number of detection
/// benchmarks: what lies further apart is not the same object elsewhere, it is another find.
inline constexpr double kSameObjectIou = 0.5;

/// So may boxes of which no coordinate differs by more than this, in pixels, however little they overlap: slivers that
/// the border of an image leaves of a box.
inline constexpr double kSameObjectShift = 0.1;

/// Which objects are compared.
struct ComparisonOptions {
    double counts_above = 0;  ///< An object counts where its confidence is above this. The others may serve as the
                              ///< match of one that counts, but may also appear, vanish and move as they will
};

/// How far what was found in the same image, or images, in two ways is the same.
struct Agreement {
    std::size_t reference_objects = 0;   ///< of the reference, that count
    std::size_t matched_objects = 0;     ///< of these, how many have a match
    std::size_t extra_objects = 0;       ///< of the candidate, that count and have no match
    std::size_t borderline_objects = 0;  ///< on either side, that do not count and have no match
    std::size_t compared_pairs = 0;      ///< matches of which at least one object counts: what follows is theirs
    double largest_shift = 0;            ///< the largest difference of a coordinate, in pixels
    double mean_shift = 0;               ///< of the pairs' largest differences, in pixels
    double smallest_iou = 1;             ///< intersection over union
    double largest_confidence_difference = 0;

    /// Of the reference, that count and have no match.
    [[nodiscard]] std::size_t missing_objects() const noexcept { return reference_objects - matched_objects; }

    /// Of these images and the others together.
    INFERENCE_MODELS_EXPORT Agreement& operator+=(const Agreement& other) noexcept;
};

/// Compares what was found in one image in two ways.
///
/// Objects of one class are matched one to one, those that overlap most first (by IoU; where it is equal, those that
/// moved less, then those whose confidences are nearer, then by their values). The order of the detections decides
/// nothing: any permutation gives the same result. Where boxes of a class lie almost on one another, as with a high
/// `iou_threshold`, this may pair them crosswise, which makes the shift larger than it is, never smaller.
[[nodiscard]] INFERENCE_MODELS_EXPORT Agreement compare_detections(const Detections& reference,
                                                                   const Detections& candidate,
                                                                   const ComparisonOptions& options = {});

}  // namespace inference_models
