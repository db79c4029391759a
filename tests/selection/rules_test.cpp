// One rule at a time: what is asked for, what a package needs, what an installation has.
#include "selection/expectations.hpp"
#include "selection/machines.hpp"
#include "selection/selection.hpp"

#include <gtest/gtest.h>

namespace inference_models::selection {
namespace {

std::vector<Candidate> rank(const RuntimeDescription& machine, std::vector<formats::Package> packages,
                            const LoadOptions& request = {}) {
    return rank_candidates(listing_of(std::move(packages)), machine, request, kFamilies);
}

LoadOptions only_onnx() {
    LoadOptions request;
    request.backends = {BackendType::onnx};
    return request;
}

// --- What is asked for -----------------------------------------------------------------------------------------------

TEST(AskedPackage, OthersAreRejectedAndNameThemselves) {
    LoadOptions request = only_onnx();
    request.model_package_id = "b";
    expect_ranking(
        rank(laptop_with_onnxruntime(), {onnx_package("a"), onnx_package("b")}, request),
        {{chosen, "b onnxruntime cpu", "backend=onnx as asked"},
         {rejected, "a onnxruntime cpu", "model_package_id=b was asked for", "use model_package_id=a, which runs here"},
         {rejected, "a openvino cpu", "model_package_id=b was asked for",
          "use model_package_id=a; use backend=openvino; pip install openvino"},
         {rejected, "b openvino cpu", "backend=onnx was asked for", "use backend=openvino; pip install openvino"}});
}

TEST(AskedBackend, IsAnOrderAndNothingElseIsTaken) {
    LoadOptions request;
    request.backends = {BackendType::trt};
    expect_ranking(
        rank(cuda_server(), {torch_script_package(), tensorrt_package()}, request),
        {{chosen, "trt-fp16 tensorrt cuda:0", "tensorrt 10.9.0.34 on cuda:0; backend=trt as asked"},
         {rejected, "torchscript-fp32 torch cuda:0", "backend=trt was asked for", "use backend=torch, which runs here"},
         {rejected, "torchscript-fp32 torch cpu", "backend=trt was asked for", "use backend=torch, which runs here"}});
    expect_ranking(
        rank(laptop_with_onnxruntime(), {onnx_package(), tensorrt_package()}, request),
        {{rejected, "trt-fp16 tensorrt cuda:0", "needs an NVIDIA GPU, this machine has none"},
         {rejected, "onnx-fp32 onnxruntime cpu", "backend=trt was asked for", "use backend=onnx, which runs here"},
         {rejected, "onnx-fp32 openvino cpu", "backend=trt was asked for",
          "use backend=openvino; pip install openvino"}});
}

TEST(AskedBackend, SeveralAreTakenInTheirOrderEvenBeforeAGpu) {
    RuntimeDescription machine = cuda_server();
    install_openvino(machine);
    LoadOptions request;
    request.backends = {BackendType::openvino, BackendType::onnx, BackendType::torch};
    expect_ranking(
        rank(machine, {onnx_package(), torch_script_package()}, request),
        {{chosen, "onnx-fp32 openvino cpu", "first of the asked order openvino,onnx,torch that can run here"},
         {usable, "onnx-fp32 onnxruntime cuda:0", "later in the asked order openvino,onnx,torch"},
         {usable, "onnx-fp32 onnxruntime cpu", "later in the asked order"},
         {usable, "torchscript-fp32 torch cuda:0", "later in the asked order"},
         {usable, "torchscript-fp32 torch cpu", "later in the asked order"}});
}

TEST(AskedDevice, IsTheOnlyOne) {
    LoadOptions request;
    request.device = Device{DeviceKind::cpu, 0};
    expect_ranking(rank(cuda_server(), {torch_script_package(), tensorrt_package()}, request),
                   {{chosen, "torchscript-fp32 torch cpu", "on cpu; first of the order"},
                    {rejected, "trt-fp16 tensorrt cpu", "TensorRT runs on NVIDIA GPUs only",
                     "use device=cuda:0, which runs here"}});
}

TEST(AskedDevice, AGpuThatIsNotThere) {
    LoadOptions request;
    request.device = Device{DeviceKind::cuda, 1};
    expect_ranking(
        rank(cuda_server(), {torch_script_package()}, request),
        {{rejected, "torchscript-fp32 torch cuda:1", "there is no cuda:1: the last GPU of this machine is cuda:0",
          "use device=cuda:0, which runs here"}});
    expect_ranking(rank(cpu_server_with_openvino_too(), {onnx_package()}, request),
                   {{rejected, "onnx-fp32 openvino cuda:1", "OpenVINO uses no GPU", "use device=cpu, which runs here"},
                    {rejected, "onnx-fp32 onnxruntime cuda:1", "needs an NVIDIA GPU, this machine has none",
                     "use device=cpu, which runs here"}});
}

TEST(AskedQuantization, Int8OnlyWhenAsked) {
    formats::Package int8 = onnx_package("onnx-int8");
    int8.quantization = Precision::int8;
    LoadOptions request = only_onnx();
    const RuntimeDescription machine = laptop_with_onnxruntime();
    const std::vector<Candidate> unasked = rank(machine, {int8}, request);
    EXPECT_EQ(unasked[0].status, rejected);
    EXPECT_EQ(unasked[0].reason, "int8 is used only when asked for");
    EXPECT_EQ(unasked[0].remedy, "use quantization=int8, which runs here");

    request.quantization = {Precision::int8};
    const std::vector<Candidate> asked = rank(machine, {int8, onnx_package()}, request);
    EXPECT_EQ(where(asked[0]), "onnx-int8 onnxruntime cpu");
    EXPECT_EQ(asked[0].status, chosen);
    EXPECT_EQ(asked[1].status, rejected);
    EXPECT_EQ(asked[1].reason, "quantization=int8 was asked for, this package is fp32");
}

TEST(AskedQuantization, NamingAnInt8PackageAsksForIt) {
    formats::Package int8 = onnx_package("onnx-int8");
    int8.quantization = Precision::int8;
    LoadOptions request = only_onnx();
    request.model_package_id = "onnx-int8";
    const std::vector<Candidate> candidates = rank(laptop_with_onnxruntime(), {int8, onnx_package()}, request);
    EXPECT_EQ(where(candidates[0]), "onnx-int8 onnxruntime cpu");
    EXPECT_EQ(candidates[0].status, chosen);

    request.quantization = {Precision::fp32};
    EXPECT_EQ(rank(laptop_with_onnxruntime(), {int8}, request)[0].status, rejected);
}

TEST(AskedQuantization, AnUnknownOneCountsAsFp32) {
    formats::Package unknown = onnx_package();
    unknown.quantization.reset();
    LoadOptions request = only_onnx();
    request.quantization = {Precision::fp32, Precision::fp16};
    const std::vector<Candidate> candidates = rank(laptop_with_onnxruntime(), {unknown}, request);
    EXPECT_EQ(candidates[0].status, chosen);
    EXPECT_THAT(candidates[0].reason, testing::HasSubstr("does not state its quantization, which is taken as fp32"));

    request.quantization = {Precision::fp16};
    EXPECT_EQ(rank(laptop_with_onnxruntime(), {unknown}, request)[0].status, rejected);
}

TEST(Quantization, AnEngineThatDoesNotComputeInItIsOut) {
    formats::Package bf16 = onnx_package("onnx-bf16");
    bf16.quantization = Precision::bf16;
    const std::vector<Candidate> candidates = rank(cpu_server_with_openvino_too(), {bf16});
    expect_ranking(candidates, {{chosen, "onnx-bf16 openvino cpu", "openvino 2026.4.1 on cpu"},
                                {rejected, "onnx-bf16 onnxruntime cpu", "ONNX Runtime does not compute in bf16"}});
}

struct BatchCase {
    BatchRule rule;
    AcceptedRange<std::int64_t> asked;
    bool allowed;
    std::string reason;
    std::string remedy;
};

TEST(AskedBatchSize, HasToBeWithinThePackagesRule) {
    const std::vector<BatchCase> cases{
        {{1, 1}, {1, 1}, true, "", ""},
        {{1, 1},
         {8, 8},
         false,
         "batch_size=8 was asked for, this package takes 1 per run",
         "use batch_size=1, which runs here"},
        {{1, std::nullopt}, {64, 64}, true, "", ""},
        {{2, 16}, {16, 16}, true, "", ""},
        {{2, 16}, {17, 17}, false, "takes 2 to 16 per run", "use batch_size=16"},
        {{2, 16}, {1, 1}, false, "takes 2 to 16 per run", "use batch_size=2"},
        {{4, std::nullopt}, {1, 1}, false, "takes 4 or more per run", "use batch_size=4"},
        {{2, 16}, {2, 16}, true, "", ""},
        {{2, 16}, {3, 15}, true, "", ""},
        {{1, std::nullopt}, {1, 1'000'000}, true, "", ""},
        {{2, 16},
         {1, 16},
         false,
         "batch_size=1..16 was asked for, this package takes 2 to 16 per run",
         "use batch_size=2..16, which runs here"},
        {{2, 16}, {8, 32}, false, "batch_size=8..32 was asked for", "use batch_size=8..16, which runs here"},
        {{2, 16}, {1, 32}, false, "batch_size=1..32 was asked for", "use batch_size=2..16, which runs here"},
        {{2, 16}, {16, 32}, false, "batch_size=16..32 was asked for", "use batch_size=16, which runs here"},
        {{2, 16}, {17, 32}, false, "batch_size=17..32 was asked for", "use batch_size=16, which runs here"},
        {{4, std::nullopt}, {1, 8}, false, "takes 4 or more per run", "use batch_size=4..8, which runs here"},
        {{4, 4}, {1, 8}, false, "takes 4 per run", "use batch_size=4, which runs here"},
    };
    for (const BatchCase& each : cases) {
        SCOPED_TRACE(std::to_string(each.asked.min) + " to " + std::to_string(each.asked.max));
        formats::Package package = torch_script_package();
        package.batch = each.rule;
        LoadOptions request;
        request.batch_size = each.asked;
        expect_ranking(rank(cpu_server_with_onnxruntime_and_torch(), {package}, request),
                       {{each.allowed ? chosen : rejected, "torchscript-fp32 torch cpu", each.reason, each.remedy}});
    }
}

// --- Sizes of images -------------------------------------------------------------------------------------------------

/// A package that takes 640x480 (width x height) or, with a stride, other sizes.
formats::Package package_for_sizes(std::optional<std::int32_t> stride) {
    formats::Package package = torch_script_package();
    package.batch = {1, 8};
    package.sizes = formats::SizeRule{.own = {.width = 640, .height = 480}, .stride = stride};
    return package;
}

void expect_verdict(const formats::Package& package, const LoadOptions& request, const std::string& reason,
                    const std::string& remedy) {
    SCOPED_TRACE(reason);
    const auto ranking = rank(cpu_server_with_onnxruntime_and_torch(), {package}, request);
    const CandidateStatus status = reason.empty() ? chosen : rejected;
    expect_ranking(ranking, {{status, "torchscript-fp32 torch cpu", reason, remedy}});
}

TEST(AskedImageSize, HasToBeOneThatThePackageTakes) {
    struct Case {
        std::optional<std::int32_t> stride;
        ImageSize asked;
        std::string reason;
        std::string remedy;
    };
    const std::vector<Case> cases{
        {{}, {.width = 640, .height = 480}, "", ""},
        {{},
         {.width = 640, .height = 320},
         "image_size=320x640 was asked for, this package takes 480x640 alone",
         "use image_size=480x640, which runs here"},
        {32, {.width = 96, .height = 1024}, "", ""},
        {1, {.width = 1, .height = 1023}, "", ""},
        {32,
         {.width = 97, .height = 320},
         "image_size=320x97 was asked for, this package takes multiples of 32",
         "use image_size=320x128, which runs here"},
        {32, {.width = 640, .height = 1}, "takes multiples of 32", "use image_size=32x640, which runs here"},
        {10'000, {.width = 16'000, .height = 10'000}, "multiples of 10000", "use image_size=480x640, which runs here"},
        {32, {.width = 16'384, .height = 8'192}, "", ""},
        {32,
         {.width = 16'384, .height = 16'384},
         "image_size=16384x16384 was asked for, which makes 6442450944 numbers per run of 8 images; at most 4294967296",
         "use image_size=480x640, which runs here"},
    };
    for (const Case& each : cases) {
        LoadOptions request;
        request.image_size = each.asked;
        expect_verdict(package_for_sizes(each.stride), request, each.reason, each.remedy);
    }
}

TEST(AskedImageSize, IsNotJudgedBeforeThePackageIsHere) {
    LoadOptions request;
    request.image_size = {.width = 100, .height = 100};
    request.rect = true;
    formats::Package package = package_for_sizes({});
    package.sizes.reset();
    expect_verdict(package, request, "", "");
}

TEST(AskedRect, NeedsOtherSizesAndALetterbox) {
    LoadOptions request;
    request.rect = true;
    expect_verdict(package_for_sizes(32), request, "", "");
    expect_verdict(package_for_sizes({}), request, "rect=True was asked for, this package takes 480x640 alone",
                   "leave rect out, which runs here");
    formats::Package stretched = package_for_sizes(32);
    stretched.sizes->letterboxed = false;
    expect_verdict(stretched, request, "rect=True was asked for, this package does not letterbox its images",
                   "leave rect out, which runs here");
    expect_verdict(package_for_sizes(16'384), request, "makes inputs of up to 16384x16384: too large",
                   "leave rect out, which runs here");
}

TEST(AskedImageSize, APackageThatWasCompiledForThisMachineHasOne) {
    formats::Package package = package_for_sizes(32);
    package.compiled.emplace();
    LoadOptions request;
    request.image_size = {.width = 96, .height = 96};
    EXPECT_THAT(rank(cpu_server_with_onnxruntime_and_torch(), {package}, request)[0].reason,
                testing::HasSubstr("takes 480x640 alone"));
}

// --- Features, trust, fused NMS --------------------------------------------------------------------------------------

TEST(RequiredFeatures, HaveToBeStated) {
    formats::Package package = torch_script_package();
    package.features = {{"a_known_one", "null"}};
    LoadOptions request;
    request.required_model_features = {"a_known_one"};
    EXPECT_EQ(rank(cpu_server_with_onnxruntime_and_torch(), {package}, request)[0].status, chosen);
    request.required_model_features = {"x", "a_known_one", "y", "x"};
    expect_ranking(rank(cpu_server_with_onnxruntime_and_torch(), {package}, request),
                   {{rejected, "torchscript-fp32 torch cpu",
                     "required_model_features asks for x, y, which this package does not state",
                     "leave x, y out of required_model_features, which runs here"}});
}

TEST(StatedFeatures, HaveToBeKnownForThePackagesFamily) {
    const RuntimeDescription machine = cpu_server_with_onnxruntime_and_torch();
    formats::Package package = torch_script_package();
    package.features = {{"a_known_one", "{}"}, {"of_tomorrow", "1"}};
    LoadOptions request;
    request.required_model_features = {"of_tomorrow"};
    expect_ranking(rank(machine, {package}, request),
                   {{rejected, "torchscript-fp32 torch cpu",
                     "the package states the feature of_tomorrow, which this version does not implement"}});
    package.features.erase("of_tomorrow");
    EXPECT_EQ(rank(machine, {package})[0].status, chosen);
    package.architecture = "rfdetr";
    EXPECT_EQ(rank(machine, {package})[0].reason,
              "the package states the feature a_known_one, which this version does not implement");
    package.architecture = "yolov4";
    EXPECT_THAT(rank(machine, {package})[0].reason, testing::HasSubstr("unsupported here: architecture yolov4"));
}

TEST(Trust, APackageThatNobodyVouchesForIsTakenOnlyWhenAllowedEvenIfNamed) {
    const RuntimeDescription machine = cpu_server_with_onnxruntime_and_torch();
    formats::Package package = torch_script_package();
    package.trusted_source = false;
    LoadOptions request;
    for (const char* const name : {"", "torchscript-fp32"}) {
        SCOPED_TRACE(name);
        request.model_package_id = name;
        request.allow_untrusted_packages = false;
        expect_ranking(rank(machine, {package}, request),
                       {{rejected, "torchscript-fp32 torch cpu", "its provider does not vouch for this package",
                         "use allow_untrusted_packages=True, which runs here"}});
        request.allow_untrusted_packages = true;
        EXPECT_EQ(rank(machine, {package}, request)[0].status, chosen);
    }
}

TEST(FusedNms, IsTakenOnlyWhenAskedFor) {
    const RuntimeDescription machine = cpu_server_with_onnxruntime_and_torch();
    LoadOptions request;
    expect_ranking(rank(machine, {fused_package(), torch_script_package()}, request),
                   {{chosen, "torchscript-fp32 torch cpu", "torch 2.13.0+cpu on cpu"},
                    {rejected, "fused torch cpu",
                     "its NMS is part of the network, so iou_threshold, max_detections and class_agnostic_nms would "
                     "have no effect",
                     "use nms_fusion_preferences=True, which runs here"}});
    request.nms_fusion_preferences = default_nms_fusion_preferences();
    expect_ranking(rank(machine, {torch_script_package(), fused_package("z")}, request),
                   {{chosen, "z torch cpu", "torch 2.13.0+cpu on cpu"},
                    {usable, "torchscript-fp32 torch cpu", "NMS in the network that is nearer"}});
}

TEST(FusedNms, ThatOnlyThePackagesOwnFilesImplyIsNoStatedFeature) {
    formats::Package package = fused_package();
    package.features.clear();
    package.fused_nms.reset();
    EXPECT_EQ(rank(cpu_server_with_onnxruntime_and_torch(), {package})[0].status, chosen);
}

TEST(FusedNms, NamingThePackageAsksForIt) {
    const RuntimeDescription machine = cpu_server_with_onnxruntime_and_torch();
    LoadOptions request;
    request.model_package_id = "fused";
    EXPECT_THAT(rank(machine, {fused_package()}, request)[0].reason, testing::HasSubstr("class_agnostic_nms have no"));
    EXPECT_EQ(rank(machine, {fused_package()}, request)[0].status, chosen);
    request.nms_fusion_preferences = NmsFusionPreferences{.max_detections = AcceptedRange<std::int64_t>{1, 2},
                                                          .confidence_threshold = {},
                                                          .iou_threshold = {},
                                                          .class_agnostic = {}};
    EXPECT_EQ(rank(machine, {fused_package()}, request)[0].status, rejected);
}

struct FusionCase {
    FusedNms stated;
    std::optional<NmsFusionPreferences> wanted;
    std::string reason;  ///< empty: taken
    std::string remedy;
};

TEST(FusedNms, HasToBeAsThePreferencesSay) {
    using Count = AcceptedRange<std::int64_t>;
    using Threshold = AcceptedRange<double>;
    const FusedNms usual{300, 0.25, 0.7, false};
    const NmsFusionPreferences by_default = default_nms_fusion_preferences();
    const std::vector<FusionCase> cases{
        {usual, by_default, "", ""},
        {usual, NmsFusionPreferences{}, "", ""},
        {{}, NmsFusionPreferences{}, "", ""},
        {usual, NmsFusionPreferences{Count{300, 400}, Threshold{0.2, 0.25}, Threshold{0.7, 0.7}, false}, "", ""},
        {{100, 0.25, 0.7, false},
         by_default,
         "its NMS is part of the network with max_detections 100, nms_fusion_preferences asks for 300",
         R"(use nms_fusion_preferences={"max_detections": 100, "confidence_threshold": 0.25, "iou_threshold": 0.7, )"
         R"("class_agnostic": False}, which runs here)"},
        {usual, NmsFusionPreferences{Count{301, 400}, {}, {}, {}},
         "max_detections 300, nms_fusion_preferences asks for "
         "[301, 400]",
         "use nms_fusion_preferences=True, which runs here"},
        {usual, NmsFusionPreferences{{}, Threshold{0.26, 1}, {}, {}},
         "confidence_threshold 0.25, nms_fusion_preferences asks for [0.26, 1]", "=True, which runs here"},
        {usual, NmsFusionPreferences{{}, {}, Threshold{0, 0.69}, {}},
         "iou_threshold 0.7, nms_fusion_preferences asks for [0, 0.69]", "=True, which runs here"},
        {usual, NmsFusionPreferences{{}, {}, {}, true}, "class_agnostic False, nms_fusion_preferences asks for True",
         "=True, which runs here"},
        {{300, 0.25, std::nullopt, false},
         by_default,
         "its NMS is part of the network without stating its iou_threshold, nms_fusion_preferences asks for 0.7",
         R"(use nms_fusion_preferences={"max_detections": 300, "confidence_threshold": 0.25, "class_agnostic": False},)"},
        {{}, by_default, "without stating its max_detections", "use nms_fusion_preferences={}, which runs here"},
        {{300, 0.25, 0.7, true}, std::nullopt, "would have no effect", R"("class_agnostic": True}, which runs here)"},
    };
    for (const FusionCase& each : cases) {
        SCOPED_TRACE(each.reason);
        formats::Package package = fused_package();
        package.fused_nms = each.stated;
        LoadOptions request;
        request.nms_fusion_preferences = each.wanted;
        expect_ranking(rank(cpu_server_with_onnxruntime_and_torch(), {package}, request),
                       {{each.reason.empty() ? chosen : rejected, "fused torch cpu", each.reason, each.remedy}});
    }
}

/// Section by section of a request, the first one that a package does not meet is told.
TEST(Rules, AreToldInTheirOrder) {
    formats::Package package = fused_package();
    package.architecture = "yolov4";
    package.quantization = Precision::int8;
    package.trusted_source = false;
    LoadOptions request;
    request.model_package_id = "another";
    request.required_model_features = {"x"};
    request.backends = {BackendType::onnx};
    request.batch_size = {2, 2};
    const auto reason = [&] { return rank(machine_with_nothing(), {package}, request)[0].reason; };
    EXPECT_THAT(reason(), testing::StartsWith("model_package_id"));
    request.model_package_id.clear();
    EXPECT_THAT(reason(), testing::StartsWith("unsupported here"));
    package.architecture = "yolov8";
    package.features["y"] = "1";
    EXPECT_THAT(reason(), testing::StartsWith("required_model_features"));
    request.required_model_features.clear();
    EXPECT_THAT(reason(), testing::StartsWith("the package states the feature y"));
    package.features.erase("y");
    EXPECT_THAT(reason(), testing::StartsWith("its provider does not vouch"));
    request.allow_untrusted_packages = true;
    EXPECT_THAT(reason(), testing::StartsWith("backend=onnx"));
    request.backends.clear();
    EXPECT_THAT(reason(), testing::StartsWith("batch_size=2"));
    request.batch_size.reset();
    EXPECT_THAT(reason(), testing::StartsWith("int8 is used"));
    package.quantization = Precision::fp32;
    EXPECT_THAT(reason(), testing::StartsWith("its NMS is part of the network"));
    request.nms_fusion_preferences = default_nms_fusion_preferences();
    EXPECT_THAT(reason(), testing::StartsWith("PyTorch is not installed"));
}

// --- ONNX Runtime ----------------------------------------------------------------------------------------------------

TEST(OnnxOpset, ANewerOneThanTheRuntimeKnowsIsAnUpgrade) {
    formats::Package package = onnx_package();
    package.onnx->opset = 21;
    expect_ranking(
        rank(arm_board(), {package}),
        {{possible, "onnx-fp32 onnxruntime cpu", "the package needs operator set 21, ONNX Runtime 1.16.3 runs up to 19",
          "pip install onnxruntime --upgrade"},
         {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"}});
    RuntimeDescription machine = cuda_server();
    install_onnxruntime_gpu(machine, "1.16.3");
    EXPECT_EQ(rank(machine, {package}, only_onnx())[0].remedy, "pip install onnxruntime-gpu --upgrade");
}

TEST(OnnxOpset, NothingIsHeldAgainstAnUnknownOrNewerRuntime) {
    formats::Package package = onnx_package();
    package.onnx->opset = 99;
    for (const char* version : {"", "1.999.0", "2.0.0"}) {
        SCOPED_TRACE(version);
        RuntimeDescription machine = laptop_with_onnxruntime();
        runtime_of(machine, Engine::onnxruntime).version = version;
        EXPECT_EQ(rank(machine, {package})[0].status, chosen);
    }
}

TEST(ExecutionProviders, AskedOnesHaveToBeThere) {
    LoadOptions request = only_onnx();
    request.onnx_execution_providers = {{"NoSuchExecutionProvider", {}}};
    const Candidate unknown = rank(laptop_with_onnxruntime(), {onnx_package()}, request)[0];
    EXPECT_EQ(unknown.status, rejected);
    EXPECT_EQ(unknown.reason,
              "the installed ONNX Runtime 1.32.0 has no NoSuchExecutionProvider; it has CPUExecutionProvider");
    EXPECT_EQ(unknown.remedy, "");

    request.onnx_execution_providers = {{"CoreMLExecutionProvider", {}}, {"CPUExecutionProvider", {}}};
    EXPECT_EQ(rank(apple_like_arm64(), {onnx_package()}, request)[0].status, chosen);
}

TEST(ExecutionProviders, CudaOnAMachineWithoutAGpuIsAnErrorAndNotTheCpu) {
    LoadOptions request = only_onnx();
    request.onnx_execution_providers = {{"CUDAExecutionProvider", {}}, {"CPUExecutionProvider", {}}};
    const Candidate candidate = rank(laptop_with_onnxruntime(), {onnx_package()}, request)[0];
    EXPECT_EQ(candidate.status, rejected);
    EXPECT_EQ(candidate.reason, "CUDAExecutionProvider runs on an NVIDIA GPU, not on the CPU");
    EXPECT_EQ(candidate.remedy, "use onnx_execution_providers=CPUExecutionProvider, which runs here");
}

TEST(ExecutionProviders, CudaWithACpuBuildIsToldWhatBringsIt) {
    RuntimeDescription machine = cuda_server();
    install_onnxruntime(machine);
    LoadOptions request = only_onnx();
    request.onnx_execution_providers = {{"CUDAExecutionProvider", {}}};
    const Candidate candidate = rank(machine, {onnx_package()}, request)[0];
    EXPECT_EQ(where(candidate), "onnx-fp32 onnxruntime cuda:0");
    EXPECT_EQ(candidate.status, possible);
    EXPECT_EQ(candidate.remedy, "pip install onnxruntime-gpu");
}

TEST(ExecutionProviders, CpuAloneIsNotUsedForAGpu) {
    LoadOptions request = only_onnx();
    request.onnx_execution_providers = {{"CPUExecutionProvider", {}}};
    const std::vector<Candidate> candidates = rank(cuda_server(), {onnx_package()}, request);
    EXPECT_EQ(where(candidates[0]), "onnx-fp32 onnxruntime cpu");
    EXPECT_EQ(candidates[0].status, chosen);
    EXPECT_EQ(where(candidates[1]), "onnx-fp32 onnxruntime cuda:0");
    EXPECT_EQ(candidates[1].reason, "onnx_execution_providers names none that uses a GPU");
}

TEST(ExecutionProviders, ThoseThatAPackageExcludesAreNotUsed) {
    formats::Package package = onnx_package();
    package.onnx->incompatible_providers = {"CUDAExecutionProvider"};
    const std::vector<Candidate> candidates = rank(cuda_server(), {package}, only_onnx());
    EXPECT_EQ(where(candidates[0]), "onnx-fp32 onnxruntime cpu");
    EXPECT_EQ(candidates[0].status, chosen);
    EXPECT_EQ(candidates[1].reason, "the package says that it does not run with CUDAExecutionProvider");
}

TEST(ExecutionProviders, AreOfOnnxRuntimeAloneAndNotIgnoredByOthers) {
    LoadOptions request;
    request.onnx_execution_providers = {{"CPUExecutionProvider", {}}};
    expect_ranking(rank(cpu_server_with_openvino_too(), {onnx_package(), torch_script_package()}, request),
                   {{chosen, "onnx-fp32 onnxruntime cpu", "onnxruntime 1.32.0 on cpu"},
                    {rejected, "onnx-fp32 openvino cpu", "only ONNX Runtime has execution providers",
                     "leave onnx_execution_providers out, which runs here"},
                    {rejected, "torchscript-fp32 torch cpu", "only ONNX Runtime has execution providers",
                     "leave onnx_execution_providers out, which runs here"}});
}

// --- PyTorch ---------------------------------------------------------------------------------------------------------

TEST(TorchScript, NeedsThePyTorchThatMadeItOrANewerOne) {
    formats::Package package = torch_script_package();
    package.torch_script->torch_version = "2.14.0";
    expect_ranking(rank(cpu_server_with_onnxruntime_and_torch(), {package}),
                   {{possible, "torchscript-fp32 torch cpu",
                     "made by PyTorch 2.14.0, which is newer than the installed 2.13.0+cpu",
                     "pip install torch --index-url https://download.pytorch.org/whl/cpu --upgrade"}});
    EXPECT_THAT(rank(cuda_server(), {package})[0].remedy,
                testing::EndsWith("https://download.pytorch.org/whl/cu128 --upgrade"));
    package.torch_script->torch_version.clear();
    EXPECT_EQ(rank(cpu_server_with_onnxruntime_and_torch(), {package})[0].status, chosen);
}

TEST(TorchScript, WhatItWasMadeBesideIsNotHeldAgainstIt) {
    formats::Package package = torch_script_package();
    package.torch_script->torchvision_version = "99.0";
    EXPECT_EQ(rank(cpu_server_with_onnxruntime_and_torch(), {package})[0].status, chosen);
}

TEST(TorchScript, RunsOnTheDevicesThatItNames) {
    formats::Package package = torch_script_package();
    package.torch_script->supported_devices = {DeviceKind::cpu};
    expect_ranking(rank(cuda_server(), {package}),
                   {{chosen, "torchscript-fp32 torch cpu", "torch 2.13.0+cu128 on cpu"},
                    {rejected, "torchscript-fp32 torch cuda:0", "the package says that it does not run on a GPU"}});
    package.torch_script->supported_devices.clear();
    EXPECT_EQ(rank(cuda_server(), {package})[0].device, (Device{DeviceKind::cuda, 0}));
}

// --- TensorRT --------------------------------------------------------------------------------------------------------

struct EngineFileCase {
    std::string name;
    void (*change)(TensorRtFacts&, RuntimeDescription&);
    CandidateStatus status;
    std::string reason;
    // NOLINTNEXTLINE(readability-redundant-member-init): GCC warns of initializers that leave it out otherwise
    std::string remedy = {};
};

TEST(TensorRtEngine, IsBoundToWhatMadeIt) {
    using Facts = TensorRtFacts;
    using Machine = RuntimeDescription;
    const std::vector<EngineFileCase> cases{
        {"as made", [](Facts&, Machine&) {}, chosen, "tensorrt 10.9.0.34 on cuda:0"},
        {"runtime known to three parts", [](Facts&, Machine& m) { install_tensorrt(m, "10.9.0"); }, chosen,
         "tensorrt 10.9.0 on"},
        {"another TensorRT", [](Facts&, Machine& m) { install_tensorrt(m, "10.13.3.9"); }, possible,
         "was made by TensorRT 10.9.0.34 and runs on that version alone, here is 10.13.3.9",
         "pip install tensorrt-cu12==10.9.0.34"},
        {"a TensorRT that this build does not drive", [](Facts& f, Machine&) { f.tensorrt_version = "8.6.1.6"; },
         rejected,
         "was made by TensorRT 8.6.1.6 and runs on that version alone, this build of the product works with TensorRT "
         "10"},
        {"another GPU", [](Facts&, Machine& m) { m.gpus[0] = {"NVIDIA H100 PCIe", "9.0", 0}; }, rejected,
         "was made for GPU nvidia-l4, cuda:0 is nvidia-h100-pcie"},
        {"another GPU of the same capability",
         [](Facts& f, Machine& m) {
             f.same_compute_capability_compatible = true;
             m.gpus[0].name = "NVIDIA L40S";
         },
         chosen, "tensorrt 10.9.0.34 on cuda:0"},
        {"another capability",
         [](Facts& f, Machine& m) {
             f.same_compute_capability_compatible = true;
             m.gpus[0].compute_capability = "9.0";
         },
         rejected, "was made for compute capability 8.9, cuda:0 is 9.0"},
        {"unknown capability of this GPU",
         [](Facts& f, Machine& m) {
             f.same_compute_capability_compatible = true;
             m.gpus[0].compute_capability.clear();
         },
         chosen, "the compute capability of this machine's GPU is unknown"},
        {"forward compatible, newer here",
         [](Facts& f, Machine& m) {
             f.forward_compatible = true;
             install_tensorrt(m, "10.13.3.9");
         },
         chosen, "tensorrt 10.13.3.9 on cuda:0"},
        {"forward compatible, older here",
         [](Facts& f, Machine& m) {
             f.forward_compatible = true;
             install_tensorrt(m, "10.3.0.26");
         },
         possible, "the engine needs TensorRT 10.9.0.34 or newer, here is 10.3.0.26",
         "pip install 'tensorrt-cu12>=10,<11' --upgrade"},
        {"forward compatible without its lean runtime",
         [](Facts& f, Machine&) {
             f.forward_compatible = true;
             f.lean_runtime_excluded = true;
         },
         rejected, "only with a lean runtime, which it leaves out"},
        {"nothing stated", [](Facts& f, Machine&) { f = {}; }, chosen,
         "the package does not state the GPU that it was made for; the package does not state the TensorRT version "
         "that made it"},
        {"TensorRT not installed",
         [](Facts&, Machine& m) {
             Machine nothing = machine_with_nothing();
             runtime_of(m, Engine::tensorrt) = runtime_of(nothing, Engine::tensorrt);
         },
         possible, "TensorRT is not installed", "pip install tensorrt-cu12==10.9.0.34"},
        {"TensorRT not installed, for another GPU",
         [](Facts&, Machine& m) {
             runtime_of(m, Engine::tensorrt).installed = false;
             m.gpus[0].name = "NVIDIA A10";
         },
         rejected, "was made for GPU nvidia-l4"},
    };
    for (const EngineFileCase& each : cases) {
        SCOPED_TRACE(each.name);
        formats::Package package = tensorrt_package();
        RuntimeDescription machine = cuda_server();
        each.change(*package.tensorrt, machine);
        expect_ranking(rank(machine, {package}), {{each.status, "trt-fp16 tensorrt cuda:0", each.reason, each.remedy}});
    }
}

TEST(TensorRtEngine, ThatStatesNothingIsTriedOnAJetsonToo) {
    formats::Package package = tensorrt_package();
    package.tensorrt = TensorRtFacts{};
    expect_ranking(rank(jetson_orin(), {package}), {{chosen, "trt-fp16 tensorrt cuda:0",
                                                     "the package does not state whether it was made on a Jetson"}});
    package.tensorrt.reset();
    expect_ranking(rank(jetson_orin(), {package}),
                   {{chosen, "trt-fp16 tensorrt cuda:0", "tensorrt 10.3.0.30 on cuda:0"}});
}

TEST(TensorRtEngine, WithCodeForTheCpuCanBeRefused) {
    formats::Package package = tensorrt_package();
    LoadOptions request;
    request.trt_engine_host_code_allowed = false;
    EXPECT_EQ(rank(cuda_server(), {package}, request)[0].status, chosen);
    package.tensorrt->forward_compatible = true;
    expect_ranking(rank(cuda_server(), {package}, request),
                   {{rejected, "trt-fp16 tensorrt cuda:0", "trt_engine_host_code_allowed=False was asked for",
                     "use trt_engine_host_code_allowed=True, which runs here"}});
    request.trt_engine_host_code_allowed = true;
    EXPECT_EQ(rank(cuda_server(), {package}, request)[0].status, chosen);
}

TEST(TensorRtEngine, IsComparedWithTheGpuThatIsAskedFor) {
    RuntimeDescription machine = cuda_server();
    machine.gpus.push_back({"NVIDIA H100 PCIe", "9.0", 0});
    LoadOptions request;
    request.device = Device{DeviceKind::cuda, 1};
    expect_ranking(rank(machine, {tensorrt_package()}, request),
                   {{rejected, "trt-fp16 tensorrt cuda:1", "cuda:1 is nvidia-h100-pcie"}});
}

// --- Packages --------------------------------------------------------------------------------------------------------

TEST(Family, AnUnknownOneIsNamedWithTheKnownOnes) {
    formats::Package package = torch_script_package();
    package.architecture = "yolov4";
    expect_ranking(rank(cpu_server_with_onnxruntime_and_torch(), {package}),
                   {{rejected, "torchscript-fp32 torch cpu",
                     "unsupported here: architecture yolov4 task object-detection; known: yolov8 object-detection, "
                     "yolov8 instance-segmentation, rfdetr object-detection"}});
    package.architecture = "yolov8";
    package.task = TaskType::keypoint_detection;
    EXPECT_EQ(rank(cpu_server_with_onnxruntime_and_torch(), {package})[0].status, rejected);
}

TEST(Package, ABrokenOneStandsBehindGoodOnesWithItsProblem) {
    expect_ranking(rank(cpu_server_with_openvino_too(), {broken_package("a"), onnx_package("b")}),
                   {{chosen, "b openvino cpu", "openvino 2026.4.1 on cpu"},
                    {usable, "b onnxruntime cpu", "onnxruntime 1.32.0 on cpu"},
                    {rejected, "a - cpu", "weights.onnx is missing", "download the package again"}});
}

TEST(Package, ACheckpointIsConvertedFirst) {
    const RuntimeDescription machine = laptop_with_onnxruntime();
    expect_ranking(rank(machine, {ultralytics_checkpoint()}),
                   {{possible, "best.pt - cpu", "no engine opens the format ultralytics as it is",
                     "pip install ultralytics && yolo export model='/models/my runs/best.pt' format=onnx, then load "
                     "/models/my runs/best.onnx"}});
    LoadOptions request;
    request.backends = {BackendType::torch};
    EXPECT_THAT(rank(machine, {ultralytics_checkpoint()}, request)[0].remedy,
                testing::EndsWith("best.onnx with backend=onnx"));

    formats::Package rf_detr = ultralytics_checkpoint();
    rf_detr.format = PackageFormat::rf_detr;
    rf_detr.architecture = "rfdetr";
    EXPECT_THAT(rank(machine, {rf_detr})[0].remedy, testing::HasSubstr(".export()"));
}

TEST(Package, ACheckpointStandsNowhereBeforeItIsConverted) {
    const std::vector<Candidate> candidates =
        rank(laptop_with_onnxruntime(), {onnx_package(), ultralytics_checkpoint()});
    const auto checkpoint = std::ranges::find(candidates, "best.pt", &Candidate::package_id);
    ASSERT_NE(checkpoint, candidates.end());
    EXPECT_EQ(candidates[0].status, chosen);
    EXPECT_EQ(checkpoint->reason, "no engine opens the format ultralytics as it is");
}

TEST(Package, AFormatThatNothingOpensOrConvertsIsRejected) {
    formats::Package package = torch_script_package("weights");
    package.format = PackageFormat::torch;
    expect_ranking(rank(cpu_server_with_onnxruntime_and_torch(), {package}),
                   {{rejected, "weights - cpu", "no engine opens the format torch as it is"}});
}

}  // namespace
}  // namespace inference_models::selection
