#pragma once

#include "benchmark/job.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Jobs and their answers as the JSON documents that processes exchange.
namespace inference_models::benchmark {

/// What a peer is told besides: how a peer of the same settings would run, and where it may keep what it makes.
struct PeerSettings {
    std::uint32_t threads = 1;
    ImageSize network_input;
    std::filesystem::path scratch;
};

[[nodiscard]] std::string to_json(const Job& job, const std::optional<PeerSettings>& peer = std::nullopt);

/// \throws Error `corrupted_package` that names the field
[[nodiscard]] Job read_job(std::string_view text);

[[nodiscard]] std::string to_json(const JobResult& result);
[[nodiscard]] std::string to_json(const Error& error);

/// \param source  for messages: which worker answered
/// \throws Error the one that the worker tells, or `corrupted_package` that names the field
[[nodiscard]] JobResult read_result(std::string_view text, const std::string& source);

}  // namespace inference_models::benchmark
