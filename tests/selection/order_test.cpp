// The order of candidates, and what holds for every ranking.
#include "selection/expectations.hpp"
#include "selection/machines.hpp"
#include "selection/selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
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

// --- The order of what decides ---------------------------------------------------------------------------------------

/// One thing that decides between two packages, if nothing before it does.
struct Step {
    std::string reason;
    void (*become)(formats::Package& package, bool better);
    std::string subject;  ///< steps about the same one exclude each other
};

FusedNms nms_of(std::int64_t max_detections) {
    return {max_detections, std::nullopt, std::nullopt, std::nullopt};
}

const Step kPrecision{"fp32 comes before fp16",
                      [](auto& p, bool better) { p.quantization = better ? Precision::fp32 : Precision::fp16; },
                      "precision"};
const Step kTrust{"its provider vouches for comes first", [](auto& p, bool better) { p.trusted_source = better; },
                  "trust"};
const Step kBatchKind{"a dynamic batch comes before a fixed one",
                      [](auto& p, bool better) { p.batch = better ? BatchRule{2, 3} : BatchRule{1, 1}; }, "batch"};
const Step kFixedBatch{"a smaller fixed batch comes first",
                       [](auto& p, bool better) { p.batch = better ? BatchRule{2, 2} : BatchRule{4, 4}; }, "batch"};

const std::vector<Step>& onnx_steps() {
    static const std::vector<Step> steps{
        kPrecision,
        kTrust,
        kBatchKind,
        kFixedBatch,
        {"a newer operator set comes first", [](auto& p, bool better) { p.onnx->opset = better ? 18 : 17; }, "opset"},
        {"excludes fewer of the execution providers here",
         [](auto& p, bool better) {
             // The first two are not there, so they do not count.
             p.onnx->incompatible_providers = {"X", "Y"};
             if (!better) p.onnx->incompatible_providers = {"CoreMLExecutionProvider"};
         },
         "providers"},
    };
    return steps;
}

const std::vector<Step>& engine_steps() {
    static const std::vector<Step> steps{
        kPrecision,
        kTrust,
        kBatchKind,
        kFixedBatch,
        {"an engine for one TensorRT version comes before",
         [](auto& p, bool better) { p.tensorrt->forward_compatible = !better; }, "forward compatible"},
        {"an engine for one kind of GPU comes before",
         [](auto& p, bool better) { p.tensorrt->same_compute_capability_compatible = !better; }, "GPU"},
        {"made on a GPU like this one",
         [](auto& p, bool better) { p.tensorrt->device_name = better ? "orin" : "orin-nx"; }, "GPU"},
        {"made with an older CUDA", [](auto& p, bool better) { p.tensorrt->cuda_version = better ? "9.8" : "12.6"; },
         "CUDA"},
        {"made by an older TensorRT",
         [](auto& p, bool better) { p.tensorrt->tensorrt_version = better ? "10.3.0" : "10.3.0.30"; }, "TensorRT"},
        {"a wider range of batch sizes",
         [](auto& p, bool better) { p.batch = better ? BatchRule{2, 8} : BatchRule{1, 6}; }, "batch"},
        {"nearer to nms_fusion_preferences",
         [](auto& p, bool better) { p.fused_nms = better ? nms_of(190) : nms_of(280); }, "NMS"},
        {"with its lean runtime", [](auto& p, bool better) { p.tensorrt->lean_runtime_excluded = !better; }, "lean"},
        {"made on this Jetson module",
         [](auto& p, bool better) {
             p.tensorrt->jetson_module = better ? "nvidia-jetson-orin-nano" : "nvidia-jetson-orin-n";
         },
         "module"},
        {"made on this operating system",
         [](auto& p, bool better) { p.tensorrt->os_version = better ? "ubuntu-22.04" : "ubuntu-2"; }, "OS"},
        {"this version of L4T",
         [](auto& p, bool better) { p.tensorrt->jetson_l4t_version = better ? "36.4.3" : "36.4.4"; }, "L4T"},
        {"this NVIDIA driver", [](auto& p, bool better) { p.tensorrt->driver_version = better ? "540.4.0" : "540.5"; },
         "driver"},
    };
    return steps;
}

formats::Package engine_of_this_jetson(const std::string& id) {
    formats::Package package = jetson_tensorrt_package("36.4.3");
    package.id = id;
    package.tensorrt->same_compute_capability_compatible = true;
    package.fused_nms = nms_of(200);
    return package;
}

/// For each pair of steps: what is better by the earlier one stands first, though its name and the later one are
/// against it.
void expect_order_of(const std::vector<Step>& steps, formats::Package (*make)(const std::string& id),
                     const RuntimeDescription& machine, const LoadOptions& request) {
    for (auto earlier = steps.begin(); earlier != steps.end(); ++earlier) {
        for (auto later = earlier; later != steps.end(); ++later) {
            if (later != earlier && later->subject == earlier->subject) continue;
            SCOPED_TRACE(earlier->reason + " / " + later->reason);
            formats::Package first = make("z");
            formats::Package second = make("a");
            later->become(first, false);
            later->become(second, true);
            earlier->become(first, true);
            earlier->become(second, false);
            const std::vector<Candidate> candidates =
                rank_candidates(listing_of({second, first}), machine, request, kFamilies);
            ASSERT_GE(candidates.size(), 2U);
            EXPECT_EQ(candidates[0].package_id, "z");
            EXPECT_EQ(candidates[0].status, chosen) << candidates[0].reason;
            EXPECT_EQ(candidates[1].package_id, "a");
            EXPECT_EQ(candidates[1].status, usable) << candidates[1].reason;
            EXPECT_THAT(candidates[1].reason, testing::HasSubstr(earlier->reason));
        }
    }
}

TEST(Order, OfPackagesForOnnxRuntimeIsDecidedStepByStep) {
    LoadOptions request;
    request.backends = {BackendType::onnx};
    request.allow_untrusted_packages = true;
    expect_order_of(onnx_steps(), [](const std::string& id) { return onnx_package(id); }, apple_like_arm64(), request);
}

TEST(Order, OfTensorRtEnginesIsDecidedStepByStep) {
    RuntimeDescription machine = jetson_orin();
    machine.os = "Ubuntu 22.04.5 LTS";
    machine.cuda.driver_version = "540.4.0";
    LoadOptions request;
    request.allow_untrusted_packages = true;
    request.nms_fusion_preferences.emplace().max_detections = AcceptedRange<std::int64_t>{100, 300};
    expect_order_of(engine_steps(), engine_of_this_jetson, machine, request);
}

TEST(Order, WhatAnEngineDoesNotStateIsNotWhatThisMachineHas) {
    RuntimeDescription machine = jetson_orin();
    machine.os.clear();
    formats::Package unstated = engine_of_this_jetson("a");
    unstated.tensorrt->cuda_version.clear();
    formats::Package stated = engine_of_this_jetson("b");
    const LoadOptions request = [] {
        LoadOptions any_nms;
        any_nms.nms_fusion_preferences.emplace();
        return any_nms;
    }();
    const std::vector<Candidate> candidates =
        rank_candidates(listing_of({unstated, stated}), machine, request, kFamilies);
    EXPECT_EQ(candidates[0].package_id, "b");
    EXPECT_THAT(candidates[1].reason, testing::HasSubstr("an older CUDA"));
    stated.tensorrt->cuda_version.clear();
    machine.gpus[0].name.clear();
    unstated.tensorrt->device_name.clear();
    unstated.tensorrt->os_version.clear();
    stated.tensorrt->os_version = "ubuntu-22.04";
    EXPECT_THAT(rank_candidates(listing_of({unstated, stated}), machine, request, kFamilies)[1].reason,
                testing::HasSubstr("go by their names"));
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
    std::vector<LoadOptions> requests(13);
    requests[1].backends = {BackendType::trt};
    requests[2].backends = {BackendType::onnx, BackendType::torch};
    requests[3].device = Device{DeviceKind::cuda, 3};
    requests[4].device = Device{DeviceKind::cpu, 0};
    requests[5].quantization = {Precision::int8};
    requests[6].batch_size = {8, 8};
    requests[7].model_package_id = "onnx-b";
    requests[8].onnx_execution_providers = {{"CUDAExecutionProvider", {{"device_id", "0"}}}};
    requests[9].allow_untrusted_packages = true;
    requests[9].nms_fusion_preferences = NmsFusionPreferences{};
    requests[10].allow_untrusted_packages = true;
    requests[10].nms_fusion_preferences.emplace().max_detections = AcceptedRange<std::int64_t>{100, 400};
    requests[11].required_model_features = {"nms_fused"};
    requests[11].nms_fusion_preferences = default_nms_fusion_preferences();
    requests[12].trt_engine_host_code_allowed = false;
    requests[12].batch_size = {1, 4};
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
            unknown_family,
            fused_package()};
}

/// Of few values, so that many of them are alike in many ways.
formats::Package random_package(std::mt19937& generator, const std::string& id) {
    const auto one_of = [&]<class Value>(std::initializer_list<Value> values) {
        return std::data(values)[std::uniform_int_distribution<std::size_t>(0, values.size() - 1)(generator)];
    };
    const auto flag = [&] { return one_of({false, true}); };
    formats::Package package = flag() ? onnx_package(id) : tensorrt_package(id);
    if (flag()) package.path.clear();  // it is not on this machine yet
    package.quantization = one_of({std::optional(Precision::fp32), std::optional(Precision::fp16), {}});
    package.trusted_source = flag();
    package.batch = one_of({BatchRule{1, 1}, BatchRule{4, 4}, BatchRule{1, 4}, BatchRule{1, 8}, BatchRule{1, {}}});
    if (flag()) {
        package.features["nms_fused"] = "{}";
        package.fused_nms = nms_of(one_of({std::int64_t{100}, std::int64_t{300}}));
    }
    if (package.onnx) {
        package.onnx->opset = one_of({std::int64_t{0}, std::int64_t{17}, std::int64_t{18}});
        if (flag()) package.onnx->incompatible_providers = {"CUDAExecutionProvider", "X"};
        return package;
    }
    TensorRtFacts& facts = *package.tensorrt;
    facts.tensorrt_version = one_of({"", "10", "10.9", "10.9.0.34", "10.3.0.30", "garbage"});
    facts.cuda_version = one_of({"", "12", "12.8", "11.8", "99999999999.1"});
    facts.driver_version = one_of({"", "570", "570.86.15"});
    facts.os_version = one_of({"", "ubuntu-22.04"});
    facts.device_name = one_of({"", "nvidia-l4", "orin"});
    facts.compute_capability = one_of({"", "8.9", "8.7"});
    facts.same_compute_capability_compatible = flag();
    facts.forward_compatible = flag();
    facts.lean_runtime_excluded = flag();
    if (flag()) facts.jetson_l4t_version = one_of({"", "36.4", "36.4.3"});
    facts.jetson_module = one_of({"", "nvidia-jetson-orin-nano"});
    return package;
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
        for (int i = 0; i < 40; ++i) packages.push_back(random_package(generator, "random-" + std::to_string(i)));
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
