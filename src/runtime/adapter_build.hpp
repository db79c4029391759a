#pragma once

#include <filesystem>
#include <inference_models/runtime_description.hpp>

#include "runtime/describe.hpp"

namespace inference_models::runtime {

/// Builds the adapter of a runtime with `adapter_compiler`, within a minute: written aside, then renamed.
/// \returns where it lies now
/// \throws Error `engine_failure` with the compiler's words, `io_failure` where it cannot be written
[[nodiscard]] std::filesystem::path build_adapter(const EngineRuntime& runtime, const Surroundings& surroundings);

}  // namespace inference_models::runtime
