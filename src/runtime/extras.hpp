#pragma once

#include <vector>

#include "runtime/describe.hpp"
#include "runtime/search_places.hpp"

namespace inference_models::runtime {

/// The optional installations that the guide names: whether a machine, described but for its extras, has them, and the
/// command that brings each.
[[nodiscard]] std::vector<Extra> list_extras(const RuntimeDescription& machine, const SearchPlaces& places);

/// The remedy of engines that were found nowhere: the installation that the machine's extras have for it.
void name_installations(RuntimeDescription& machine);

}  // namespace inference_models::runtime
