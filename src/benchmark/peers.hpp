#pragma once

#include "agreement/comparison.hpp"
#include "benchmark/contestants.hpp"

#include <inference_models/benchmark.hpp>

#include <filesystem>
#include <optional>
#include <vector>

/// Other products, which a Python program of ours runs in an environment of their own.
namespace inference_models::benchmark {

/// One product with one form of the model in one setting.
struct Peer {
    BenchmarkedPeer told;
    std::optional<Contestant> contestant;  ///< none where it cannot run
    agreement::Found found;                ///< empty where it cannot run
};

/// Those that an environment has for a model, and why others are out.
/// \param python    of that environment
/// \param job       the model's path, how it detects, and what is measured
/// \throws Error `engine_failure` where that Python cannot be run, `io_failure`, `cancelled`
[[nodiscard]] std::vector<Peer> list_peers(const std::filesystem::path& python, const Job& job,
                                           const PeerSettings& settings, const SharedImages& images);

/// What it finds, with the thresholds of its job. Where it cannot run it says why.
/// \throws Error `cancelled`
void find_objects(Peer& peer, const SharedImages& images);

/// What was measured, and what it says of itself.
[[nodiscard]] BenchmarkedPeer report_of(Peer peer);

}  // namespace inference_models::benchmark
