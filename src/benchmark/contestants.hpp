#pragma once

#include "benchmark/job.hpp"
#include "benchmark/job_json.hpp"
#include "benchmark/worker_process.hpp"

#include <inference_models/benchmark.hpp>
#include <inference_models/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What takes part in the rounds of a benchmark, each in processes of its own.
namespace inference_models::benchmark {

/// A way to call a model.
struct CallPattern {
    std::uint32_t instances = 1;  ///< of the model, called in parallel
    std::uint32_t threads = 1;    ///< compute threads of each
    std::uint32_t batch = 1;      ///< images of one call
};

/// A candidate or a peer, and what was measured of it so far.
class Contestant {
public:
    Contestant(std::string name, Worker worker, Job job, std::optional<PeerSettings> peer = std::nullopt)
        : name_(std::move(name)), worker_(std::move(worker)), job_(std::move(job)), peer_(std::move(peer)) {}

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const Job& job() const noexcept { return job_; }

    /// What it finds in all images, with another threshold and nothing measured.
    /// \throws Error that ended its worker, or that it failed with before
    [[nodiscard]] JobResult find_objects(const ObjectDetectionOptions& detection, const SharedImages& images) const;

    /// One round: a process that starts, warms up, and is measured. Where it fails, no other follows.
    /// \throws Error `cancelled`
    void measure_latency(const SharedImages& images);

    /// The same of another way to call it. Where it fails there, that is a note.
    /// \throws Error `cancelled`
    void measure_throughput(CallPattern pattern, const SharedImages& images);

    void fail(Error error) { failure_ = std::move(error); }
    [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

    /// The answer of the last latency round, for what a peer tells of itself; empty where there was none.
    [[nodiscard]] const std::string& last_answer() const noexcept { return last_answer_; }

    /// None where nothing was measured, or a round failed.
    [[nodiscard]] std::optional<BenchmarkFigures> figures() const;

    /// What went wrong with other ways to call it, one line each.
    [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }

private:
    [[nodiscard]] Answer ask(const Job& job, const SharedImages& images) const;
    void add_round(const Answer& answer, const JobResult& result);
    [[nodiscard]] BenchmarkThroughput& throughput_of(CallPattern pattern);

    std::string name_;
    Worker worker_;
    Job job_;
    std::optional<PeerSettings> peer_;
    std::optional<Error> failure_;
    std::string last_answer_;
    std::vector<std::string> notes_;

    std::vector<BenchmarkRound> rounds_;
    std::vector<Percentiles> end_to_end_;  ///< of each round
    std::vector<Percentiles> pre_process_;
    std::vector<Percentiles> forward_;
    std::vector<Percentiles> post_process_;
    std::vector<BenchmarkThroughput> throughput_;
};

}  // namespace inference_models::benchmark
