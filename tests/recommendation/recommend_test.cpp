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
    EXPECT_THAT(told.text, AllOf(HasSubstr("OpenVINO is not installed (pip install openvino): on a machine like this "
                                           "one, an Intel Xeon with AMX, it was "),
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
                                    {"avx512_bf16", "avx_vnni"}, {Engine::openvino});
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

TEST(Recommend, WhatFallsShortIsNotSaidToBeUsed) {
    Candidate wrong = candidate(BackendType::onnx, Engine::onnxruntime, CandidateStatus::chosen, 5);
    wrong.figures->verdict = AgreementVerdict::falls_short;
    wrong.figures->shortfall = "1 of 3 objects is not found";
    Evidence evidence = evidence_of({wrong}, {"avx2"}, {Engine::onnxruntime});
    const auto alone = recommend(evidence);
    EXPECT_THAT(alone.text, AllOf(HasSubstr("Nothing that runs here as asked finds what the reference finds"),
                                  HasSubstr("which falls short: 1 of 3 objects is not found."),
                                  HasSubstr("See with images of yours how far it is off."), Not(HasSubstr("Use ")),
                                  Not(HasSubstr("Do not use")), Not(HasSubstr("nothing tells yet"))));
    EXPECT_EQ(alone.command, "inference-models verify 'my model' IMAGE");

    evidence.explanation.candidates.push_back(
        to_install(BackendType::openvino, Engine::openvino, "pip install openvino"));
    const auto more = recommend(evidence);
    EXPECT_THAT(more.text, AllOf(HasSubstr("and install what else is possible."), HasSubstr("(pip install openvino)")));
    EXPECT_EQ(more.command, "inference-models verify 'my model' IMAGE");

    evidence.lower = {candidate(BackendType::openvino, Engine::openvino, CandidateStatus::usable, 10, Precision::bf16)};
    EXPECT_THAT(recommend(evidence).text, HasSubstr("Allowing bf16 (--precision bf16) gives 10.0 ms for an image with "
                                                    "openvino, and what it finds here passes the gate of bf16."));
}

TEST(Recommend, WhereImagesProveNothingOthersAreNext) {
    Candidate unproven = candidate(BackendType::onnx, Engine::onnxruntime, CandidateStatus::chosen, 5);
    unproven.figures->verdict = AgreementVerdict::proves_nothing;
    const auto told = recommend(evidence_of({unproven}, {"avx2"}, {Engine::onnxruntime}));
    EXPECT_THAT(told.text, AllOf(HasSubstr("Use onnx in fp32"), HasSubstr("finds too little to prove anything"),
                                 HasSubstr("images that show objects of the model's classes"),
                                 Not(HasSubstr("nothing tells yet"))));
    EXPECT_EQ(told.command, "inference-models tune 'my model' IMAGE");
}

/// PyTorch in bf16 is compared with OpenVINO in bf16: 21.1 / 14.6 of the known figures, not 21.1 / 24.8.
TEST(Recommend, EnginesAreComparedInOnePrecision) {
    const auto told = recommend(
        evidence_of({candidate(BackendType::torch, Engine::torch, CandidateStatus::chosen, 20, Precision::bf16),
                     to_install(BackendType::openvino, Engine::openvino, "pip install openvino")},
                    {"avx2", "avx512_bf16", "avx_vnni"}, {Engine::torch}));
    EXPECT_THAT(told.text, HasSubstr("it was 1.93 times as fast as PyTorch, both in bf16"));
    EXPECT_EQ(told.command, "pip install openvino");
}

TEST(Recommend, OnlyMachinesWithAllInstructionsOfAKnownOneAreLikeIt) {
    const auto text_on = [](const std::vector<std::string>& instruction_sets) {
        return recommend(evidence_of({candidate(BackendType::onnx, Engine::onnxruntime, CandidateStatus::chosen, 50),
                                      to_install(BackendType::openvino, Engine::openvino, "pip install openvino")},
                                     instruction_sets, {Engine::onnxruntime}))
            .text;
    };
    EXPECT_THAT(text_on({"avx2", "avx512_bf16", "avx_vnni"}), HasSubstr("like this one, an AMD EPYC (Zen 5)"));
    EXPECT_THAT(text_on({"avx2", "avx512_bf16", "avx_vnni", "amx_bf16"}), HasSubstr("an Intel Xeon with AMX"));
    EXPECT_THAT(text_on({"avx2", "avx512_bf16"}), HasSubstr("nothing was measured")) << "Zen 4, Cooper Lake";
    EXPECT_THAT(text_on({"avx2", "avx_vnni"}), HasSubstr("nothing was measured")) << "Alder Lake";
}

TEST(Recommend, CommandsMeanTheSameRequest) {
    Evidence evidence = evidence_of({kChosenOnnx}, {"avx2"}, {Engine::onnxruntime});
    evidence.request.backends = {BackendType::openvino, BackendType::onnx};
    evidence.request.threads = 1;
    EXPECT_EQ(recommend(evidence).command, "inference-models tune 'my model' --backend openvino,onnx --threads 1");

    LoadOptions& all = evidence.request;
    all.model_package_id = "it's mine";
    all.quantization = {Precision::fp32, Precision::int8};
    all.precision = RequestedPrecision::bf16;
    all.goal = Goal::memory;
    all.device = Device{DeviceKind::cuda, 1};
    all.batch_size = {.min = 1, .max = 16};
    all.image_size = ImageSize{.width = 640, .height = 480};
    all.rect = true;
    all.onnx_execution_providers = {{"CUDAExecutionProvider", {{"a", "x"}, {"device_id", "0"}}},
                                    {"CPUExecutionProvider", {}}};
    all.weights_provider = "local";
    const std::string options =
        " --backend openvino,onnx --model-package-id 'it'\\''s mine' --quantization fp32,int8 --precision bf16"
        " --goal memory --device cuda:1 --batch-size 1:16 --image-size 480x640 --rect"
        " --onnx-execution-providers 'CUDAExecutionProvider:a=x;device_id=0,CPUExecutionProvider' --threads 1"
        " --weights-provider local";
    EXPECT_EQ(recommend(evidence).command, "inference-models tune 'my model'" + options);
    evidence.explanation.candidates[0].figures.emplace().verdict = AgreementVerdict::passes;
    evidence.explanation.candidates[0].figures->memory_mib = 100;
    EXPECT_EQ(recommend(evidence).command, "inference-models predict 'my model' IMAGE" + options);
    evidence.explanation.candidates[0].figures->verdict = AgreementVerdict::falls_short;
    EXPECT_EQ(recommend(evidence).command, "inference-models verify 'my model' IMAGE" + options);
    evidence.explanation.candidates.clear();
    EXPECT_EQ(recommend(evidence).command, "inference-models explain 'my model'" + options);
    all.batch_size = {.min = 8, .max = 8};
    EXPECT_THAT(recommend(evidence).command, HasSubstr("--batch-size 8 "));
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
