// What is chosen on which machine, with every candidate's status, reason and remedy.
#include "selection/machines.hpp"
#include "selection/expectations.hpp"
#include "selection/selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace inference_models::selection {
namespace {

std::vector<Candidate> rank(const RuntimeDescription& machine, std::vector<formats::Package> packages,
                            const LoadOptions& request = {}) {
    return rank_candidates(listing_of(std::move(packages)), machine, request, kFamilies);
}

TEST(Machines, LaptopWithOnnxRuntimeAlone) {
    expect_ranking(
        rank(laptop_with_onnxruntime(), {onnx_package()}),
        {{chosen, "onnx-fp32 onnxruntime cpu",
          "onnxruntime 1.32.0 on cpu; first of the order TensorRT > OpenVINO > PyTorch > Hugging Face > ONNX "
          "that can run here"},
         {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"}});
}

TEST(Machines, NothingInstalledTellsWhatToInstall) {
    expect_ranking(rank(machine_with_nothing(), {onnx_package(), torch_script_package()}),
                   {{possible, "torchscript-fp32 torch cpu", "PyTorch is not installed",
                     "pip install torch --index-url https://download.pytorch.org/whl/cpu"},
                    {possible, "onnx-fp32 onnxruntime cpu", "ONNX Runtime is not installed", "pip install onnxruntime"},
                    {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"}});
}

TEST(Machines, PyTorchComesBeforeOnnxOnACpu) {
    const std::vector<formats::Package> packages{onnx_package(), torch_script_package()};
    expect_ranking(rank(cpu_server_with_onnxruntime_and_torch(), packages),
                   {{chosen, "torchscript-fp32 torch cpu", "torch 2.13.0+cpu on cpu; first of"},
                    {usable, "onnx-fp32 onnxruntime cpu", "behind the chosen one: later in the order"},
                    {possible, "onnx-fp32 openvino cpu", "would stand before the chosen one", "pip install openvino"}});
    expect_ranking(rank(laptop_with_onnxruntime(), packages),
                   {{chosen, "onnx-fp32 onnxruntime cpu", "onnxruntime 1.32.0 on cpu"},
                    {possible, "torchscript-fp32 torch cpu", "would stand before the chosen one", "pip install torch"},
                    {possible, "onnx-fp32 openvino cpu", "would stand before the chosen one", "pip install openvino"}});
}

TEST(Machines, OpenVinoComesBeforePyTorchWhereItIsInstalled) {
    expect_ranking(rank(cpu_server_with_openvino_too(), {onnx_package(), torch_script_package()}),
                   {{chosen, "onnx-fp32 openvino cpu", "openvino 2026.4.1 on cpu"},
                    {usable, "torchscript-fp32 torch cpu", "torch 2.13.0+cpu on cpu"},
                    {usable, "onnx-fp32 onnxruntime cpu", "onnxruntime 1.32.0 on cpu"}});
}

TEST(Machines, ABuildWithoutAnAdapterSaysSo) {
    expect_ranking(rank(build_without_openvino_adapter(), {onnx_package()}),
                   {{chosen, "onnx-fp32 onnxruntime cpu", "onnxruntime 1.32.0 on cpu"},
                    {rejected, "onnx-fp32 openvino cpu", "this build has no adapter for OpenVINO"}});
}

TEST(Machines, AnAdapterThatCanBeBuiltIsAsGoodAsOneThatIsThere) {
    expect_ranking(rank(torch_with_compiler(), {onnx_package(), torch_script_package()}),
                   {{chosen, "torchscript-fp32 torch cpu", "its adapter is built on first use"},
                    {usable, "onnx-fp32 onnxruntime cpu", "behind the chosen one"},
                    {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"}});
}

TEST(Machines, AnAdapterThatCannotBeBuiltIsSomethingToMend) {
    expect_ranking(rank(torch_without_compiler(), {onnx_package(), torch_script_package()}),
                   {{chosen, "onnx-fp32 onnxruntime cpu", "onnxruntime 1.32.0 on cpu"},
                    {possible, "torchscript-fp32 torch cpu", "PyTorch has no adapter", "build one"},
                    {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"}});
}

TEST(Machines, CudaServerPrefersTensorRtAndEveryGpuToTheCpu) {
    expect_ranking(
        rank(cuda_server(), {onnx_package(), torch_script_package(), tensorrt_package()}),
        {{chosen, "trt-fp16 tensorrt cuda:0", "tensorrt 10.9.0.34 on cuda:0; first of the order"},
         {usable, "torchscript-fp32 torch cuda:0", "torch 2.13.0+cu128 on cuda:0; behind the chosen one: later in"},
         {usable, "onnx-fp32 onnxruntime cuda:0", "onnxruntime 1.32.0 on cuda:0"},
         {usable, "torchscript-fp32 torch cpu", "torch 2.13.0+cu128 on cpu; behind the chosen one: a GPU comes before"},
         {usable, "onnx-fp32 onnxruntime cpu", "a GPU comes before a CPU"},
         {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"}});
}

TEST(Machines, CudaServerWithACpuBuildSaysThatTheGpuLiesIdle) {
    RuntimeDescription machine = cuda_server();
    install_onnxruntime(machine);
    runtime_of(machine, Engine::onnxruntime).cuda_version.clear();
    install_torch(machine, "2.13.0+cpu");
    expect_ranking(
        rank(machine, {onnx_package(), torch_script_package()}),
        {{chosen, "torchscript-fp32 torch cpu", "torch 2.13.0+cpu on cpu"},
         {usable, "onnx-fp32 onnxruntime cpu", "onnxruntime 1.32.0 on cpu"},
         {possible, "torchscript-fp32 torch cuda:0",
          "the installed PyTorch 2.13.0+cpu is a build without GPU support; would stand before the chosen one",
          "pip install torch --index-url https://download.pytorch.org/whl/cu128"},
         {possible, "onnx-fp32 onnxruntime cuda:0",
          "the installed ONNX Runtime 1.32.0 is a build without GPU support; would stand before the chosen one",
          "pip install onnxruntime-gpu"},
         {possible, "onnx-fp32 openvino cpu", "would stand before the chosen one", "pip install openvino"}});
}

TEST(Machines, CudaServerWithNothingInstalledIsToldTheGpuBuildsFirst) {
    RuntimeDescription machine = machine_with_nothing();
    machine.gpus = cuda_server().gpus;
    machine.cuda = cuda_server().cuda;
    const std::vector<Candidate> candidates = rank(machine, {onnx_package()});
    expect_ranking(candidates, {{possible, "onnx-fp32 onnxruntime cuda:0", "not installed", "install onnxruntime-gpu"},
                                {possible, "onnx-fp32 onnxruntime cpu", "not installed", "pip install onnxruntime"},
                                {possible, "onnx-fp32 openvino cpu", "not installed", "pip install openvino"}});
    EXPECT_EQ(candidates[1].remedy, "pip install onnxruntime");
}

TEST(Machines, AnOldDriverLeavesTheCpu) {
    expect_ranking(rank(cuda_server_with_old_driver(), {onnx_package(), torch_script_package()}),
                   {{chosen, "torchscript-fp32 torch cpu", "torch 2.13.0+cu128 on cpu"},
                    {usable, "onnx-fp32 onnxruntime cpu", "onnxruntime 1.32.0 on cpu"},
                    {possible, "torchscript-fp32 torch cuda:0",
                     "the NVIDIA driver 470.256.02 is too old for CUDA 12.8: it runs CUDA 11.4",
                     "update the NVIDIA driver to 525 or newer"},
                    {possible, "onnx-fp32 onnxruntime cuda:0", "too old for CUDA 12.8",
                     "update the NVIDIA driver to 525 or newer"},
                    {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"}});
}

TEST(Machines, AnOldDriverAndNothingInstalledTakesBothSteps) {
    RuntimeDescription machine = machine_with_nothing();
    machine.gpus = cuda_server().gpus;
    machine.cuda = cuda_server_with_old_driver().cuda;
    const std::vector<Candidate> candidates = rank(machine, {onnx_package()});
    ASSERT_EQ(where(candidates[0]), "onnx-fp32 onnxruntime cuda:0");
    EXPECT_EQ(candidates[0].remedy, "update the NVIDIA driver to 525 or newer; pip install onnxruntime-gpu");
}

struct DriverCase {
    std::string driver;
    std::string driver_cuda;
    std::string build_cuda;
    bool runs;
    std::string remedy;
};

TEST(Machines, DriversRunEveryBuildOfTheirMajorVersion) {
    const std::vector<DriverCase> cases{
        {"525.60.13", "12.0", "12.8", true, ""},
        {"525.60.13", "", "12.8", true, ""},
        {"570.86.15", "12.8", "11.8", true, ""},
        {"570.86.15", "12.8", "13.0", false, "update the NVIDIA driver to 580 or newer"},
        {"570.86.15", "", "13.0", false, "update the NVIDIA driver to 580 or newer"},
        {"580.65.06", "13.0", "13.1", true, ""},
        {"", "", "12.8", false, "install the NVIDIA driver 525 or newer"},
        {"570.86.15", "12.8", "14.0", false, "update the NVIDIA driver"},
    };
    for (const DriverCase& each : cases) {
        SCOPED_TRACE(each.driver + " " + each.driver_cuda + " " + each.build_cuda);
        RuntimeDescription machine = cuda_server();
        machine.cuda.driver_version = each.driver;
        machine.cuda.driver_cuda_version = each.driver_cuda;
        runtime_of(machine, Engine::torch).cuda_version = each.build_cuda;
        LoadOptions request;
        request.device = Device{DeviceKind::cuda, 0};
        expect_ranking(rank(machine, {torch_script_package()}, request),
                       {{each.runs ? chosen : possible, "torchscript-fp32 torch cuda:0",
                         each.runs ? "torch 2.13.0+cu128 on cuda:0" : "NVIDIA driver", each.remedy}});
    }
}

TEST(Machines, JetsonRunsEnginesOfItsOwnL4t) {
    expect_ranking(rank(jetson_orin(), {jetson_tensorrt_package("36.4.0"), onnx_package()}),
                   {{chosen, "trt-orin tensorrt cuda:0", "tensorrt 10.3.0.30 on cuda:0"},
                    {usable, "onnx-fp32 onnxruntime cpu", "a GPU comes before a CPU"},
                    {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"},
                    {rejected, "onnx-fp32 onnxruntime cuda:0", "build without GPU support"}});
    expect_ranking(rank(jetson_orin(), {jetson_tensorrt_package("35.4.1")}),
                   {{rejected, "trt-orin tensorrt cuda:0",
                     "the engine was made on a Jetson with L4T 35.4.1, this one has 36.4.3"}});
}

TEST(Machines, EnginesOfAJetsonAndOfOtherMachinesAreNotExchanged) {
    expect_ranking(rank(jetson_orin(), {tensorrt_package()}),
                   {{rejected, "trt-fp16 tensorrt cuda:0", "was made on nvidia-l4, this machine is a Jetson"}});
    expect_ranking(rank(cuda_server(), {jetson_tensorrt_package("36.4.3")}),
                   {{rejected, "trt-orin tensorrt cuda:0", "was made on a Jetson, this machine is none"}});
}

TEST(Machines, AJetsonWhoseGpuIsHiddenUsesTheCpu) {
    RuntimeDescription machine = jetson_orin();
    machine.gpus.clear();
    expect_ranking(rank(machine, {jetson_tensorrt_package("36.4.3"), onnx_package()}),
                   {{chosen, "onnx-fp32 onnxruntime cpu", "onnxruntime 1.32.0 on cpu"},
                    {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"},
                    {rejected, "trt-orin tensorrt cuda:0", "needs an NVIDIA GPU, this machine has none"}});
}

TEST(Machines, WhereADriverIsButNoGpuItMayBeHidden) {
    RuntimeDescription machine = cuda_server();
    machine.gpus.clear();
    expect_ranking(rank(machine, {tensorrt_package()}),
                   {{rejected, "trt-fp16 tensorrt cuda:0", "this machine has none, or CUDA_VISIBLE_DEVICES hides it"}});
}

TEST(Machines, ArmMachinesWithoutNvidiaUseTheCpu) {
    for (const RuntimeDescription& machine : {apple_like_arm64(), arm_board()}) {
        const std::vector<Candidate> candidates = rank(machine, {onnx_package(), tensorrt_package()});
        expect_ranking(
            candidates,
            {{chosen, "onnx-fp32 onnxruntime cpu", "on cpu; first of the order"},
             {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"},
             {rejected, "trt-fp16 tensorrt cuda:0", "TensorRT on cuda:0 needs an NVIDIA GPU, this machine has none"}});
    }
}

TEST(Machines, AJetsonGetsTensorRtFromJetPack) {
    RuntimeDescription machine = jetson_orin();
    runtime_of(machine, Engine::tensorrt).installed = false;
    runtime_of(machine, Engine::tensorrt).version.clear();
    expect_ranking(rank(machine, {jetson_tensorrt_package("36.4.3")}),
                   {{possible, "trt-orin tensorrt cuda:0", "TensorRT is not installed",
                     "sudo apt-get install --yes libnvinfer10"}});
    install_tensorrt(machine, "10.7.0.23");
    expect_ranking(rank(machine, {jetson_tensorrt_package("36.4.3")}),
                   {{rejected, "trt-orin tensorrt cuda:0", "was made by TensorRT 10.3.0.30"}});
}

TEST(Machines, AVersionThatIsTooOldIsUpgraded) {
    RuntimeDescription machine = laptop_with_onnxruntime();
    EngineRuntime& runtime = runtime_of(machine, Engine::onnxruntime);
    runtime.version = "1.10.0";
    const auto expect_upgrade = [&](const std::string& reason, const std::string& remedy) {
        expect_ranking(rank(machine, {onnx_package()}),
                       {{possible, "onnx-fp32 onnxruntime cpu", reason, remedy},
                        {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"}});
    };
    expect_upgrade("ONNX Runtime 1.10.0 is too old, 1.16 is the oldest that works",
                   "pip install onnxruntime --upgrade");
    runtime.installed = false;
    runtime.version.clear();
    runtime.why_not = "ONNX Runtime 1.10.0 is older than 1.16";
    runtime.remedy = "pip install --upgrade onnxruntime-gpu";
    expect_upgrade("ONNX Runtime 1.10.0 is older than 1.16", "pip install --upgrade onnxruntime-gpu");
}

TEST(Machines, WhereAGpuShouldBeUsedItsBuildIsInstalled) {
    RuntimeDescription machine = cuda_server();
    EngineRuntime& runtime = runtime_of(machine, Engine::onnxruntime);
    RuntimeDescription nothing = machine_with_nothing();
    runtime = runtime_of(nothing, Engine::onnxruntime);
    runtime.remedy = "pip install --upgrade onnxruntime";
    runtime.searched = {{"VIRTUAL_ENV", "/venv", "ONNX Runtime 1.10.0 is older than 1.16"}};
    std::vector<Candidate> candidates = rank(machine, {onnx_package()});
    ASSERT_EQ(where(candidates[0]), "onnx-fp32 onnxruntime cuda:0");
    EXPECT_EQ(candidates[0].remedy, "pip install onnxruntime-gpu");
    EXPECT_EQ(candidates[1].remedy, "pip install --upgrade onnxruntime");

    // No installation helps against a variable.
    runtime.remedy = "unset INFERENCE_MODELS_ONNXRUNTIME_LIBRARY";
    runtime.searched = {{"INFERENCE_MODELS_ONNXRUNTIME_LIBRARY", "/nowhere", "does not exist"}};
    candidates = rank(machine, {onnx_package()});
    ASSERT_EQ(where(candidates[0]), "onnx-fp32 onnxruntime cuda:0");
    EXPECT_EQ(candidates[0].remedy, "unset INFERENCE_MODELS_ONNXRUNTIME_LIBRARY");
    EXPECT_EQ(candidates[1].remedy, "unset INFERENCE_MODELS_ONNXRUNTIME_LIBRARY");
}

TEST(Machines, CommandsAreForTheEnvironmentOfTheProduct) {
    RuntimeDescription machine = arm_board();
    std::ranges::find(machine.extras, "onnx-cpu", &Extra::name)->command =
        "uv pip install --python \"/my install /venv\" onnxruntime";
    std::ranges::find(machine.extras, "trt10", &Extra::name)->command =
        "/venv/bin/pip install \"tensorrt-cu12>=10,<11\"";
    machine.gpus = cuda_server().gpus;
    machine.cuda = cuda_server().cuda;
    formats::Package newer = onnx_package();
    newer.onnx->opset = 21;
    const std::vector<Candidate> candidates = rank(machine, {newer, tensorrt_package()});
    ASSERT_EQ(where(candidates[0]), "trt-fp16 tensorrt cuda:0");
    EXPECT_EQ(candidates[0].remedy, "/venv/bin/pip install tensorrt-cu12==10.9.0.34");
    ASSERT_EQ(where(candidates[1]), "onnx-fp32 onnxruntime cpu");
    EXPECT_EQ(candidates[1].remedy, "uv pip install --python \"/my install /venv\" onnxruntime --upgrade");
}

TEST(Machines, NoGpuBuildIsPromisedWhereTheIndexHasNone) {
    RuntimeDescription machine = arm_board();
    machine.gpus = cuda_server().gpus;
    machine.cuda = cuda_server().cuda;
    expect_ranking(rank(machine, {onnx_package()}),
                   {{chosen, "onnx-fp32 onnxruntime cpu", "onnxruntime 1.16.3 on cpu"},
                    {possible, "onnx-fp32 openvino cpu", "OpenVINO is not installed", "pip install openvino"},
                    {rejected, "onnx-fp32 onnxruntime cuda:0", "is a build without GPU support"}});
}

}  // namespace
}  // namespace inference_models::selection
