#pragma once

#include "formats/package.hpp"

#include <inference_models/compile.hpp>
#include <inference_models/runtime_description.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>

namespace inference_models::compile {

/// A network that is to be made.
struct Job {
    formats::Package source;
    Engine engine = Engine::onnxruntime;
    Precision precision = Precision::fp32;
    std::optional<std::int64_t> batch;  ///< images per run; none: as the source has it
    ImageSize size;                     ///< of the network's input
    std::uint32_t threads = 1;
    EngineRuntime runtime;
    std::filesystem::path directory;  ///< that the network is written into
};

/// Whether an ONNX network can take images of this size and number.
/// \throws Error `invalid_argument` that says what it takes
void check_dimensions(const Job& job);

/// Writes the network in the form that its engine compiles it to.
/// \param weights  the source's network, or what was quantised of it
/// \throws Error `engine_failure`, `no_usable_backend`, `io_failure`
void compile_network(const Job& job, const std::filesystem::path& weights);

}  // namespace inference_models::compile
