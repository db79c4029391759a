#pragma once

#include <filesystem>
#include <string_view>

#include "engines/engine_catalog.hpp"
#include "runtime/describe.hpp"

/// Where the adapters of engines lie, and what those are built with that cannot be shipped ready for use.
namespace inference_models::runtime {

/// The file name of an engine's adapter; for a linked one that of this release of the runtime:
/// `libinference_models_torch-2.13.so` for 2.13.0.
[[nodiscard]] std::string adapter_file_name(const engines::EngineTraits& traits, std::string_view runtime_version);

/// The adapter that drives this version of an engine's runtime; empty where there is none. Looked for beside our
/// library, in $INFERENCE_MODELS_ADAPTERS, and where `adapter_target` lies.
[[nodiscard]] std::filesystem::path find_adapter(const engines::EngineTraits& traits, std::string_view runtime_version,
                                                 const Surroundings& surroundings);

/// Where an adapter goes that is built on this machine: $INFERENCE_MODELS_ADAPTERS, or the user's cache directory in a
/// folder for these very sources. Empty where there is neither.
[[nodiscard]] std::filesystem::path adapter_target(const engines::EngineTraits& traits,
                                                   std::string_view runtime_version, const Surroundings& surroundings);

/// The directory with the sources of adapters that came with our library; empty where they did not.
[[nodiscard]] std::filesystem::path adapter_sources(const Surroundings& surroundings);

/// The C++ compiler of this machine: $CXX, else c++, g++ or clang++ of $PATH; empty where there is none.
[[nodiscard]] std::filesystem::path find_compiler(const Surroundings& surroundings);

}  // namespace inference_models::runtime
