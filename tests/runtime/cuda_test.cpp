#include "runtime/cuda.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>

#include <cstdlib>

#include "runtime/fake_machine.hpp"
#include "runtime/files.hpp"

namespace inference_models::runtime {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kVersionFile =
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\nGCC version:  12.2.0\n";

void add_driver(const FakeMachine& machine) {
    machine.add("proc/driver/nvidia/version", kVersionFile);
    machine.add("proc/driver/nvidia/gpus/0000:00:04.0/information", "Model: \t\t NVIDIA L4\nIRQ:   \t\t 34\n");
    machine.add("proc/driver/nvidia/gpus/0000:00:05.0/information", "Model: \t\t NVIDIA L4\n");
}

TEST(NvidiaDriver, IsReadFromTheKernelWhereNothingElseIsThere) {
    const FakeMachine machine;
    add_driver(machine);
    const RuntimeDescription description = machine.description();
    EXPECT_EQ(description.cuda.driver_version, "550.54.14");
    EXPECT_EQ(description.cuda.driver_cuda_version, "");
    ASSERT_THAT(description.gpus, SizeIs(2));
    EXPECT_EQ(description.gpus[0].name, "NVIDIA L4");
    EXPECT_EQ(description.gpus[0].compute_capability, "");
    EXPECT_EQ(description.gpus[0].memory_bytes, 0U);
}

TEST(NvidiaDriver, OfTheOpenKernelModule) {
    const FakeMachine machine;
    machine.add("proc/driver/nvidia/version",
                "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build  (buildbrain)\n");
    EXPECT_EQ(machine.description().cuda.driver_version, "540.4.0");
}

TEST(NvidiaDriver, WithoutGpus) {
    const FakeMachine machine;
    machine.add("proc/driver/nvidia/version", kVersionFile);
    const RuntimeDescription description = machine.description();
    EXPECT_EQ(description.cuda.driver_version, "550.54.14");
    EXPECT_THAT(description.gpus, IsEmpty());
    EXPECT_THAT(extra(description, "torch-cu128").reason, ::testing::HasSubstr("driver of this machine has no GPU"));
}

/// Three GPUs of different kinds, told by the kernel.
class VisibleGpus : public ::testing::Test {
protected:
    VisibleGpus() {
        machine.add("proc/driver/nvidia/version", kVersionFile);
        add_gpu("0", "A", "GPU-11111111-2222");
        add_gpu("1", "B", "GPU-11112222-3333");
        add_gpu("2", "C", "GPU-33333333-4444");
    }

    void add_gpu(const std::string& address, const std::string& name, const std::string& uuid) const {
        machine.add("proc/driver/nvidia/gpus/" + address + "/information",
                    "Model: \t\t " + name + "\nIRQ:   \t\t 34\nGPU UUID: \t " + uuid + "\n");
    }

    std::string visible_with(const std::string& order) {
        machine.set("CUDA_VISIBLE_DEVICES", order);
        std::string names;
        for (const GpuDescription& gpu : machine.description().gpus) names += gpu.name;
        return names;
    }

    FakeMachine machine;
};

TEST_F(VisibleGpus, AreAllWithoutAnOrder) {
    EXPECT_THAT(machine.description().gpus, SizeIs(3));
}

TEST_F(VisibleGpus, ByIndexInTheOrderGiven) {
    EXPECT_EQ(visible_with("1"), "B");
    EXPECT_EQ(visible_with("2,0"), "CA");
    EXPECT_EQ(visible_with(" 0 , 1 "), "AB");
}

TEST_F(VisibleGpus, NoneWhereTheOrderIsEmptyOrNamesNone) {
    for (const char* order : {"", "-1", "none", "NoDevFiles", "7", "0x", "99999999999999999999"}) {
        EXPECT_EQ(visible_with(order), "") << order;
    }
    EXPECT_EQ(machine.description().cuda.driver_version, "550.54.14");
}

TEST_F(VisibleGpus, StopAtTheFirstEntryThatNamesNone) {
    EXPECT_EQ(visible_with("1,-1,0"), "B");
    EXPECT_EQ(visible_with("2,5,0"), "C");
}

TEST_F(VisibleGpus, NoneWhereOneIsNamedTwice) {
    EXPECT_EQ(visible_with("1,1"), "");
}

TEST_F(VisibleGpus, ByTheBeginningOfTheirUuids) {
    EXPECT_EQ(visible_with("GPU-33333333-4444,GPU-11111"), "CA");
    EXPECT_EQ(visible_with("GPU-1111"), "");  // two begin so
    EXPECT_EQ(visible_with("GPU-99"), "");
}

TEST_F(VisibleGpus, AreAllWhereTheOrderCannotBeResolved) {
    EXPECT_EQ(visible_with("MIG-0123"), "ABC");
    add_gpu("1", "B", "GPU-\?\?\?\?\?\?\?\?-\?\?\?\?");
    EXPECT_EQ(visible_with("GPU-33333333"), "ABC");
    EXPECT_EQ(visible_with("2"), "C");
}

TEST_F(VisibleGpus, OfAJetsonToo) {
    std::filesystem::remove_all(machine.at("proc/driver"));
    machine.add("proc/device-tree/model", "NVIDIA Jetson AGX Orin");
    EXPECT_EQ(visible_with("0"), "Orin (integrated)");
    EXPECT_EQ(visible_with(""), "");
}

class ManagementLibrary : public ::testing::Test {
protected:
    ManagementLibrary() {
        add_driver(machine);
        machine.nvml = FAKE_NVML;
        ::setenv("FAKE_NVML_LOG", log().c_str(), 1);
    }
    ~ManagementLibrary() override {
        ::unsetenv("FAKE_NVML_LOG");
        ::unsetenv("FAKE_NVML_FAILS");
    }
    ManagementLibrary(const ManagementLibrary&) = delete;
    ManagementLibrary& operator=(const ManagementLibrary&) = delete;
    [[nodiscard]] std::string log() const { return machine.at("nvml.log").string(); }

    FakeMachine machine;
};

TEST_F(ManagementLibrary, TellsWhatTheKernelDoesNot) {
    const RuntimeDescription description = machine.description();
    EXPECT_EQ(description.cuda.driver_version, "570.86.15");
    EXPECT_EQ(description.cuda.driver_cuda_version, "12.8");
    ASSERT_THAT(description.gpus, SizeIs(1));  // the other one cannot be asked
    EXPECT_EQ(description.gpus[0].name, "NVIDIA L4");
    EXPECT_EQ(description.gpus[0].compute_capability, "8.9");
    EXPECT_EQ(description.gpus[0].memory_bytes, 24152899584U);
}

TEST_F(ManagementLibrary, TellsUuids) {
    machine.set("CUDA_VISIBLE_DEVICES", "GPU-11111111-aaaa");
    EXPECT_THAT(machine.description().gpus, SizeIs(1));
    machine.set("CUDA_VISIBLE_DEVICES", "GPU-2");
    EXPECT_THAT(machine.description().gpus, IsEmpty());
}

TEST_F(ManagementLibrary, IsShutDownAndClosed) {
    EXPECT_THAT(machine.description().gpus, SizeIs(1));
    EXPECT_EQ(read_text(log()), "shut down");
    EXPECT_EQ(::dlopen(FAKE_NVML, RTLD_NOW | RTLD_NOLOAD), nullptr);
}

TEST_F(ManagementLibrary, IsNotOpenedWithoutADriver) {
    std::filesystem::remove_all(machine.at("proc/driver"));
    EXPECT_THAT(machine.description().gpus, IsEmpty());
    EXPECT_FALSE(file_exists(log()));
}

TEST_F(ManagementLibrary, ThatFailsLeavesWhatTheKernelTells) {
    ::setenv("FAKE_NVML_FAILS", "1", 1);
    const RuntimeDescription description = machine.description();
    EXPECT_EQ(description.cuda.driver_version, "550.54.14");
    EXPECT_THAT(description.gpus, SizeIs(2));
}

TEST_F(ManagementLibrary, ThatIsMissingOrHasNoFunctionsLeavesWhatTheKernelTells) {
    for (const char* library : {"/nowhere/libnvidia-ml.so.1", "libm.so.6"}) {
        machine.nvml = library;
        EXPECT_THAT(machine.description().gpus, SizeIs(2)) << library;
    }
}

TEST(CudaRuntimes, OfWheelsToolkitsAndTheSystem) {
    FakeMachine machine;
    const std::filesystem::path site = "venv/lib/python3.12/site-packages";
    machine.add_distribution(site, "nvidia_cuda_runtime_cu12-12.8.90");
    machine.add_library(site / "nvidia/cuda_runtime/lib/libcudart.so.12");
    machine.add_distribution(site, "nvidia_cuda_runtime-13.0.96");
    machine.add_library(site / "nvidia/cu13/lib/libcudart.so.13");
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    machine.add_library("usr/local/cuda-12.6/targets/x86_64-linux/lib/libcudart.so.12.6.68");
    machine.link("usr/local/cuda-12.6/targets/x86_64-linux/lib/libcudart.so.12", "libcudart.so.12.6.68");
    machine.link("usr/local/cuda-12.6/lib64", "targets/x86_64-linux/lib");
    machine.link("usr/local/cuda", "cuda-12.6");
    machine.add("usr/local/cuda-11.8/version.json", R"({"cuda": {"version": "11.8.0"}})");
    machine.add_library("usr/local/cuda-11.8/lib64/libcudart.so.11.0");
    machine.link("usr/lib/x86_64-linux-gnu/libcudart.so.12", "libcudart.so.12.0.146");
    machine.add_library("usr/lib/x86_64-linux-gnu/libcudart.so.12.0.146");

    std::vector<std::string> versions;
    for (const CudaRuntime& runtime : machine.description().cuda.runtimes) versions.push_back(runtime.version);
    // CUDA 11's library is called 11.0 in each of its releases: the toolkit knows better.
    EXPECT_THAT(versions, ::testing::UnorderedElementsAre("12.8", "13.0", "12.6", "11.8", "12.0"));
}

TEST(CudaRuntimes, KnowAtLeastTheMajorVersion) {
    const FakeMachine machine;
    machine.add_library("usr/lib/x86_64-linux-gnu/libcudart.so.13");
    ASSERT_THAT(machine.description().cuda.runtimes, SizeIs(1));
    EXPECT_EQ(machine.description().cuda.runtimes[0].version, "13");
}

}  // namespace
}  // namespace inference_models::runtime
