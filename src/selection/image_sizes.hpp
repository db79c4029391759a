#pragma once

#include "formats/package.hpp"
#include "selection/requirements.hpp"

#include <inference_models/load_options.hpp>

#include <optional>

/// The sizes that a package's images may be brought to, against what a caller wants them brought to.
namespace inference_models::selection {

/// What stands against `image_size`; none where nothing does, or the package's sizes are not known yet.
[[nodiscard]] std::optional<Verdict> image_size_problem(const formats::Package& package, const LoadOptions& request);

/// The same of `rect`.
[[nodiscard]] std::optional<Verdict> rect_problem(const formats::Package& package, const LoadOptions& request);

/// Both, in the same words, for a package whose files have just come to this machine.
/// \throws Error `no_usable_backend`
void check_image_sizes(const formats::Package& package, const LoadOptions& request);

}  // namespace inference_models::selection
