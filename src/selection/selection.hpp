#pragma once

#include "formats/package.hpp"
#include "selection/figures.hpp"

#include <inference_models/error.hpp>
#include <inference_models/explanation.hpp>
#include <inference_models/load_options.hpp>
#include <inference_models/runtime_description.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Listing x runtime x request -> ranked candidates. A pure function of data: no I/O, no globals, so it can be tested
/// with any machine's description.
namespace inference_models::selection {

/// A family that models/ can decode.
struct SupportedFamily {
    std::string_view architecture;
    TaskType task;
    // NOLINTNEXTLINE(readability-redundant-member-init): GCC warns of initializers that leave it out otherwise
    std::span<const std::string_view> features = {};  ///< of packages, that its decoder knows how to read
};

/// Whether a package is of a family that can be decoded, and all of those for a message: `yolov8 object-detection,
/// ...`.
[[nodiscard]] bool is_known_family(const formats::Package& package, std::span<const SupportedFamily> families);
[[nodiscard]] std::string names_of(std::span<const SupportedFamily> families);

/// Every (package, engine, device) that could be meant, best first: chosen, usable, possible, rejected; ties are broken
/// by package id, so the order of the listing does not matter. At most one is `chosen`.
///
/// Where the one that the order puts first has been measured, the best by the request's goal of those that were
/// measured in the same run and agree with the reference is chosen; where that first one falls short, the run is that
/// of the next that agrees. One of another backend takes part only where no order of backends is asked for. One that is
/// computed or stored in a lower precision than the order's first (fp32, fp16, bf16, int8) takes part only where a
/// precision is asked for, and then one that is stored lower than both that and the order's first only where `fastest`
/// is, or `quantization` allows it. One that falls short of the reference comes after all others that run here.
/// \param figures  of this model's candidates, on this machine and with what they would run with now; one of each
[[nodiscard]] std::vector<Candidate> rank_candidates(const formats::Listing& listing, const RuntimeDescription& runtime,
                                                     const LoadOptions& request,
                                                     std::span<const SupportedFamily> families,
                                                     std::span<const Figures> figures = {});

/// The error for a request that no candidate can serve: `no_usable_backend`, about the model, or the backend that was
/// asked for. It tells every candidate's reason, and as its hint what would mend it, best first.
[[nodiscard]] Error no_usable_backend(const Explanation& explanation, const RuntimeDescription& machine,
                                      const LoadOptions& request);

}  // namespace inference_models::selection
