// The order of candidates, and what holds for every ranking.
#include "selection/expectations.hpp"
#include "selection/machines.hpp"
#include "selection/selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace inference_models::selection {
namespace {

std::vector<std::string> package_order(const std::vector<formats::Package>& packages) {
    LoadOptions request;
    request.backends = {BackendType::onnx};
    request.quantization = {Precision::fp32, Precision::fp16, Precision::int8};
    std::vector<std::string> order;
    for (const Candidate& candidate :
         rank_candidates(listing_of(packages), laptop_with_onnxruntime(), request, kFamilies)) {
        if (candidate.status == chosen || candidate.status == usable) order.push_back(candidate.package_id);
    }
    return order;
}

formats::Package stored_in(const std::string& id, std::optional<Precision> precision) {
    formats::Package package = onnx_package(id);
    package.quantization = precision;
    return package;
}

formats::Package taking(const std::string& id, BatchRule batch) {
    formats::Package package = onnx_package(id);
    package.batch = batch;
    return package;
}

formats::Package with_opset(const std::string& id, std::int64_t opset) {
    formats::Package package = onnx_package(id);
    package.onnx->opset = opset;
    return package;
}

TEST(Order, Fp32BeforeFp16BeforeUnknownBeforeInt8) {
    EXPECT_EQ(package_order({stored_in("a", Precision::int8), stored_in("b", std::nullopt),
                             stored_in("c", Precision::fp16), stored_in("d", Precision::fp32)}),
              (std::vector<std::string>{"d", "c", "b", "a"}));
}

TEST(Order, DynamicBatchBeforeFixedAndSmallerFixedFirst) {
    EXPECT_EQ(package_order({taking("a", {8, 8}), taking("b", {1, 1}), taking("c", {1, std::nullopt})}),
              (std::vector<std::string>{"c", "b", "a"}));
}

TEST(Order, NewerOperatorSetFirst) {
    EXPECT_EQ(package_order({with_opset("a", 13), with_opset("b", 20), with_opset("c", 17)}),
              (std::vector<std::string>{"b", "c", "a"}));
}

TEST(Order, PrecisionDecidesBeforeBatchAndBatchBeforeOperatorSet) {
    formats::Package fp16 = taking("a", {1, std::nullopt});
    fp16.quantization = Precision::fp16;
    formats::Package newest = taking("b", {1, 1});
    newest.onnx->opset = 20;
    EXPECT_EQ(package_order({fp16, newest, taking("c", {1, std::nullopt})}), (std::vector<std::string>{"c", "b", "a"}));
}

TEST(Order, TheReasonNamesWhatDecided) {
    LoadOptions request;
    request.backends = {BackendType::onnx};
    const auto reason_of_second = [&](std::vector<formats::Package> packages) {
        return rank_candidates(listing_of(std::move(packages)), laptop_with_onnxruntime(), request, kFamilies)[1]
            .reason;
    };
    EXPECT_THAT(reason_of_second({onnx_package("a"), stored_in("b", Precision::fp16)}),
                testing::HasSubstr("fp32 comes before fp16"));
    EXPECT_THAT(reason_of_second({onnx_package("a"), taking("b", {1, std::nullopt})}),
                testing::HasSubstr("a dynamic batch comes before a fixed one"));
    EXPECT_THAT(reason_of_second({onnx_package("a"), taking("b", {4, 4})}),
                testing::HasSubstr("a smaller fixed batch comes first"));
    EXPECT_THAT(reason_of_second({onnx_package("a"), with_opset("b", 20)}),
                testing::HasSubstr("a newer operator set comes first"));
    EXPECT_THAT(reason_of_second({onnx_package("a"), onnx_package("b")}),
                testing::HasSubstr("packages that are alike go by their names"));
}

// --- What holds for every machine and every request ------------------------------------------------------------------

std::vector<RuntimeDescription> every_machine() {
    RuntimeDescription unknown_versions = cuda_server();
    for (EngineRuntime& runtime : unknown_versions.engines) runtime.version.clear();
    unknown_versions.cuda.driver_cuda_version.clear();
    unknown_versions.cuda.driver_version = "unknown";
    unknown_versions.gpus[0] = {};
    return {machine_with_nothing(),
            laptop_with_onnxruntime(),
            cpu_server_with_onnxruntime_and_torch(),
            cuda_server(),
            cuda_server_with_old_driver(),
            cpu_server_with_openvino_too(),
            jetson_orin(),
            build_without_openvino_adapter(),
            torch_with_compiler(),
            torch_without_compiler(),
            apple_like_arm64(),
            arm_board(),
            unknown_versions};
}

std::vector<LoadOptions> every_request() {
    std::vector<LoadOptions> requests(9);
    requests[1].backends = {BackendType::trt};
    requests[2].backends = {BackendType::onnx, BackendType::torch};
    requests[3].device = Device{DeviceKind::cuda, 3};
    requests[4].device = Device{DeviceKind::cpu, 0};
    requests[5].quantization = {Precision::int8};
    requests[6].batch_size = {8, 8};
    requests[7].model_package_id = "onnx-b";
    requests[8].onnx_execution_providers = {{"CUDAExecutionProvider", {{"device_id", "0"}}}};
    return requests;
}

std::vector<formats::Package> every_package() {
    formats::Package unstated = tensorrt_package("trt-unstated");
    unstated.tensorrt = TensorRtFacts{};
    formats::Package hugging_face = torch_script_package("hugging-face");
    hugging_face.format = PackageFormat::hugging_face;
    hugging_face.torch_script.reset();
    hugging_face.batch = {1, std::nullopt};
    formats::Package unknown_family = onnx_package("unknown-family");
    unknown_family.architecture.clear();
    return {onnx_package("onnx-d"),
            onnx_package("onnx-b"),
            onnx_package("onnx-a"),
            onnx_package("onnx-c"),
            torch_script_package(),
            tensorrt_package(),
            jetson_tensorrt_package("36.4"),
            unstated,
            stored_in("int8", Precision::int8),
            ultralytics_checkpoint(),
            broken_package(),
            hugging_face,
            unknown_family};
}

template <class Check>
void for_every_ranking(Check check) {
    int machine_number = 0;
    for (const RuntimeDescription& machine : every_machine()) {
        int request_number = 0;
        for (const LoadOptions& request : every_request()) {
            SCOPED_TRACE("machine " + std::to_string(machine_number) + ", request " + std::to_string(request_number++));
            check(machine, request);
        }
        ++machine_number;
    }
}

TEST(EveryRanking, IsTheSameHoweverTheListingIsOrdered) {
    std::mt19937 generator(20260101);
    for_every_ranking([&](const RuntimeDescription& machine, const LoadOptions& request) {
        std::vector<formats::Package> packages = every_package();
        const auto text_of = [&] {
            return to_json(
                {"m", "local", "/m", rank_candidates(listing_of(packages), machine, request, kFamilies), {}});
        };
        const std::string first = text_of();
        for (int shuffle = 0; shuffle < 5; ++shuffle) {
            std::ranges::shuffle(packages, generator);
            ASSERT_EQ(text_of(), first);
        }
    });
}

TEST(EveryRanking, HasOneChosenCandidateInFrontIfAnyRuns) {
    for_every_ranking([](const RuntimeDescription& machine, const LoadOptions& request) {
        const std::vector<Candidate> candidates =
            rank_candidates(listing_of(every_package()), machine, request, kFamilies);
        EXPECT_TRUE(std::ranges::is_sorted(candidates, {}, &Candidate::status));
        const auto number_of = [&](CandidateStatus status) {
            return std::ranges::count(candidates, status, &Candidate::status);
        };
        EXPECT_LE(number_of(chosen), 1);
        EXPECT_FALSE(number_of(chosen) == 0 && number_of(usable) > 0);
    });
}

TEST(EveryRanking, GivesEachCandidateItsReasonAndThePossibleOnesARemedy) {
    for_every_ranking([](const RuntimeDescription& machine, const LoadOptions& request) {
        for (const Candidate& candidate : rank_candidates(listing_of(every_package()), machine, request, kFamilies)) {
            SCOPED_TRACE(where(candidate));
            EXPECT_NE(candidate.reason, "");
            EXPECT_THAT(candidate.reason, testing::Not(testing::HasSubstr("\n")));
            if (candidate.status == rejected) continue;
            EXPECT_EQ(candidate.remedy.empty(), candidate.status != possible) << candidate.remedy;
        }
    });
}

TEST(EveryRanking, NamesEveryPackage) {
    for_every_ranking([](const RuntimeDescription& machine, const LoadOptions& request) {
        const std::vector<Candidate> candidates =
            rank_candidates(listing_of(every_package()), machine, request, kFamilies);
        for (const formats::Package& package : every_package()) {
            EXPECT_NE(std::ranges::find(candidates, package.id, &Candidate::package_id), candidates.end())
                << package.id;
        }
    });
}

// --- Defects of another implementation of this selection that must not come back -------------------------------------

TEST(Regression, ARecentOnnxRuntimeRunsRecentOperatorSets) {
    const std::vector<Candidate> candidates =
        rank_candidates(listing_of({with_opset("onnx", 20)}), laptop_with_onnxruntime(), {}, kFamilies);
    EXPECT_EQ(candidates[0].status, chosen);
}

TEST(Regression, AnExecutionProviderWithOptionsIsStillThatProvider) {
    LoadOptions request;
    request.onnx_execution_providers = {{"CUDAExecutionProvider", {{"device_id", "0"}}}, {"CPUExecutionProvider", {}}};
    const std::vector<Candidate> candidates =
        rank_candidates(listing_of({onnx_package()}), cuda_server(), request, kFamilies);
    EXPECT_EQ(candidates[0].status, chosen);
    EXPECT_EQ(candidates[0].device, (Device{DeviceKind::cuda, 0}));
}

TEST(Regression, ABatchSizeIsComparedWithAPackageThatStatesNoLargest) {
    LoadOptions request;
    request.batch_size = {16, 16};
    EXPECT_EQ(
        rank_candidates(listing_of({taking("a", {1, std::nullopt})}), laptop_with_onnxruntime(), request, kFamilies)[0]
            .status,
        chosen);
}

}  // namespace
}  // namespace inference_models::selection
