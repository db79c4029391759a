#include "selection/expectations.hpp"
#include "selection/machines.hpp"
#include "selection/selection.hpp"

#include <gtest/gtest.h>

namespace inference_models::selection {
namespace {

using testing::HasSubstr;
using testing::Not;

Error error_of(const RuntimeDescription& machine, std::vector<formats::Package> packages,
               const LoadOptions& request = {}) {
    const formats::Listing listing = listing_of(std::move(packages));
    const Explanation explanation{listing.model_id,
                                  listing.weights_provider,
                                  listing.location,
                                  rank_candidates(listing, machine, request, kFamilies),
                                  {}};
    EXPECT_EQ(explanation.chosen(), nullptr);
    return no_usable_backend(explanation, machine, request);
}

TEST(NoUsableBackend, NothingInstalledNamesWhatToInstall) {
    const Error error = error_of(machine_with_nothing(), {onnx_package()});
    EXPECT_EQ(error.kind(), ErrorKind::no_usable_backend);
    EXPECT_EQ(error.subject(), "yolov8n");
    EXPECT_EQ(error.message(),
              "nothing here can run yolov8n:\n"
              "  onnx-fp32 in ONNX Runtime on cpu: ONNX Runtime is not installed: nothing in 5 places\n"
              "  onnx-fp32 in OpenVINO on cpu: OpenVINO is not installed: nothing in 5 places");
    EXPECT_EQ(error.hint(),
              "One of these helps, the best first:\n"
              "  pip install onnxruntime\n"
              "  pip install openvino");
}

TEST(NoUsableBackend, TensorRtOnAMachineWithoutAGpu) {
    LoadOptions request;
    request.backends = {BackendType::trt};
    const Error error = error_of(laptop_with_onnxruntime(), {onnx_package()}, request);
    EXPECT_EQ(error.subject(), "trt");
    EXPECT_THAT(error.message(), HasSubstr("nothing here can run yolov8n as asked (backend=trt):"));
    EXPECT_THAT(
        error.message(),
        HasSubstr("backend=trt runs packages of the format trt in TensorRT; this model has none, TensorRT is not "
                  "installed: nothing in 5 places, this machine has no NVIDIA GPU"));
    EXPECT_THAT(error.hint(), HasSubstr("best first:\n  use backend=onnx, which runs here\n"));
}

TEST(NoUsableBackend, ABackendIsToldWithTheFormatsThatItRunsNow) {
    LoadOptions request;
    request.backends = {BackendType::torch};
    EXPECT_THAT(
        error_of(laptop_with_onnxruntime(), {ultralytics_checkpoint()}, request).message(),
        HasSubstr("backend=torch runs packages of the format pt2 or torch-script in PyTorch; this model has none"));
    request.backends = {BackendType::hugging_face};
    EXPECT_THAT(error_of(laptop_with_onnxruntime(), {onnx_package()}, request).message(),
                HasSubstr("backend=hugging-face runs nothing in this version"));
}

TEST(NoUsableBackend, WhatRunsHereComesInItsOrder) {
    LoadOptions request;
    request.backends = {BackendType::trt};
    EXPECT_EQ(error_of(cpu_server_with_openvino_too(), {onnx_package()}, request).hint(),
              "One of these helps, the best first:\n"
              "  use backend=openvino, which runs here\n"
              "  use backend=onnx, which runs here");
}

TEST(NoUsableBackend, WhatRunsHereComesBeforeWhatNeedsSomething) {
    LoadOptions request;
    request.backends = {BackendType::trt};
    const Error error = error_of(laptop_with_onnxruntime(), {ultralytics_checkpoint(), onnx_package()}, request);
    EXPECT_THAT(error.hint(), HasSubstr("best first:\n  use backend=onnx, which runs here\n"));
    EXPECT_THAT(error.hint(), HasSubstr("\n  pip install ultralytics"));
}

TEST(NoUsableBackend, AskingAsTheHintSaysWorks) {
    LoadOptions request;
    request.backends = {BackendType::trt};
    ASSERT_THAT(error_of(laptop_with_onnxruntime(), {onnx_package()}, request).hint(), HasSubstr("use backend=onnx"));
    request.backends = {BackendType::onnx};
    EXPECT_EQ(rank_candidates(listing_of({onnx_package()}), laptop_with_onnxruntime(), request, kFamilies)[0].status,
              chosen);
}

TEST(NoUsableBackend, TellsTheRestOfTheRequest) {
    LoadOptions request;
    request.required_model_features = {"x", "y"};
    request.nms_fusion_preferences = default_nms_fusion_preferences();
    request.trt_engine_host_code_allowed = false;
    EXPECT_THAT(error_of(laptop_with_onnxruntime(), {onnx_package()}, request).message(),
                HasSubstr("as asked (required_model_features=x,y nms_fusion_preferences=True "
                          "trt_engine_host_code_allowed=False):"));
}

TEST(NoUsableBackend, TensorRtWithAPackageButWithoutAGpu) {
    LoadOptions request;
    request.backends = {BackendType::trt};
    const Error error = error_of(laptop_with_onnxruntime(), {onnx_package(), tensorrt_package()}, request);
    EXPECT_THAT(error.message(), HasSubstr("needs an NVIDIA GPU, this machine has none"));
    EXPECT_THAT(error.message(), Not(HasSubstr("this model has none")));
    EXPECT_THAT(error.hint(), HasSubstr("use backend=onnx, which runs here"));
}

TEST(NoUsableBackend, TellsEverythingThatWasAsked) {
    LoadOptions request;
    request.backends = {BackendType::onnx, BackendType::torch};
    request.model_package_id = "other";
    request.quantization = {Precision::fp16};
    request.device = Device{DeviceKind::cuda, 2};
    request.batch_size = {4, 4};
    request.onnx_execution_providers = {{"CUDAExecutionProvider", {}}};
    EXPECT_THAT(error_of(laptop_with_onnxruntime(), {onnx_package()}, request).message(),
                HasSubstr("as asked (backend=onnx,torch model_package_id=other quantization=fp16 device=cuda:2 "
                          "batch_size=4 onnx_execution_providers=CUDAExecutionProvider)"));
}

TEST(NoUsableBackend, OneRemedyIsTheHintItselfAndIsToldOnce) {
    LoadOptions request;
    request.device = Device{DeviceKind::cuda, 0};
    const Error error =
        error_of(cuda_server_with_old_driver(), {torch_script_package("a"), torch_script_package("b")}, request);
    EXPECT_EQ(error.hint(), "update the NVIDIA driver to 525 or newer");
}

TEST(NoUsableBackend, WhereNothingHelpsThereIsNoHint) {
    formats::Package package = torch_script_package();
    package.architecture = "yolov4";
    EXPECT_EQ(error_of(cpu_server_with_onnxruntime_and_torch(), {package}).hint(), "");
}

TEST(NoUsableBackend, BrokenPackagesKeepTheirHints) {
    const Error error = error_of(laptop_with_onnxruntime(), {broken_package("a"), broken_package("b")});
    EXPECT_THAT(error.message(), HasSubstr("a: weights.onnx is missing"));
    EXPECT_EQ(error.hint(), "download the package again");
}

TEST(NoUsableBackend, AModelWithoutPackages) {
    EXPECT_THAT(error_of(laptop_with_onnxruntime(), {}).message(), HasSubstr("it has no packages"));
}

}  // namespace
}  // namespace inference_models::selection
