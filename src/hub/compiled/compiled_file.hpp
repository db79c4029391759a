#pragma once

#include <inference_models/image.hpp>
#include <inference_models/model_metadata.hpp>
#include <inference_models/types.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

/// `compiled.json`: what a compiled package is, and what it is bound to.
namespace inference_models::hub {

inline constexpr std::string_view kCompiledFile = "compiled.json";

/// The network that a compiled package was made from, as it was then.
struct CompiledSource {
    std::filesystem::path weights;  ///< without symbolic links
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    std::string sha256;
};

struct CompiledRecord {
    CompiledFacts facts;
    Precision precision = Precision::fp32;
    BatchRule batch;
    ImageSize network_size;
    CompiledSource source;
};

/// \throws Error `corrupted_package` that names the file and the field
[[nodiscard]] CompiledRecord read_compiled_file(const std::filesystem::path& package);

/// \throws Error `io_failure`
void write_compiled_file(const std::filesystem::path& package, const CompiledRecord& record);

/// What lies at the end of all links of a path now, without its SHA-256.
/// \throws Error `io_failure` where there is no regular file
[[nodiscard]] CompiledSource compiled_source(const std::filesystem::path& weights);

}  // namespace inference_models::hub
