#include "benchmark/contestants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "benchmark/statistics.hpp"

namespace inference_models::benchmark {
namespace {

double milliseconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

BenchmarkRound round_of(const Answer& answer, const JobResult& result) {
    return {.start = milliseconds(result.predicted - answer.started),
            .load = milliseconds(result.loaded - result.loading),
            .first_prediction = milliseconds(result.predicted - result.loaded),
            .warm_up = result.warm_up,
            .predictions = static_cast<std::uint32_t>(result.end_to_end_ms.size()),
            .end_to_end = median(result.end_to_end_ms),
            .peak_memory_mib = result.peak_memory_mib};
}

/// A stage that a peer does not tell has no samples.
void add_percentiles(std::vector<Percentiles>& rounds, const std::vector<double>& samples) {
    if (!samples.empty()) rounds.push_back(percentiles_of(samples));
}

/// Of each percentile the median of the rounds: a slow round has fewer samples, and counts as much as a fast one.
std::optional<Percentiles> medians_of(const std::vector<Percentiles>& rounds) {
    if (rounds.empty()) return std::nullopt;
    const auto of = [&](double Percentiles::* member) {
        std::vector<double> values;
        std::ranges::transform(rounds, std::back_inserter(values), member);
        return median(std::move(values));
    };
    return Percentiles{of(&Percentiles::p50), of(&Percentiles::p90), of(&Percentiles::p99)};
}

double median_of(const std::vector<BenchmarkRound>& rounds, double BenchmarkRound::* member) {
    std::vector<double> values;
    std::ranges::transform(rounds, std::back_inserter(values), member);
    return median(std::move(values));
}

/// As many images of one call, one call after the other.
constexpr CallPattern pattern_of(const Job& job, std::uint32_t threads) {
    return {.instances = job.instances, .threads = threads, .batch = job.batch};
}

}  // namespace

Answer Contestant::ask(const Job& job, const SharedImages& images) const {
    Job whole = job;
    whole.images = images.sizes();
    return benchmark::ask(worker_, to_json(whole, peer_), images);
}

JobResult Contestant::find_objects(const ObjectDetectionOptions& detection, const SharedImages& images) const {
    if (failure_) throw Error(*failure_);
    Job job = job_;
    job.detection = detection;
    job.measured = std::chrono::milliseconds(0);
    job.finds_objects = true;
    JobResult result = read_result(ask(job, images).text, name_);
    if (result.found.size() == images.sizes().size()) return result;
    throw Error(ErrorKind::engine_failure, name_,
                fmt::format("{} found something in {} images of {}", name_, result.found.size(), images.sizes().size()),
                "");
}

void Contestant::measure_latency(const SharedImages& images) {
    if (failure_) return;
    try {
        Answer answer = ask(job_, images);
        add_round(answer, read_result(answer.text, name_));
        last_answer_ = std::move(answer.text);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        failure_ = error;
    }
}

void Contestant::add_round(const Answer& answer, const JobResult& result) {
    rounds_.push_back(round_of(answer, result));
    add_percentiles(end_to_end_, result.end_to_end_ms);
    add_percentiles(pre_process_, result.pre_process_ms);
    add_percentiles(forward_, result.forward_ms);
    add_percentiles(post_process_, result.post_process_ms);
    throughput_of(pattern_of(job_, result.model.threads)).rounds.push_back(result.images_per_second);
}

void Contestant::measure_throughput(CallPattern pattern, const SharedImages& images) {
    if (failure_) return;
    Job job = job_;
    job.instances = pattern.instances;
    job.batch = pattern.batch;
    job.load.threads = pattern.threads;
    try {
        const JobResult result = read_result(ask(job, images).text, name_);
        throughput_of(pattern).rounds.push_back(result.images_per_second);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        const std::string note = fmt::format("{} with {} x {} threads and batches of {}: {}", name_, pattern.instances,
                                             pattern.threads, pattern.batch, error.message());
        if (std::ranges::find(notes_, note) == notes_.end()) notes_.push_back(note);
    }
}

BenchmarkThroughput& Contestant::throughput_of(CallPattern pattern) {
    const auto known = std::ranges::find_if(throughput_, [&](const BenchmarkThroughput& each) {
        return each.instances == pattern.instances && each.threads == pattern.threads && each.batch == pattern.batch;
    });
    if (known != throughput_.end()) return *known;
    BenchmarkThroughput& added = throughput_.emplace_back();
    added.instances = pattern.instances;
    added.threads = pattern.threads;
    added.batch = pattern.batch;
    return added;
}

std::optional<BenchmarkFigures> Contestant::figures() const {
    if (failure_ || rounds_.empty()) return std::nullopt;
    BenchmarkFigures figures;
    figures.rounds = rounds_;
    figures.start = median_of(rounds_, &BenchmarkRound::start);
    figures.load = median_of(rounds_, &BenchmarkRound::load);
    figures.first_prediction = median_of(rounds_, &BenchmarkRound::first_prediction);
    figures.peak_memory_mib = median_of(rounds_, &BenchmarkRound::peak_memory_mib);
    figures.end_to_end = medians_of(end_to_end_).value();
    figures.pre_process = medians_of(pre_process_);
    figures.forward = medians_of(forward_);
    figures.post_process = medians_of(post_process_);
    figures.throughput = throughput_;
    for (BenchmarkThroughput& each : figures.throughput) each.images_per_second = median(each.rounds);
    return figures;
}

}  // namespace inference_models::benchmark
