#pragma once

#include <string>
#include <vector>

#include "engines/engine_catalog.hpp"
#include "runtime/describe.hpp"
#include "runtime/library_files.hpp"

namespace inference_models::runtime {

/// What the files around an engine's library tell of its build; empty where they tell nothing.
struct BuildFacts {
    std::string version;
    std::string cuda_version;
    std::string distribution;                      ///< the Python distribution that it is of
    std::vector<std::string> execution_providers;  ///< of ONNX Runtime
};

[[nodiscard]] BuildFacts build_facts(const engines::EngineTraits& traits, const LibraryFile& library,
                                     const Surroundings& surroundings);

}  // namespace inference_models::runtime
