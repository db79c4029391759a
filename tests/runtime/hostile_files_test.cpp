#include <gmock/gmock.h>
#include <sys/stat.h>

#include <array>
#include <random>

#include "runtime/fake_machine.hpp"
#include "runtime/needed_libraries.hpp"

/// Whatever lies on a machine, it is described: nothing throws, crashes or waits.
namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;

const fs::path kSite = "venv/lib/python3.11/site-packages";
const std::array<fs::path, 16> kFiles{"proc/cpuinfo",
                                      "proc/meminfo",
                                      "proc/self/cgroup",
                                      "proc/self/maps",
                                      "proc/sys/kernel/osrelease",
                                      "proc/driver/nvidia/version",
                                      "proc/driver/nvidia/gpus/0/information",
                                      "proc/device-tree/model",
                                      "sys/devices/system/cpu/online",
                                      "etc/os-release",
                                      "etc/ld.so.conf",
                                      "etc/nv_tegra_release",
                                      "var/lib/dpkg/status",
                                      "usr/local/cuda/version.json",
                                      kSite / "torch/version.py",
                                      kSite / "onnxruntime/capi/libonnxruntime_providers_cuda.so"};

/// A machine on which each of these files and the libraries beside them are there.
void add_engines(FakeMachine& machine) {
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    machine.add_library(kSite / "onnxruntime/capi/libonnxruntime.so.1.32.0");
    machine.add_library(kSite / "torch/lib/libtorch_cpu.so");
    machine.add_library("usr/local/cuda/lib64/libcudart.so.12");
}

void expect_whole(const FakeMachine& machine) {
    RuntimeDescription description;
    ASSERT_NO_THROW(description = machine.description());
    EXPECT_EQ(description.engines.size(), 4U);
    EXPECT_GE(description.cpu.threads, 1U);
    EXPECT_NO_THROW((void)to_json(description));
    EXPECT_NO_THROW((void)to_text(description));
}

TEST(HostileFiles, RandomBytesEverywhere) {
    std::mt19937 random(7);
    for (int round = 0; round < 12; ++round) {
        FakeMachine machine;
        add_engines(machine);
        for (const fs::path& file : kFiles) {
            std::string bytes(random() % 3000, '\0');
            for (char& byte : bytes) byte = static_cast<char>(random());
            machine.add(file, bytes);
        }
        expect_whole(machine);
    }
}

TEST(HostileFiles, TextsThatBreakOffAnywhere) {
    const std::string text =
        "processor : 0\nmodel name : x\nMemTotal: 99999999999999999999 kB\n0::/a/b\n4:cpu:\n:::\nNVRM version: 1.\n"
        "Model:\n# R36 (release), REVISION: \nPackage: libnvinfer10\nVersion:\n__version__ = '2\ncuda: '\n{\"cuda\": "
        "1}";
    for (std::size_t length = 0; length <= text.size(); length += 13) {
        FakeMachine machine;
        add_engines(machine);
        for (const fs::path& file : kFiles) machine.add(file, text.substr(length));
        expect_whole(machine);
    }
}

TEST(HostileFiles, LoopsDirectoriesAndPipesInPlaceOfFiles) {
    for (int kind = 0; kind < 3; ++kind) {
        FakeMachine machine;
        add_engines(machine);
        for (const fs::path& file : kFiles) {
            fs::remove(machine.at(file));
            fs::create_directories(machine.at(file).parent_path());
            if (kind == 0) fs::create_symlink(machine.at(file), machine.at(file));
            if (kind == 1) fs::create_directory(machine.at(file));
            if (kind == 2) {
                ASSERT_EQ(::mkfifo(machine.at(file).c_str(), 0600), 0);
            }
        }
        machine.link("usr/lib/libtorch_cpu.so", "libtorch_cpu.so");
        machine.link("usr/lib/x86_64-linux-gnu", ".");
        expect_whole(machine);
    }
}

TEST(HostileFiles, AGroupOfAbsurdDepth) {
    const FakeMachine machine;
    std::string path = "0::";
    while (path.size() < 200'000) path += "/a";
    machine.add("proc/self/cgroup", path);
    machine.add("sys/fs/cgroup/cpu.max", "200000 100000");
    EXPECT_EQ(machine.description().cpu.cores_by_cgroup, 2.0);
}

TEST(HostileFiles, NamesThatAreNotUtf8) {
    FakeMachine machine;
    machine.set("VIRTUAL_ENV", machine.at("venv\xff"));
    machine.add_library("venv\xff/lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.32.0");
    machine.add("venv\xff/lib/python3.11/site-packages/openvino-\xfe.dist-info/METADATA", "\xff");
    machine.add("etc/os-release", "PRETTY_NAME=\"\xc3\x28\"\n");
    expect_whole(machine);
    const RuntimeDescription description = machine.description();
    EXPECT_TRUE(description.engine(Engine::onnxruntime).installed);
    EXPECT_THAT(to_json(description), ::testing::HasSubstr("venv\xEF\xBF\xBD/lib"));
}

TEST(HostileFiles, AbsurdVersionsAreNone) {
    for (const char* version : {"99999999999999999999", "'; rm -rf /", "", "2.13.0\x1b[31m"}) {
        FakeMachine machine;
        machine.set("VIRTUAL_ENV", machine.at("venv"));
        machine.add_library(kSite / "torch/lib/libtorch_cpu.so");
        machine.add(kSite / "torch/version.py", "__version__ = '" + std::string(version) + "'\n");
        const EngineRuntime torch = machine.description().engine(Engine::torch);
        EXPECT_TRUE(torch.installed);
        EXPECT_EQ(torch.version, "") << version;
    }
}

TEST(HostileFiles, AFileThatIsCutOffOrLiesAboutItselfNeedsNothing) {
    const FakeMachine machine;
    std::string bytes("\177ELF\2\1\1", 7);
    bytes.resize(64, '\xff');  // offsets and counts as large as can be
    for (std::size_t length = 0; length <= bytes.size(); ++length) {
        machine.add("library.so", bytes.substr(0, length));
        EXPECT_THAT(needed_libraries(machine.at("library.so")), ::testing::IsEmpty());
    }
    EXPECT_THAT(needed_libraries("/proc/self/mem"), ::testing::IsEmpty());
}

TEST(NeededLibraries, OfThisProgram) {
    EXPECT_THAT(needed_libraries("/proc/self/exe"), ::testing::Contains("libc.so.6"));
}

}  // namespace
}  // namespace inference_models::runtime
