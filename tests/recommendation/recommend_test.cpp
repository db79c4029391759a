// What is recommended follows from what was measured here, then from what was measured elsewhere, and says which.
#include "recommendation/recommend.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace inference_models::recommendation {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Candidate candidate(BackendType backend, Engine engine, CandidateStatus status, double latency_ms = 0,
                    Precision precision = Precision::fp32) {
    Candidate made;
    made.package_id = engine == Engine::torch ? "torch-script-fp32" : "onnx-fp32";
    made.backend = backend;
    made.engine = engine;
    made.status = status;
    made.precision = precision;
    if (latency_ms > 0) {
        made.figures.emplace();
        made.figures->verdict = AgreementVerdict::passes;
        made.figures->latency_ms = latency_ms;
        made.figures->memory_mib = 100;
    }
    return made;
}

Candidate to_install(BackendType backend, Engine engine, const std::string& remedy) {
    Candidate made = candidate(backend, engine, CandidateStatus::possible);
    made.precision.reset();
    made.remedy = remedy;
    return made;
}

/// A machine without any engine but those that are named.
Evidence evidence_of(std::vector<Candidate> candidates, std::vector<std::string> instruction_sets,
                     const std::vector<Engine>& installed) {
    Evidence evidence;
    evidence.model = "my model";
    evidence.explanation.model_id = "my-model";
    evidence.explanation.candidates = std::move(candidates);
    evidence.machine.cpu.instruction_sets = std::move(instruction_sets);
    for (const Engine engine : {Engine::onnxruntime, Engine::torch, Engine::openvino, Engine::tensorrt}) {
        EngineRuntime& runtime = evidence.machine.engines.emplace_back();
        runtime.engine = engine;
        runtime.installed = std::ranges::find(installed, engine) != installed.end();
    }
    return evidence;
}

const Candidate kChosenOnnx = candidate(BackendType::onnx, Engine::onnxruntime, CandidateStatus::chosen);

TEST(Recommend, WhereNothingWasMeasuredMeasuringIsNext) {
    const auto told = recommend(evidence_of({kChosenOnnx}, {"avx2"}, {Engine::onnxruntime}));
    EXPECT_EQ(told.command, "inference-models tune 'my model'");
    EXPECT_THAT(told.text, AllOf(HasSubstr("Use onnx in fp32 (package onnx-fp32, ONNX Runtime on cpu)"),
                                 HasSubstr("nothing tells yet how fast it is")));
}

TEST(Recommend, TheGoalIsMeasuredToo) {
    Evidence evidence = evidence_of({kChosenOnnx}, {"avx2"}, {Engine::onnxruntime});
    evidence.request.goal = Goal::throughput;
    EXPECT_EQ(recommend(evidence).command, "inference-models tune 'my model' --goal throughput");
}

TEST(Recommend, WhatWasMeasuredHereIsTold) {
    const auto told =
        recommend(evidence_of({candidate(BackendType::openvino, Engine::openvino, CandidateStatus::chosen, 20),
                               candidate(BackendType::onnx, Engine::onnxruntime, CandidateStatus::usable, 30)},
                              {"avx2"}, {Engine::onnxruntime, Engine::openvino}));
    EXPECT_THAT(told.text, HasSubstr("20.0 ms for an image, 1.50 times better than onnx, the next of the 2"));
    EXPECT_EQ(told.command, "inference-models predict 'my model' IMAGE");
}

TEST(Recommend, AnEngineThatCannotBeTriedIsToldFromAMachineLikeThisOneAndSaidSo) {
    const auto told =
        recommend(evidence_of({candidate(BackendType::onnx, Engine::onnxruntime, CandidateStatus::chosen, 50),
                               to_install(BackendType::openvino, Engine::openvino, "pip install openvino")},
                              {"avx2", "avx512_bf16", "amx_bf16"}, {Engine::onnxruntime}));
    EXPECT_THAT(
        told.text,
        AllOf(HasSubstr("OpenVINO is not installed: on a machine like this one, an Intel Xeon with AMX, it was "),
              HasSubstr("times as fast as ONNX Runtime"), HasSubstr("that was not measured here")));
    EXPECT_EQ(told.command, "pip install openvino");
}

TEST(Recommend, WhereNoMachineIsLikeThisOneNoNumberIsTold) {
    const auto told =
        recommend(evidence_of({candidate(BackendType::onnx, Engine::onnxruntime, CandidateStatus::chosen, 50),
                               to_install(BackendType::openvino, Engine::openvino, "pip install openvino")},
                              {"neon"}, {Engine::onnxruntime}));
    EXPECT_THAT(told.text, AllOf(HasSubstr("nothing was measured with it on a machine like this one"),
                                 Not(HasSubstr("times as fast"))));
    EXPECT_NE(told.command, "pip install openvino");
}

TEST(Recommend, ALowerPrecisionIsToldByItsFigureHereBeforeThatOfAnyOtherMachine) {
    Evidence evidence = evidence_of({candidate(BackendType::openvino, Engine::openvino, CandidateStatus::chosen, 20)},
                                    {"avx512_bf16"}, {Engine::openvino});
    evidence.lower = {candidate(BackendType::openvino, Engine::openvino, CandidateStatus::usable, 10, Precision::bf16)};
    EXPECT_THAT(
        recommend(evidence).text,
        AllOf(HasSubstr("Allowing bf16 (--precision bf16) would bring 10.0 ms for an image, 2.00 times as good"),
              HasSubstr("passes the gate of bf16"), Not(HasSubstr("a machine like this one"))));
    evidence.lower[0].figures->latency_ms = 19;
    EXPECT_THAT(recommend(evidence).text, HasSubstr("A lower precision would bring nothing here"));
    evidence.lower[0].figures->verdict = AgreementVerdict::falls_short;
    evidence.lower[0].figures->shortfall = "a box has an IoU of 0.5";
    EXPECT_THAT(recommend(evidence).text,
                AllOf(HasSubstr("falls short here: a box has an IoU of 0.5"), Not(HasSubstr("Allowing"))));
    evidence.lower[0].figures.reset();
    EXPECT_THAT(
        recommend(evidence).text,
        AllOf(HasSubstr("was not tried here: on a machine like this one, an AMD EPYC (Zen 5)"), HasSubstr("verify")));
}

TEST(Recommend, WhatFallsShortIsWarnedOf) {
    Candidate wrong = candidate(BackendType::torch, Engine::torch, CandidateStatus::usable, 5);
    wrong.figures->verdict = AgreementVerdict::falls_short;
    wrong.figures->shortfall = "1 of 3 objects is not found";
    const auto told = recommend(
        evidence_of({candidate(BackendType::onnx, Engine::onnxruntime, CandidateStatus::chosen, 50), wrong}, {}, {}));
    EXPECT_THAT(told.text, HasSubstr("Do not use torch in fp32 (package torch-script-fp32, PyTorch on cpu): 1 of 3"));
}

TEST(Recommend, WhereNothingRunsWhatIsToBeInstalledIsNearerThanWhatIsToBeConverted) {
    Candidate checkpoint;
    checkpoint.package_id = "best.pt";
    checkpoint.status = CandidateStatus::possible;
    checkpoint.remedy = "yolo export";
    const auto told = recommend(evidence_of(
        {checkpoint, to_install(BackendType::onnx, Engine::onnxruntime, "pip install onnxruntime")}, {}, {}));
    EXPECT_EQ(told.command, "pip install onnxruntime");
    EXPECT_THAT(told.text, HasSubstr("Nothing can run my-model here yet"));
    EXPECT_EQ(recommend(evidence_of({checkpoint}, {}, {})).command, "yolo export");
    EXPECT_EQ(recommend(evidence_of({}, {}, {})).command, "inference-models explain 'my model'");
}

TEST(Recommend, TheNextStepStandsApartFromTheParagraph) {
    const Recommendation told{.model_id = "a", .text = "Use it.", .command = "inference-models predict a IMAGE"};
    EXPECT_EQ(to_text(told), "Use it.\n\n    inference-models predict a IMAGE\n");
}

}  // namespace
}  // namespace inference_models::recommendation
