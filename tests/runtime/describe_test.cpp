#include "runtime/describe.hpp"

#include <gmock/gmock.h>
#include <sched.h>

#include <fstream>
#include <inference_models/error.hpp>
#include <sstream>

#include "runtime/fake_machine.hpp"

namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Describe, ACudaServerWithTensorRtAndTorch) {
    FakeMachine machine;
    machine.add("etc/os-release", "NAME=\"Ubuntu\"\nPRETTY_NAME=\"Ubuntu 22.04.5 LTS\"\n");
    machine.add("proc/sys/kernel/osrelease", "6.8.0-51-generic\n");
    machine.add("proc/driver/nvidia/version",
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan 23\n");
    machine.nvml = FAKE_NVML;
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    const fs::path site = "venv/lib/python3.12/site-packages";
    machine.add_distribution(site, "torch-2.9.1+cu128");
    machine.add_library(site / "torch/lib/libtorch_cpu.so");
    machine.add(site / "torch/version.py", "__version__ = '2.9.1+cu128'\ncuda: Optional[str] = '12.8'\n");
    machine.add_distribution(site, "tensorrt_cu12_libs-10.9.0.34");
    machine.add_library(site / "tensorrt_libs/libnvinfer.so.10");
    machine.add_distribution(site, "nvidia_cuda_runtime_cu12-12.8.90");
    machine.add_library(site / "nvidia/cuda_runtime/lib/libcudart.so.12");

    const RuntimeDescription server = machine.description();
    EXPECT_EQ(server.os, "Ubuntu 22.04.5 LTS");
    EXPECT_EQ(server.kernel, "6.8.0-51-generic");
    EXPECT_EQ(server.libc, "glibc 2.36");
    EXPECT_EQ(server.memory.total_bytes, 16'000'000'000U / 1000 * 1024);
    EXPECT_EQ(server.memory.available_bytes, 8'000'000'000U / 1000 * 1024);
    ASSERT_THAT(server.gpus, SizeIs(1));
    EXPECT_EQ(server.cuda.driver_cuda_version, "12.8");
    ASSERT_THAT(server.cuda.runtimes, SizeIs(1));
    EXPECT_EQ(server.cuda.runtimes[0].version, "12.8");
    EXPECT_EQ(server.jetson, std::nullopt);
    EXPECT_EQ(server.engine(Engine::torch).version, "2.9.1");
    EXPECT_EQ(server.engine(Engine::tensorrt).version, "10.9.0.34");
    EXPECT_EQ(server.engine(Engine::tensorrt).cuda_version, "12");
    EXPECT_FALSE(server.engine(Engine::onnxruntime).installed);

    EXPECT_TRUE(extra(server, "trt10").satisfied);
    EXPECT_TRUE(extra(server, "torch-cu128").satisfied);
    EXPECT_TRUE(extra(server, "torch-cpu").satisfied);
    EXPECT_FALSE(extra(server, "onnx-cu12").satisfied);
    EXPECT_EQ(extra(server, "onnx-cu12").reason, "onnxruntime-gpu is not installed");
    EXPECT_EQ(extra(server, "onnx-cu12").command, "pip install 'onnxruntime-gpu[cuda,cudnn]>=1.21,<1.27'");
    EXPECT_EQ(extra(server, "torch-cpu").command, "pip install torch --index-url https://download.pytorch.org/whl/cpu");
}

TEST(Describe, AJetsonOrinWithL4T36) {
    FakeMachine machine;
    machine.architecture = "aarch64";
    machine.add("proc/device-tree/model", std::string_view("NVIDIA Jetson Orin Nano Engineering Reference Kit\0", 50));
    machine.add("etc/nv_tegra_release",
                "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n");
    machine.add("var/lib/dpkg/status",
                "Package: libnvinfer10\nStatus: install ok installed\nVersion: 10.3.0.30-1+cuda12.5\n\n");
    machine.add_library("usr/lib/aarch64-linux-gnu/libnvinfer.so.10.3.0");
    machine.link("usr/lib/aarch64-linux-gnu/libnvinfer.so.10", "libnvinfer.so.10.3.0");
    machine.add_library("usr/local/cuda-12.6/targets/aarch64-linux/lib/libcudart.so.12.6.68");

    const RuntimeDescription jetson = machine.description();
    ASSERT_TRUE(jetson.jetson);
    EXPECT_EQ(jetson.jetson->module, "NVIDIA Jetson Orin Nano Engineering Reference Kit");
    EXPECT_EQ(jetson.jetson->l4t_version, "36.4.3");
    ASSERT_THAT(jetson.gpus, SizeIs(1));
    EXPECT_EQ(jetson.gpus[0].compute_capability, "8.7");
    EXPECT_EQ(jetson.gpus[0].memory_bytes, jetson.memory.total_bytes);
    ASSERT_THAT(jetson.cuda.runtimes, SizeIs(1));
    EXPECT_EQ(jetson.cuda.runtimes[0].version, "12.6");
    EXPECT_EQ(jetson.engine(Engine::tensorrt).version, "10.3.0");
    EXPECT_EQ(jetson.engine(Engine::tensorrt).cuda_version, "12.5");
    EXPECT_THAT(extra(jetson, "trt10").command, HasSubstr("apt-get"));
    EXPECT_THAT(extra(jetson, "onnx-cu12").reason, HasSubstr("x86_64 only"));
}

TEST(Describe, AJetsonInAContainerTellsItsL4TByItsPackages) {
    const FakeMachine machine;
    machine.add("proc/device-tree/model", "NVIDIA Jetson AGX Xavier");
    machine.add("var/lib/dpkg/status",
                "Package: nvidia-l4t-core\nStatus: install ok installed\nVersion: 35.4.1-20230801124926\n");
    const RuntimeDescription jetson = machine.description();
    ASSERT_TRUE(jetson.jetson);
    EXPECT_EQ(jetson.jetson->l4t_version, "35.4.1");
    EXPECT_EQ(jetson.gpus.at(0).compute_capability, "7.2");
    machine.add("var/lib/dpkg/status",
                "Package: nvidia-l4t-core\nStatus: deinstall ok config-files\nVersion: 35.4.1-20230801124926\n");
    EXPECT_EQ(machine.description().jetson->l4t_version, "");
}

TEST(Describe, AnArmBoardIsNoJetson) {
    FakeMachine machine;
    machine.architecture = "aarch64";
    machine.add("proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0");
    const RuntimeDescription board = machine.description();
    EXPECT_EQ(board.jetson, std::nullopt);
    EXPECT_THAT(board.gpus, IsEmpty());
    EXPECT_EQ(board.cuda.driver_version, "");
    EXPECT_THAT(extra(board, "trt10").reason, HasSubstr("no NVIDIA GPU"));
}

TEST(Describe, ALaptopWithOnnxRuntimeAlone) {
    const FakeMachine machine;
    machine.add("venv/pyvenv.cfg", "home = /usr/bin\n");
    machine.add("venv/bin/pip", "#!/usr/bin/python3\n");
    machine.add_library("venv/lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.32.0");
    Surroundings surroundings = machine.surroundings();
    surroundings.our_library = machine.at("venv/lib/libinference_models.so");
    const RuntimeDescription laptop = describe(surroundings);
    const std::string pip = machine.at("venv/bin/pip").string();
    EXPECT_TRUE(extra(laptop, "onnx-cpu").satisfied);
    EXPECT_EQ(extra(laptop, "onnx-cpu").reason, "onnxruntime 1.32.0");
    EXPECT_EQ(extra(laptop, "onnx-cpu").command, pip + " install onnxruntime");
    EXPECT_FALSE(extra(laptop, "onnx-cu12").satisfied);
    EXPECT_THAT(extra(laptop, "onnx-cu12").reason, HasSubstr("build for CPUs; this machine has no NVIDIA GPU"));
    EXPECT_EQ(extra(laptop, "onnx-cu12").command,
              pip + " uninstall --yes onnxruntime && " + pip + " install 'onnxruntime-gpu[cuda,cudnn]>=1.21,<1.27'");
    EXPECT_EQ(extra(laptop, "openvino").command, pip + " install openvino");
}

TEST(Describe, ATorchForAnotherCudaIsReplaced) {
    FakeMachine machine;
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    machine.add_library("venv/lib/python3.12/site-packages/torch/lib/libtorch_cpu.so");
    machine.add("venv/lib/python3.12/site-packages/torch/version.py", "__version__ = '2.13.0+cpu'\ncuda = None\n");
    const Extra cuda = extra(machine.description(), "torch-cu128");
    EXPECT_FALSE(cuda.satisfied);
    EXPECT_THAT(cuda.reason, HasSubstr("torch 2.13.0 is a build for CPUs"));
    EXPECT_EQ(cuda.command, "pip install --force-reinstall torch --index-url https://download.pytorch.org/whl/cu128");
}

TEST(Describe, HasOneEntryForEachEngineAndExtra) {
    const FakeMachine machine;
    const RuntimeDescription description = machine.description();
    EXPECT_THAT(description.engines, SizeIs(4));
    EXPECT_THAT(description.extras, SizeIs(6));
    EXPECT_EQ(description.engine(Engine::openvino).engine, Engine::openvino);
    EXPECT_THROW((void)RuntimeDescription{}.engine(Engine::torch), Error);
}

std::string maps_of_this_process() {
    const std::ifstream file("/proc/self/maps");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Describe, ThisMachine) {
    const RuntimeDescription machine = this_machine();
    EXPECT_FALSE(machine.kernel.empty());
    EXPECT_THAT(machine.libc, HasSubstr("glibc"));
    EXPECT_GT(machine.memory.total_bytes, 0U);
    cpu_set_t affinity;
    ASSERT_EQ(::sched_getaffinity(0, sizeof(affinity), &affinity), 0);
    EXPECT_EQ(machine.cpu.cores_by_affinity, static_cast<std::uint32_t>(CPU_COUNT(&affinity)));
    EXPECT_GE(machine.cpu.threads, 1U);
    EXPECT_LE(machine.cpu.threads, machine.cpu.cores_by_affinity);
}

TEST(Describe, OpensNoRuntimeInThisProcess) {
    (void)describe(Surroundings::of_this_process());
    const std::string maps = maps_of_this_process();
    for (const char* library : {"libonnxruntime", "libtorch", "libopenvino", "libnvinfer", "libcudart", "libcuda.so"}) {
        EXPECT_THAT(maps, Not(HasSubstr(library)));
    }
}

TEST(Describe, FindsOurOwnLibraryFromOneOfItsFunctions) {
    const Surroundings surroundings = Surroundings::of_this_process();
    EXPECT_EQ(fs::canonical(surroundings.our_library), fs::canonical("/proc/self/exe"));  // the tests contain the code
    EXPECT_TRUE(surroundings.our_library.is_absolute());
}

}  // namespace
}  // namespace inference_models::runtime
