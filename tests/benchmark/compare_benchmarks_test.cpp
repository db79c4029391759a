#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <inference_models/benchmark.hpp>
#include <inference_models/error.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "benchmark/report_for_tests.hpp"

namespace inference_models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

BenchmarkReport report_with(const std::vector<double>& latencies) {
    BenchmarkReport report;
    report.candidates = {tests::candidate(BackendType::openvino, Engine::openvino, "2026.4.1", "onnx-fp32",
                                          Precision::fp32, tests::figures(latencies, 300, 100))};
    return report;
}

BenchmarkDifference end_to_end_of(const std::vector<double>& before, const std::vector<double>& after) {
    return compare_benchmarks(report_with(before), report_with(after)).differences.at(0);
}

TEST(CompareBenchmarks, WhatIsFasterInEveryRoundIsFaster) {
    const auto difference = end_to_end_of({24.4, 24.6, 24.5, 24.7, 24.6}, {22.1, 22.3, 22, 22.2, 22.1});
    EXPECT_EQ(difference.name, "openvino fp32");
    EXPECT_EQ(difference.quantity, "end to end");
    EXPECT_EQ(difference.before, 24.5);
    EXPECT_EQ(difference.after, 22);
    EXPECT_DOUBLE_EQ(difference.ratio, 22 / 24.5);
    EXPECT_NEAR(difference.noise, 0.3 / 22.1, 1e-12);
    EXPECT_EQ(difference.verdict, ComparedSpeed::faster);
    EXPECT_EQ(end_to_end_of({22.1, 22.3, 22, 22.2, 22.1}, {24.4, 24.6, 24.5, 24.7, 24.6}).verdict,
              ComparedSpeed::slower);
}

TEST(CompareBenchmarks, OneRoundThatReachesTheOthersMakesItNoise) {
    EXPECT_EQ(end_to_end_of({24.4, 24.6, 24.5, 24.7, 24.6}, {22.1, 22.3, 22, 24.4, 22.1}).verdict,
              ComparedSpeed::within_noise);
}

TEST(CompareBenchmarks, RoundsFurtherApartThanTheReportsMakeItNoise) {
    // All beyond one another, but single rounds differ by more.
    EXPECT_EQ(end_to_end_of({20, 21, 22, 23, 24}, {24.1, 25, 25.2, 26, 27}).verdict, ComparedSpeed::within_noise);
}

TEST(CompareBenchmarks, LessThanAHundredthIsNoise) {
    EXPECT_EQ(end_to_end_of({100, 100, 100, 100}, {100.9, 100.9, 100.9, 100.9}).verdict, ComparedSpeed::within_noise);
    EXPECT_EQ(end_to_end_of({100, 100, 100, 100}, {101.1, 101.1, 101.1, 101.1}).verdict, ComparedSpeed::slower);
}

TEST(CompareBenchmarks, FewRoundsTellNothing) {
    const BenchmarkComparison three = compare_benchmarks(report_with({40, 40, 40}), report_with({20, 20, 20}));
    for (const auto& difference : three.differences) EXPECT_EQ(difference.verdict, ComparedSpeed::within_noise);
    EXPECT_THAT(three.notes, ElementsAre("openvino fp32 has 3 rounds: nothing is told apart with fewer than 4."));
    EXPECT_THAT(to_text(three), HasSubstr("nothing is told apart with fewer than 4"));
    EXPECT_EQ(end_to_end_of({40, 40, 40, 40}, {20, 20, 20, 20}).verdict, ComparedSpeed::faster);
    EXPECT_EQ(end_to_end_of({40, 40, 40, 40}, {20, 20, 20}).verdict, ComparedSpeed::within_noise);
}

TEST(CompareBenchmarks, MoreImagesAndLessMemoryAreBetter) {
    BenchmarkReport before = tests::report();
    BenchmarkReport after = before;
    BenchmarkFigures& figures = *after.candidates[0].figures;
    for (BenchmarkThroughput& way : figures.throughput) {
        way.images_per_second *= 2;
        for (double& round : way.rounds) round *= 2;
    }
    for (BenchmarkRound& round : figures.rounds) round.peak_memory_mib *= 2;
    figures.peak_memory_mib *= 2;
    const auto verdict_of = [&](const std::string& quantity) {
        const BenchmarkComparison comparison = compare_benchmarks(before, after);
        return std::ranges::find(comparison.differences, quantity, &BenchmarkDifference::quantity)->verdict;
    };
    EXPECT_EQ(verdict_of("end to end"), ComparedSpeed::within_noise);
    EXPECT_EQ(verdict_of("peak memory"), ComparedSpeed::slower);
    EXPECT_EQ(verdict_of("throughput"), ComparedSpeed::within_noise) << "its best way has three rounds";
    for (BenchmarkReport* report : {&before, &after}) {
        auto& ways = report->candidates[0].figures->throughput;
        for (BenchmarkThroughput& way : ways) way.rounds.assign(4, way.images_per_second);
    }
    EXPECT_EQ(verdict_of("throughput"), ComparedSpeed::faster);
}

/// Of two runs of the same thing, few are told apart, whatever the noise: with five rounds, by chance alone, all of one
/// lie beyond all of the other in 2 of 252 cases, and hardly ever by more than they differ among themselves.
TEST(CompareBenchmarks, RunsOfOneDistributionAreWithinTheNoise) {
    std::mt19937 random(7);
    constexpr int kRuns = 2000;
    const auto wrong_verdicts = [&](auto sample) {
        int wrong = 0;
        for (int run = 0; run < kRuns; ++run) {
            std::vector<double> before(5);
            std::vector<double> after(5);
            std::ranges::generate(before, sample);
            std::ranges::generate(after, sample);
            wrong += end_to_end_of(before, after).verdict != ComparedSpeed::within_noise ? 1 : 0;
        }
        return wrong;
    };
    std::normal_distribution<double> even(25, 0.3);
    std::lognormal_distribution<double> skewed(0, 0.5);
    std::uniform_real_distribution<double> flat(20, 30);
    EXPECT_LE(wrong_verdicts([&] { return even(random); }), kRuns / 100);
    EXPECT_LE(wrong_verdicts([&] { return 25 + skewed(random); }), kRuns / 100);
    EXPECT_LE(wrong_verdicts([&] { return flat(random); }), kRuns / 100);
}

/// And what is 5 % slower is told apart where rounds differ by 1 %.
TEST(CompareBenchmarks, ARealDifferenceIsTold) {
    std::mt19937 random(8);
    std::normal_distribution<double> noise(25, 0.1);
    for (int run = 0; run < 200; ++run) {
        std::vector<double> before(5);
        std::vector<double> after(5);
        std::ranges::generate(before, [&] { return noise(random); });
        std::ranges::generate(after, [&] { return noise(random) * 1.05; });
        EXPECT_EQ(end_to_end_of(before, after).verdict, ComparedSpeed::slower);
    }
}

TEST(CompareBenchmarks, AReportIsWithinTheNoiseOfItself) {
    const BenchmarkComparison comparison = compare_benchmarks(tests::report(), tests::report());
    EXPECT_EQ(comparison.differences.size(), 7U * 4U) << "five candidates and two peers that ran";
    for (const auto& difference : comparison.differences) {
        EXPECT_EQ(difference.ratio, 1);
        EXPECT_EQ(difference.verdict, ComparedSpeed::within_noise);
    }
    EXPECT_THAT(comparison.other_environment, IsEmpty());
    EXPECT_THAT(comparison.only_before, IsEmpty());
    EXPECT_THAT(comparison.only_after, IsEmpty());
}

TEST(CompareBenchmarks, WhatOnlyOneReportHasIsNamed) {
    const BenchmarkReport before = tests::report();
    BenchmarkReport after = before;
    after.candidates.erase(after.candidates.begin() + 2);  // torch fp32
    after.candidates.push_back(before.candidates[0]);
    after.candidates.back().package_id = "other";
    after.candidates.back().engine = Engine::torch;
    after.peers[0].settings = ".pt";
    const BenchmarkComparison comparison = compare_benchmarks(before, after);
    EXPECT_THAT(comparison.only_before, ElementsAre("torch fp32", "Ultralytics 8.4.190, .onnx, at its defaults"));
    EXPECT_THAT(comparison.only_after, ElementsAre("openvino fp32 other", "Ultralytics 8.4.190, .pt"));
    EXPECT_EQ(comparison.differences[0].name, "openvino fp32 onnx-fp32");
}

TEST(CompareBenchmarks, WhatElseIsDifferentIsNamed) {
    const BenchmarkReport before = tests::report();
    BenchmarkReport after = before;
    after.environment.cpu = "Another CPU";
    after.environment.threads = 4;
    after.environment.measured_at = "2026-11-26T12:34:56Z";
    after.environment.gpus = {"NVIDIA H100"};
    after.candidates[0].runtime_version = "2026.5";
    EXPECT_THAT(compare_benchmarks(before, after).other_environment,
                ElementsAre("cpu: AMD EPYC 9B45 128-Core Processor, then Another CPU", "threads: 2, then 4",
                            "gpus: none, then NVIDIA H100",
                            "runtime of openvino fp32: OpenVINO 2026.4.1, then OpenVINO 2026.5"));
}

std::string refused(const BenchmarkReport& before, const BenchmarkReport& after) {
    try {
        static_cast<void>(compare_benchmarks(before, after));
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
        return std::string(error.message());
    }
    return {};
}

TEST(CompareBenchmarks, WhatWasMeasuredOfSomethingElseIsNotCompared) {
    const BenchmarkReport before = tests::report();
    BenchmarkReport after = before;
    after.model_id = "yolov8s-640";
    EXPECT_THAT(refused(before, after), HasSubstr("not of the same: model_id: yolov8n-640, then yolov8s-640"));
    after = before;
    after.network_input = {.width = 640, .height = 480};
    EXPECT_THAT(refused(before, after), HasSubstr("network_input: 640x640, then 480x640"));
    after = before;
    after.rect = true;
    EXPECT_THAT(refused(before, after), HasSubstr("rect: false, then true"));
    after.images = {"other.jpg"};
    EXPECT_THAT(refused(before, after), HasSubstr("rect: false, then true; images: pictures/bus.jpg, then other.jpg"));
    after = before;
    after.candidates[0].threads = 1;
    EXPECT_THAT(compare_benchmarks(before, after).other_environment,
                ElementsAre("threads of openvino fp32: 2, then 1"));
    after.candidates[0].device = {DeviceKind::cuda, 0};
    EXPECT_THAT(compare_benchmarks(before, after).only_after, ElementsAre("openvino fp32 on cuda:0"));
}

TEST(CompareBenchmarks, ATableAndADocument) {
    BenchmarkReport after = tests::report();
    for (BenchmarkRound& round : after.candidates[0].figures->rounds) round.end_to_end *= 2;
    after.candidates[0].figures->end_to_end.p50 *= 2;
    const BenchmarkComparison comparison = compare_benchmarks(tests::report(), after);
    const std::string text = to_text(comparison);
    EXPECT_THAT(text, testing::ContainsRegex("openvino fp32 +end to end +24.6 +49.2 +ms +2.000 +3.7 % +SLOWER\n"));
    EXPECT_THAT(text, HasSubstr("\n0 better, 1 worse, 27 within the noise.\n"));
    const auto json = nlohmann::json::parse(to_json(comparison));
    EXPECT_EQ(json["differences"][0]["verdict"], "slower");
    EXPECT_EQ(json["differences"][0]["ratio"], 2);
    EXPECT_EQ(json["differences"][1]["verdict"], "within-noise");
}

TEST(CompareBenchmarks, NothingInCommonIsSaid) {
    BenchmarkReport nothing = tests::report();
    nothing.candidates.clear();
    nothing.peers.clear();
    EXPECT_THAT(to_text(compare_benchmarks(nothing, tests::report())), HasSubstr("nothing in common"));
}

}  // namespace
}  // namespace inference_models
