#pragma once

#include "engines/engine_catalog.hpp"
#include "runtime/describe.hpp"
#include "runtime/search_places.hpp"

namespace inference_models::runtime {

/// Looks for the library of an engine, and tells its version, without opening it. In order: what this process has
/// already, the engine's own variable, site-packages, the vendor's variables, the system loader's places. The first two
/// are final: a second copy beside a library that is in use, or another one than the user named, is not what was meant.
/// Where there is one that cannot be used, `remedy` tells what to do about it; it is empty where there is none at all,
/// since how engines are installed is known elsewhere (extras.hpp).
[[nodiscard]] EngineRuntime find_engine(const engines::EngineTraits& traits, const SearchPlaces& places,
                                        const Surroundings& surroundings);

}  // namespace inference_models::runtime
