#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <inference_models/benchmark.hpp>
#include <sstream>

#include "benchmark/report_facts.hpp"
#include "benchmark/report_for_tests.hpp"

namespace inference_models {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(BenchmarkText, TheFirstTableIsWhatWasMeasuredOfEachCandidate) {
    const std::string text = to_text(tests::report());
    EXPECT_THAT(text, ContainsRegex("openvino fp32 +OpenVINO 2026.4.1 +24.6\\* +\\(25.8 34.4\\) +24.1 +312 +187 +172 "
                                    "+46.7\\* +2 x 1 thread\n"));
    EXPECT_THAT(text, ContainsRegex("onnx fp32 +ONNX Runtime 1.32.0 +33.6 +.* +142\\* +85.5 +118\\* "));
    EXPECT_THAT(text, ContainsRegex("openvino fp16 ! +OpenVINO +- +- "));
}

TEST(BenchmarkText, NoLineIsWiderThanATerminal) {
    BenchmarkReport report = tests::report();
    report.candidates[0].package_id = std::string(300, 'x');
    report.peers[0].settings = std::string(300, 'y');
    std::istringstream lines(to_text(report));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120U) << line;
}

TEST(BenchmarkText, WhetherItIsRightIsSaidOfEach) {
    const std::string text = to_text(tests::report());
    EXPECT_THAT(text,
                ContainsRegex("openvino fp32 +onnx-fp32 +0.3728 +0.5256 +same: 5 of 5 objects, within 0.0001 px"));
    EXPECT_THAT(text,
                ContainsRegex("openvino bf16 +onnx-fp32 +- +- +within bf16's gate: 5 of 5 objects, within 1.4 px"));
    EXPECT_THAT(text, HasSubstr("falls short: 2 of 5 objects are missing\n"));
    EXPECT_THAT(text, HasSubstr("does not run: weights.bin is truncated\n  openvino fp16: Download it again.\n"));
}

TEST(BenchmarkText, WhatDoesNotRunIsThereWithItsReasonAndRemedy) {
    const std::string text = to_text(tests::report());
    EXPECT_THAT(text, ContainsRegex("best.pt +torch +cpu +fp32, bf16 +a checkpoint cannot be opened as it is\n"
                                    " +Export it first: yolo export model=best.pt format=onnx\n"));
    EXPECT_THAT(text, HasSubstr("does not run: openvino is not"));
    EXPECT_THAT(text, HasSubstr("Install it with: make peers"));
}

TEST(BenchmarkText, APeerIsComparedWithTheBestOfEachEngine) {
    const std::string text = to_text(tests::report());
    EXPECT_THAT(text,
                ContainsRegex("at its defaults +openvino fp32 +1.70x +9.90x +4.07x +1.72x\n +onnx fp32 +1.26x .*\n "
                              "+torch fp32 +1.08x .*\n +openvino bf16 +2.75x "));
}

TEST(BenchmarkText, NothingFromOutsideSteersATerminal) {
    BenchmarkReport report = tests::report();
    report.model_id = "\x1b[31mred";
    report.candidates[0].package_id = "a\x1b[2Jb";
    report.notes = {"\x1b]0;title\x07"};
    EXPECT_THAT(to_text(report), Not(HasSubstr("\x1b")));
}

TEST(BenchmarkText, AnEmptyReportSaysThatNothingWasMeasured) {
    EXPECT_THAT(to_text(BenchmarkReport{}), HasSubstr("\nNothing could be measured.\n"));
}

TEST(BenchmarkFacts, WhatIsWrongIsNeverTheBest) {
    // The int8 candidate is the best of all in everything, and loses objects.
    BenchmarkReport report = tests::report();
    EXPECT_THAT(recommendations(report),
                ElementsAre(Pair(Goal::latency, "openvino fp32, 24.6 ms; in a lower precision: openvino bf16, 15.3 ms"),
                            Pair(Goal::throughput, HasSubstr("openvino bf16, 75.2 images/s as 2 x 1 thread")),
                            Pair(Goal::memory, "onnx fp32, 118 MiB"), Pair(Goal::startup, "onnx fp32, 142 ms")));
    report.candidates[4].verdict = AgreementVerdict::passes;
    EXPECT_THAT(recommendations(report)[2].second, "onnx fp32, 118 MiB; in a lower precision: onnx int8, 80.0 MiB");
}

TEST(BenchmarkFacts, WithoutAProofOnlyTheReferenceIsRight) {
    BenchmarkReport report = tests::report();
    for (auto& candidate : report.candidates) candidate.verdict = AgreementVerdict::proves_nothing;
    for (const auto& [goal, line] : recommendations(report)) EXPECT_THAT(line, testing::StartsWith("onnx fp32, "));
}

TEST(BenchmarkFacts, CandidatesOfOneNameAreToldApart) {
    std::vector<BenchmarkedCandidate> candidates(5);
    for (auto& candidate : candidates) candidate.package_id = "onnx-fp32";
    candidates[1].package_id = "mine";
    candidates[2].backend = BackendType::openvino;
    candidates[3].device = {DeviceKind::cuda, 1};
    candidates[4].engine = Engine::openvino;
    EXPECT_THAT(candidate_names(candidates),
                ElementsAre("onnx fp32 onnx-fp32 onnxruntime", "onnx fp32 mine", "openvino fp32", "onnx fp32 on cuda:1",
                            "onnx fp32 onnx-fp32 openvino"));
}

TEST(BenchmarkFacts, RatiosAreThoseOfPairedRounds) {
    // The machine is twice as slow in every second round: the ratio of each round is 2, that of the medians is not.
    BenchmarkReport report;
    report.candidates = {tests::candidate(BackendType::onnx, Engine::onnxruntime, "1", "p", Precision::fp32,
                                          tests::figures({10, 20, 10, 20, 20}, 100, 50))};
    report.peers.resize(1);
    report.peers[0].figures = tests::figures({20, 40, 20, 40, 40}, 100, 50);
    report.peers[0].figures->end_to_end.p50 = 40;
    EXPECT_EQ(report.candidates[0].figures->end_to_end.p50, 10);
    EXPECT_EQ(peer_ratios(report).at(0).end_to_end, 2);
    report.peers[0].figures->rounds.pop_back();
    EXPECT_EQ(peer_ratios(report).at(0).end_to_end, 4) << "rounds that have no partner are not paired";
}

TEST(BenchmarkFacts, ImagesPerSecondAreThoseOfOneInstanceWithABatchOfOne) {
    BenchmarkReport report;
    report.candidates = {tests::candidate(BackendType::onnx, Engine::onnxruntime, "1", "p", Precision::fp32,
                                          tests::figures({10, 10, 10}, 100, 50))};
    report.peers.resize(1);
    report.peers[0].figures = tests::figures({20, 20, 20}, 100, 50);
    // Peers have no other way, and the best one of ours is much better.
    report.candidates[0].figures->throughput = {{1, 2, 1, 90, {}}, {2, 1, 8, 900, {}}};
    report.peers[0].figures->throughput = {{1, 2, 1, 60, {}}};
    EXPECT_EQ(peer_ratios(report).at(0).throughput, 1.5);
    report.candidates[0].figures->throughput[0].rounds = {90, 180, 40};
    report.peers[0].figures->throughput[0].rounds = {30, 90, 20};
    EXPECT_EQ(peer_ratios(report).at(0).throughput, 2) << "as all others, of paired rounds";
    report.candidates[0].figures->throughput.erase(report.candidates[0].figures->throughput.begin());
    EXPECT_EQ(peer_ratios(report).at(0).throughput, std::nullopt);
    EXPECT_THAT(to_html(tests::report()), HasSubstr("images/s, one instance, batch 1"));
    EXPECT_THAT(to_text(tests::report()), ContainsRegex("memory +images/s of *\n +one instance, *\n +batch 1 *\n"));
}

TEST(BenchmarkFacts, NothingIsTheBestThroughputOfNothing) {
    BenchmarkFigures figures;
    EXPECT_EQ(figures.best_throughput(), nullptr);
    figures.throughput = {{1, 2, 1, 30, {}}, {2, 1, 1, 40, {}}, {1, 2, 8, 35, {}}};
    EXPECT_EQ(figures.best_throughput(), &figures.throughput[1]);
}

TEST(BenchmarkFacts, ThreeDigitsAreTold) {
    EXPECT_EQ(told(0.0912), "0.09");
    EXPECT_EQ(told(9.994), "9.99");
    EXPECT_EQ(told(9.995), "10.0");
    EXPECT_EQ(told(99.94), "99.9");
    EXPECT_EQ(told(99.96), "100");
    EXPECT_EQ(told(3105.4), "3105");
}

}  // namespace
}  // namespace inference_models
