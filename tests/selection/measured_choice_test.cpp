// The choice where candidates have been measured.
#include "selection/expectations.hpp"
#include "selection/machines.hpp"
#include "selection/selection.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace inference_models::selection {
namespace {

using testing::HasSubstr;

constexpr const char* kOpenVino = "onnx-fp32 openvino cpu";
constexpr const char* kTorch = "torchscript-fp32 torch cpu";
constexpr const char* kOnnxRuntime = "onnx-fp32 onnxruntime cpu";
constexpr std::chrono::system_clock::time_point kLater{std::chrono::hours(1)};

Figures measured(const std::string& package_id, Engine engine, double latency_ms) {
    Figures figures;
    figures.package_id = package_id;
    figures.engine = engine;
    figures.verdict = AgreementVerdict::passes;
    figures.latency_ms = latency_ms;
    figures.startup_ms = 300;
    figures.memory_mib = 90;
    return figures;
}

Figures wrong(Figures figures) {
    figures.verdict = AgreementVerdict::falls_short;
    figures.shortfall = "3 of 5 objects have no match";
    return figures;
}

Figures unproven(Figures figures) {
    figures.verdict = AgreementVerdict::proves_nothing;
    return figures;
}

/// In the order OpenVINO, PyTorch, ONNX Runtime.
class MeasuredChoice : public testing::Test {
protected:
    [[nodiscard]] std::vector<Candidate> ranked() const {
        return rank_candidates(listing_of(packages_), machine_, request_, kFamilies, figures_);
    }

    [[nodiscard]] std::vector<std::string> usable_places() const {
        std::vector<std::string> result;
        for (const Candidate& each : ranked()) {
            if (each.status == chosen || each.status == usable) result.push_back(where(each));
        }
        return result;
    }

    /// The end of what is said of a candidate, behind what it is.
    [[nodiscard]] std::string words_of(const std::string& place) const {
        for (const Candidate& each : ranked()) {
            if (where(each) == place) return each.reason.substr(each.reason.find("; ") + 2);
        }
        return "no such candidate";
    }

    RuntimeDescription machine_ = cpu_server_with_openvino_too();
    std::vector<formats::Package> packages_{onnx_package(), torch_script_package()};
    LoadOptions request_;
    Figures openvino_ = measured("onnx-fp32", Engine::openvino, 25.4);
    Figures torch_ = measured("torchscript-fp32", Engine::torch, 30);
    Figures onnxruntime_ = measured("onnx-fp32", Engine::onnxruntime, 24.2);
    std::vector<Figures> figures_;
};

using Places = std::vector<std::string>;

TEST_F(MeasuredChoice, WithoutFiguresTheOrderHolds) {
    EXPECT_EQ(usable_places(), (Places{kOpenVino, kTorch, kOnnxRuntime}));
    EXPECT_EQ(words_of(kOpenVino),
              "first of the order TensorRT > OpenVINO > PyTorch > Hugging Face > ONNX that can "
              "run here");
    EXPECT_FALSE(ranked()[0].figures.has_value());
}

TEST_F(MeasuredChoice, TheLeastLatencyIsChosenAndToldWithTheOthers) {
    figures_ = {openvino_, torch_, onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOnnxRuntime, kOpenVino, kTorch}));
    EXPECT_EQ(ranked()[0].status, chosen);
    EXPECT_EQ(ranked()[1].status, usable);
    EXPECT_EQ(ranked()[0].figures.value().latency_ms, 24.2);
    EXPECT_EQ(words_of(kOnnxRuntime),
              "the least latency of 3 that were measured here and agree with the reference: 24.2 ms");
    EXPECT_EQ(words_of(kOpenVino), "behind the chosen one: 25.4 ms, 1.05 times the chosen one's");
}

TEST_F(MeasuredChoice, EachGoalHasItsOwnBest) {
    openvino_.images_per_second = 80.25;
    torch_.images_per_second = 120;
    onnxruntime_.images_per_second = 60;
    torch_.memory_mib = 400;
    openvino_.memory_mib = 70;
    openvino_.startup_ms = 900;
    torch_.startup_ms = 150.4;
    figures_ = {openvino_, torch_, onnxruntime_};

    request_.goal = Goal::throughput;
    EXPECT_EQ(usable_places(), (Places{kTorch, kOpenVino, kOnnxRuntime}));
    EXPECT_THAT(words_of(kTorch), HasSubstr("the most images per second of 3 that were measured here and agree with "
                                            "the reference: 120 images per second"));
    EXPECT_THAT(words_of(kOnnxRuntime), HasSubstr("60.0 images per second, 0.50 times the chosen one's"));
    request_.goal = Goal::memory;
    EXPECT_EQ(usable_places(), (Places{kOpenVino, kOnnxRuntime, kTorch}));
    EXPECT_THAT(words_of(kOpenVino), HasSubstr("the least memory of 3 that were measured here and agree with the "
                                               "reference: 70.0 MiB"));
    request_.goal = Goal::startup;
    EXPECT_EQ(usable_places(), (Places{kTorch, kOnnxRuntime, kOpenVino}));
    EXPECT_THAT(words_of(kTorch), HasSubstr("the soonest first prediction of 3 that were measured here and agree with "
                                            "the reference: 150 ms"));
}

TEST_F(MeasuredChoice, WhatWasNotMeasuredForTheGoalTakesNoPart) {
    openvino_.images_per_second = 80;
    torch_.images_per_second = 70;
    figures_ = {openvino_, torch_, onnxruntime_};
    request_.goal = Goal::throughput;
    EXPECT_EQ(usable_places(), (Places{kOpenVino, kTorch, kOnnxRuntime}));
    EXPECT_THAT(words_of(kOpenVino), HasSubstr("of 2 that were measured here"));
    EXPECT_EQ(words_of(kOnnxRuntime),
              "behind the chosen one: for throughput not measured here: `inference-models tune MODEL --goal "
              "throughput` does it");

    openvino_.images_per_second.reset();
    figures_ = {openvino_, torch_, onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOpenVino, kTorch, kOnnxRuntime}));
    EXPECT_THAT(words_of(kOpenVino), HasSubstr("that can run here; for throughput not measured here"));

    openvino_.memory_mib = 0;
    figures_ = {openvino_, torch_};
    request_.goal = Goal::memory;
    EXPECT_THAT(words_of(kOpenVino), HasSubstr("for memory not measured here: `inference-models tune MODEL` does it"));
}

TEST_F(MeasuredChoice, OnlyWhatWasMeasuredInOneRunIsCompared) {
    onnxruntime_.latency_ms = 1;
    onnxruntime_.measured_at = kLater;
    figures_ = {openvino_, torch_, onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOpenVino, kTorch, kOnnxRuntime}));
    EXPECT_THAT(words_of(kOpenVino), HasSubstr("the least latency of 2 that were measured here"));
    EXPECT_EQ(words_of(kOnnxRuntime),
              "behind the chosen one: measured here in another run than the first of the order: `inference-models tune "
              "MODEL` measures all at once; measured here: 1.00 ms");

    openvino_.measured_at = kLater;
    figures_ = {openvino_, torch_, onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOnnxRuntime, kOpenVino, kTorch}));

    request_.goal = Goal::throughput;
    openvino_.images_per_second = torch_.images_per_second = 80;
    figures_ = {openvino_, torch_, onnxruntime_};
    EXPECT_THAT(words_of(kTorch), HasSubstr("`inference-models tune MODEL --goal throughput` measures all at once"));
}

TEST_F(MeasuredChoice, WhatFallsShortInAnotherRunIsOut) {
    torch_.measured_at = kLater;
    figures_ = {openvino_, wrong(torch_), onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOnnxRuntime, kOpenVino, kTorch}));
}

TEST_F(MeasuredChoice, WhereTheOrdersFirstFallsShortTheRunIsThatOfTheNextThatAgrees) {
    torch_.measured_at = onnxruntime_.measured_at = kLater;
    figures_ = {wrong(openvino_), torch_, onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOnnxRuntime, kTorch, kOpenVino}));
    EXPECT_THAT(words_of(kOnnxRuntime), HasSubstr("the least latency of 2 that were measured here"));
}

TEST_F(MeasuredChoice, WrongButFastIsNeverChosen) {
    torch_.latency_ms = 1;
    figures_ = {openvino_, wrong(torch_), onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOnnxRuntime, kOpenVino, kTorch}));
    EXPECT_EQ(words_of(kTorch), "behind the chosen one: measured here: falls short: 3 of 5 objects have no match");
    EXPECT_THAT(words_of(kOnnxRuntime), HasSubstr("the least latency of 2 that"));
}

TEST_F(MeasuredChoice, TheOrdersFirstIsNotChosenWhereItFallsShort) {
    openvino_.latency_ms = 1;
    figures_ = {wrong(openvino_), torch_, onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOnnxRuntime, kTorch, kOpenVino}));

    figures_ = {wrong(openvino_)};
    EXPECT_EQ(usable_places(), (Places{kTorch, kOnnxRuntime, kOpenVino}));
    EXPECT_THAT(words_of(kTorch), HasSubstr("that can run here, after others that fall short; not measured here: "
                                            "`inference-models tune MODEL` does it"));

    figures_ = {wrong(openvino_), torch_};
    EXPECT_EQ(usable_places(), (Places{kTorch, kOnnxRuntime, kOpenVino}));
    EXPECT_EQ(words_of(kTorch), "the only one that was measured here and agrees with the reference: 30.0 ms");
}

TEST_F(MeasuredChoice, WhereAllFallShortTheOrderHoldsAndItIsTold) {
    figures_ = {wrong(openvino_), wrong(torch_), wrong(onnxruntime_)};
    EXPECT_EQ(usable_places(), (Places{kOpenVino, kTorch, kOnnxRuntime}));
    EXPECT_THAT(words_of(kOpenVino), HasSubstr("measured here: falls short: 3 of 5 objects have no match; so does all "
                                               "else that runs here"));
}

TEST_F(MeasuredChoice, WhatTheOrderPutsFirstStaysFirstUntilItIsMeasured) {
    figures_ = {torch_, onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOpenVino, kTorch, kOnnxRuntime}));
    EXPECT_THAT(words_of(kOpenVino),
                HasSubstr("that can run here; not measured here: `inference-models tune MODEL` does it"));
    EXPECT_THAT(words_of(kOnnxRuntime), HasSubstr("behind the chosen one: later in the order"));
    EXPECT_THAT(words_of(kOnnxRuntime), HasSubstr("; measured here: 24.2 ms"));

    figures_ = {wrong(torch_), onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOpenVino, kOnnxRuntime, kTorch}));
}

TEST_F(MeasuredChoice, WhatProvesNothingDoesNotWinAndIsNotOut) {
    torch_.latency_ms = 1;
    figures_ = {openvino_, unproven(torch_), onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOnnxRuntime, kOpenVino, kTorch}));
    EXPECT_THAT(words_of(kTorch), HasSubstr("measured here, but the images prove nothing of what it finds"));

    figures_ = {unproven(openvino_), unproven(torch_), onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kOpenVino, kTorch, kOnnxRuntime}));
    EXPECT_THAT(words_of(kOpenVino), HasSubstr("measured here, but the images prove nothing of what it finds"));
}

/// A package in fp32, and a faster one that is stored in another precision, both in OpenVINO.
class MeasuredPrecision : public MeasuredChoice {
protected:
    MeasuredPrecision() {
        machine_.cpu.instruction_sets = {"avx2", "avx512_bf16", "amx_bf16", "avx512_fp16", "amx_fp16"};
        request_.backends = {BackendType::openvino};
    }

    [[nodiscard]] std::string chosen_with(Precision stored, std::optional<RequestedPrecision> asked,
                                          std::vector<Precision> quantization = {}) {
        formats::Package fast = onnx_package("b-fast");
        fast.quantization = stored;
        packages_ = {onnx_package("a-fp32"), fast};
        return chosen_of_these(asked, std::move(quantization));
    }

    /// Of the packages there are; `b-fast` is the fastest.
    [[nodiscard]] std::string chosen_of_these(std::optional<RequestedPrecision> asked,
                                              std::vector<Precision> quantization = {}) {
        request_.precision = asked;
        request_.quantization = std::move(quantization);
        figures_.clear();
        for (const Candidate& each : ranked()) {
            if (each.status != chosen && each.status != usable) continue;
            Figures figures = measured(each.package_id, each.engine.value(), each.package_id == "b-fast" ? 1 : 30);
            figures.precision = each.precision.value();
            figures_.push_back(figures);
        }
        EXPECT_EQ(figures_.size(), packages_.size());
        return ranked().front().package_id;
    }
};

TEST_F(MeasuredPrecision, IsNotLoweredUnasked) {
    EXPECT_EQ(chosen_with(Precision::fp32, {}), "b-fast");
    EXPECT_EQ(chosen_with(Precision::fp16, {}), "a-fp32");
    EXPECT_EQ(chosen_with(Precision::bf16, {}), "a-fp32");
    EXPECT_EQ(chosen_with(Precision::fp16, {}, {Precision::fp32, Precision::fp16}), "a-fp32");
    EXPECT_EQ(words_of("b-fast openvino cpu"),
              "behind the chosen one: a lower precision is taken only when asked for; measured here: 1.00 ms");
}

TEST_F(MeasuredPrecision, Bf16IsLowerThanFp16) {
    packages_ = {onnx_package("a-fp16"), onnx_package("b-fast")};
    packages_[0].quantization = Precision::fp16;
    packages_[1].quantization = Precision::bf16;
    EXPECT_EQ(chosen_of_these({}), "a-fp16");
    EXPECT_THAT(words_of("b-fast openvino cpu"), HasSubstr("a lower precision is taken only when asked for"));
    packages_[1].quantization = Precision::fp16;
    EXPECT_EQ(chosen_of_these({}), "b-fast");
}

TEST_F(MeasuredPrecision, WhatIsComputedAsAskedIsNotStoredLower) {
    EXPECT_EQ(chosen_with(Precision::fp16, RequestedPrecision::fp32), "a-fp32");
    EXPECT_EQ(words_of("b-fast openvino cpu"),
              "behind the chosen one: a lower precision is taken only when asked for; measured here: 1.00 ms");
    EXPECT_EQ(chosen_with(Precision::fp16, RequestedPrecision::fp16), "b-fast");
    EXPECT_EQ(chosen_with(Precision::bf16, RequestedPrecision::bf16), "b-fast");
}

TEST_F(MeasuredPrecision, QuantizationAllowsWhatIsStoredLower) {
    EXPECT_EQ(chosen_with(Precision::fp16, RequestedPrecision::fp32, {Precision::fp32, Precision::fp16}), "b-fast");
}

TEST_F(MeasuredPrecision, FastestAllowsAll) {
    EXPECT_EQ(chosen_with(Precision::bf16, RequestedPrecision::fastest), "b-fast");
    EXPECT_EQ(chosen_with(Precision::fp16, RequestedPrecision::fastest), "b-fast");
}

TEST_F(MeasuredPrecision, WhereNothingIsStoredAsHighAsAskedFiguresDecideAllTheSame) {
    packages_ = {onnx_package("a-fp16"), onnx_package("b-fast")};
    for (formats::Package& package : packages_) package.quantization = Precision::fp16;
    EXPECT_EQ(chosen_of_these(RequestedPrecision::fp32), "b-fast");
}

TEST_F(MeasuredChoice, FiguresOfAnotherPrecisionAreNotThoseOfTheCandidate) {
    openvino_.precision = Precision::bf16;
    figures_ = {openvino_, onnxruntime_};
    EXPECT_EQ(usable_places()[0], kOpenVino);
    EXPECT_FALSE(ranked()[0].figures.has_value());
}

TEST_F(MeasuredChoice, FiguresOfAnotherDeviceOrPackageAreNotThoseOfTheCandidate) {
    openvino_.device = {DeviceKind::cuda, 0};
    torch_.package_id = "another";
    figures_ = {openvino_, torch_};
    for (const Candidate& each : ranked()) EXPECT_FALSE(each.figures.has_value()) << where(each);
    EXPECT_EQ(words_of(kOpenVino),
              "first of the order TensorRT > OpenVINO > PyTorch > Hugging Face > ONNX that can "
              "run here");
}

TEST_F(MeasuredChoice, AnAskedOrderOfBackendsComesFirst) {
    request_.backends = {BackendType::torch, BackendType::onnx};
    figures_ = {openvino_, torch_, onnxruntime_};
    EXPECT_EQ(usable_places(), (Places{kTorch, kOnnxRuntime}));
    EXPECT_EQ(words_of(kTorch), "the only one that was measured here and agrees with the reference: 30.0 ms");
    EXPECT_EQ(words_of(kOnnxRuntime), "behind the chosen one: the asked order comes first; measured here: 24.2 ms");
}

TEST_F(MeasuredChoice, WithinTheFirstAskedBackendFiguresDecide) {
    packages_ = {onnx_package("a"), onnx_package("b")};
    request_.backends = {BackendType::onnx, BackendType::torch};
    figures_ = {measured("a", Engine::onnxruntime, 30), measured("b", Engine::onnxruntime, 20)};
    EXPECT_EQ(usable_places(), (Places{"b onnxruntime cpu", "a onnxruntime cpu"}));
}

TEST_F(MeasuredChoice, OneThatCouldNotBeLoadedFallsShort) {
    openvino_ = wrong(openvino_);
    openvino_.latency_ms = 0;
    openvino_.shortfall = "the engine refused the network";
    figures_ = {openvino_, torch_, onnxruntime_};
    EXPECT_EQ(usable_places()[0], kOnnxRuntime);
    EXPECT_THAT(words_of(kOpenVino), HasSubstr("falls short: the engine refused the network"));
}

TEST_F(MeasuredChoice, EqualFiguresGoByTheOrder) {
    onnxruntime_.latency_ms = openvino_.latency_ms;
    figures_ = {onnxruntime_, openvino_};
    EXPECT_EQ(usable_places(), (Places{kOpenVino, kOnnxRuntime, kTorch}));
}

}  // namespace
}  // namespace inference_models::selection
