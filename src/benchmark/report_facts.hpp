#pragma once

#include <inference_models/benchmark.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a benchmark's report says, in the words that all of its forms share.
namespace inference_models {

inline constexpr std::array kGoals{Goal::latency, Goal::throughput, Goal::memory, Goal::startup};

/// What people call candidates: `openvino fp32`, `onnx fp32 on cuda:0`; with the package, and then the engine, where
/// several would be called the same.
[[nodiscard]] std::vector<std::string> candidate_names(std::span<const BenchmarkedCandidate> candidates);

/// `Ultralytics 8.4.190, .onnx, at its defaults`
[[nodiscard]] std::string peer_name(const BenchmarkedPeer& peer);

/// `OpenVINO 2026.4.1`
[[nodiscard]] std::string runtime_name(const BenchmarkedCandidate& candidate);

/// A time in milliseconds, or another size, with three digits that count: `8.31`, `24.6`, `142`.
[[nodiscard]] std::string told(double value);

/// How several images are computed at a time: `1 x 2 threads`, `2 x 1 thread`, `1 x 2 threads, batch 8`.
[[nodiscard]] std::string way_of(const BenchmarkThroughput& throughput);

/// `24.6 ms`, `81.2 images/s in 2 x 1 thread`, `92.5 MiB`; none where it was not measured.
[[nodiscard]] std::optional<std::string> told_figure(const BenchmarkFigures& figures, Goal goal);

/// Whether it was measured and finds what the reference finds. The reference is right by definition.
[[nodiscard]] bool is_right(const BenchmarkedCandidate& candidate) noexcept;

/// The best of those that are right, in one precision or in any; none where none was measured.
[[nodiscard]] std::optional<std::size_t> best_for(std::span<const BenchmarkedCandidate> candidates, Goal goal,
                                                  std::optional<Precision> precision = std::nullopt);

/// Whether it is the best of several that are right and compute in its precision.
[[nodiscard]] bool is_best_of_its_precision(std::span<const BenchmarkedCandidate> candidates, std::size_t which,
                                            Goal goal);

/// For each goal, what to take: `openvino fp32, 24.6 ms; in a lower precision: openvino bf16, 15.3 ms`.
[[nodiscard]] std::vector<std::pair<Goal, std::string>> recommendations(const BenchmarkReport& report);

/// Whether it finds what the reference finds, in one line: `same: 5 of 5 objects, within 0.0001 px`.
[[nodiscard]] std::string agreement_words(const BenchmarkedCandidate& candidate);

/// The same of a peer, which is told and not judged: `5 of 5 objects, 1 more, within 2.1 px`.
[[nodiscard]] std::string agreement_words(const BenchmarkedPeer& peer);

/// Whether it was measured with labels.
[[nodiscard]] bool has_average_precision(const BenchmarkReport& report);

/// How many times better a candidate is than a peer; above 1 the candidate is better. Each is the median of the
/// ratios of the rounds, which were measured one after the other, where both have the same rounds.
struct PeerRatios {
    std::size_t peer = 0;
    std::size_t candidate = 0;
    std::optional<double> end_to_end;
    std::optional<double> start;
    std::optional<double> memory;
    std::optional<double> throughput;  ///< of one instance with a batch of one, as peers are measured
};

/// Each peer against the fastest fp32 candidate of each engine and the fastest one of each lower precision, of those
/// that are right.
[[nodiscard]] std::vector<PeerRatios> peer_ratios(const BenchmarkReport& report);

/// `1.63x`; `-` for none.
[[nodiscard]] std::string told_ratio(const std::optional<double>& ratio);

/// How it was measured, in one line: `1 image at 640x640 (height x width), 5 rounds, 2 threads`.
[[nodiscard]] std::string subject_line(const BenchmarkReport& report);

/// Where it was measured: names and values, none of them empty.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string>> environment_rows(
    const BenchmarkEnvironment& environment);

/// `1 image`, `2 images`
[[nodiscard]] std::string counted(std::size_t count, std::string_view singular, std::string_view plural);

/// `fp32, fp16` that a candidate that does not run was asked for.
[[nodiscard]] std::string precisions_of(const UncomparedCandidate& candidate);

}  // namespace inference_models
