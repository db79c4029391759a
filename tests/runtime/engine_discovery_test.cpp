#include "runtime/engine_discovery.hpp"

#include <elf.h>
#include <gmock/gmock.h>

#include <bit>
#include <cstring>

#include "runtime/adapters.hpp"
#include "runtime/fake_machine.hpp"

namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const fs::path kSite = "venv/lib/python3.11/site-packages";
const fs::path kOnnxRuntime = kSite / "onnxruntime/capi/libonnxruntime.so.1.32.0";

/// A virtual environment, active, with ONNX Runtime.
void add_onnxruntime(FakeMachine& machine) {
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    machine.add_distribution(kSite, "onnxruntime-1.32.0");
    machine.add_library(kOnnxRuntime);
}

EngineRuntime onnxruntime_of(const FakeMachine& machine) {
    return machine.description().engine(Engine::onnxruntime);
}

/// The bytes of a shared library that needs another one: one segment that is the whole file, and a dynamic section.
std::string library_that_needs(const std::string& name) {
    struct Layout {
        Elf64_Ehdr header;
        Elf64_Phdr segments[2];
        Elf64_Dyn entries[3];
    } layout{};
    constexpr std::uint64_t kBase = 0x10000;
    const std::string strings = std::string(1, '\0') + name + '\0';
    std::memcpy(layout.header.e_ident, ELFMAG, SELFMAG);
    layout.header.e_ident[EI_CLASS] = ELFCLASS64;
    layout.header.e_ident[EI_DATA] = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
    layout.header.e_phoff = offsetof(Layout, segments);
    layout.header.e_phentsize = sizeof(Elf64_Phdr);
    layout.header.e_phnum = 2;
    layout.segments[0].p_type = PT_LOAD;
    layout.segments[0].p_vaddr = kBase;
    layout.segments[0].p_filesz = sizeof(Layout) + strings.size();
    layout.segments[1].p_type = PT_DYNAMIC;
    layout.segments[1].p_offset = offsetof(Layout, entries);
    layout.segments[1].p_filesz = sizeof(layout.entries);
    layout.entries[0].d_tag = DT_NEEDED;
    layout.entries[0].d_un.d_val = 1;
    layout.entries[1].d_tag = DT_STRTAB;
    layout.entries[1].d_un.d_ptr = kBase + sizeof(Layout);
    std::string bytes(sizeof(Layout), '\0');
    std::memcpy(bytes.data(), &layout, sizeof(Layout));
    return bytes + strings;
}

TEST(EngineDiscovery, FindsTheActiveEnvironment) {
    FakeMachine machine;
    add_onnxruntime(machine);
    const EngineRuntime runtime = onnxruntime_of(machine);
    EXPECT_TRUE(runtime.installed);
    EXPECT_EQ(runtime.version, "1.32.0");
    EXPECT_EQ(runtime.library, machine.at(kOnnxRuntime));
    EXPECT_EQ(runtime.why_not, "");
    EXPECT_EQ(runtime.remedy, "");
    EXPECT_EQ(runtime.cuda_version, "");
    EXPECT_THAT(runtime.execution_providers, ElementsAre("CPUExecutionProvider"));
    ASSERT_THAT(runtime.searched, SizeIs(1));
    EXPECT_EQ(runtime.searched[0].origin, "VIRTUAL_ENV");
    EXPECT_EQ(runtime.searched[0].outcome, "found 1.32.0");
}

TEST(EngineDiscovery, FindsTheEnvironmentThatOurLibraryLiesIn) {
    const FakeMachine machine;
    machine.add("venv/pyvenv.cfg", "home = /usr/bin\n");
    machine.add("venv/bin/pip", "#!/usr/bin/python3\n");
    machine.add_library(kOnnxRuntime);
    Surroundings surroundings = machine.surroundings();
    surroundings.our_library = machine.at("venv/lib/libinference_models.so");
    const RuntimeDescription description = describe(surroundings);
    EXPECT_EQ(description.engine(Engine::onnxruntime).library, machine.at(kOnnxRuntime));
    EXPECT_EQ(description.engine(Engine::onnxruntime).version, "1.32.0");  // by the file's name: nothing else tells it
    EXPECT_EQ(description.engine(Engine::openvino).remedy, machine.at("venv/bin/pip").string() + " install openvino");
}

TEST(EngineDiscovery, FindsTheSitePackagesThatOurLibraryLiesIn) {
    const FakeMachine machine;
    const fs::path site = "usr/local/lib/python3.12/site-packages";
    machine.add_library(site / "onnxruntime/capi/libonnxruntime.so.1.27.0");
    Surroundings surroundings = machine.surroundings();
    surroundings.our_library = machine.at(site / "inference_models/lib/libinference_models.so");
    const EngineRuntime runtime = describe(surroundings).engine(Engine::onnxruntime);
    EXPECT_EQ(runtime.version, "1.27.0");
    EXPECT_EQ(runtime.searched.back().origin, "next to our library");
}

TEST(EngineDiscovery, OurEnvironmentGoesBeforeTheActiveOne) {
    FakeMachine machine;
    add_onnxruntime(machine);
    machine.add("ours/pyvenv.cfg", "home = /usr/bin\n");
    machine.add_library("ours/lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.20.1");
    Surroundings surroundings = machine.surroundings();
    surroundings.our_library = machine.at("ours/lib/libinference_models.so");
    EXPECT_EQ(describe(surroundings).engine(Engine::onnxruntime).version, "1.20.1");
}

TEST(EngineDiscovery, NamesUvWhereTheEnvironmentIsItsOwn) {
    const FakeMachine machine;
    machine.add("my venv/pyvenv.cfg", "home = /usr/bin\nuv = 0.9.1\n");
    Surroundings surroundings = machine.surroundings();
    surroundings.our_library = machine.at("my venv/lib/libinference_models.so");
    EXPECT_EQ(describe(surroundings).engine(Engine::openvino).remedy,
              "uv pip install --python '" + machine.at("my venv").string() + "' openvino");
}

TEST(EngineDiscovery, WhatTheProcessAlreadyHasGoesFirst) {
    FakeMachine machine;
    add_onnxruntime(machine);
    const fs::path mapped = machine.at("app dir/libonnxruntime.so.1.24.4");
    machine.add_library("app dir/libonnxruntime.so.1.24.4");
    machine.add("proc/self/maps",
                "7f00-7f01 r-xp 00000000 08:01 42    /usr/lib/libc.so.6\n7f02-7f03 r-xp 0 08:01 43    " +
                    mapped.string() + "\n");
    machine.set("INFERENCE_MODELS_ONNXRUNTIME_LIBRARY", machine.at(kOnnxRuntime));
    const EngineRuntime runtime = onnxruntime_of(machine);
    EXPECT_EQ(runtime.library, mapped);
    EXPECT_EQ(runtime.version, "1.24.4");
    EXPECT_EQ(runtime.searched[0].origin, "already in this process");
}

TEST(EngineDiscovery, TheEnvironmentVariableGoesBeforeInstalledPackages) {
    FakeMachine machine;
    add_onnxruntime(machine);
    machine.add_library("opt/libonnxruntime.so.1.30.0");
    machine.link("opt/libonnxruntime.so.1", "libonnxruntime.so.1.30.0");
    machine.set("INFERENCE_MODELS_ONNXRUNTIME_LIBRARY", machine.at("opt/libonnxruntime.so.1"));
    const EngineRuntime runtime = onnxruntime_of(machine);
    EXPECT_EQ(runtime.library, machine.at("opt/libonnxruntime.so.1"));
    EXPECT_EQ(runtime.version, "1.30.0");
    EXPECT_THAT(runtime.searched, SizeIs(1));
}

TEST(EngineDiscovery, AnEmptyEnvironmentVariableIsNone) {
    FakeMachine machine;
    add_onnxruntime(machine);
    machine.set("INFERENCE_MODELS_ONNXRUNTIME_LIBRARY", "");
    EXPECT_TRUE(onnxruntime_of(machine).installed);
}

TEST(EngineDiscovery, AWrongEnvironmentVariableIsAnOrderThatCannotBeFollowed) {
    FakeMachine machine;
    add_onnxruntime(machine);
    machine.add("text/libonnxruntime.so", "not a library");
    machine.add_library("other/libsomething.so");
    const std::pair<const char*, const char*> faults[]{{"nowhere/libonnxruntime.so", "does not exist"},
                                                       {"venv", "is a directory"},
                                                       {"text/libonnxruntime.so", "is not a shared library"},
                                                       {"other/libsomething.so", "is not named libonnxruntime.so"}};
    for (const auto& [path, fault] : faults) {
        machine.set("INFERENCE_MODELS_ONNXRUNTIME_LIBRARY", machine.at(path));
        const EngineRuntime runtime = onnxruntime_of(machine);
        EXPECT_FALSE(runtime.installed) << path;
        EXPECT_THAT(runtime.why_not, AllOf(HasSubstr("INFERENCE_MODELS_ONNXRUNTIME_LIBRARY"),
                                           HasSubstr(machine.at(path).string()), HasSubstr(fault)));
        EXPECT_EQ(runtime.remedy,
                  "unset INFERENCE_MODELS_ONNXRUNTIME_LIBRARY, or set INFERENCE_MODELS_ONNXRUNTIME_LIBRARY to the path "
                  "of a libonnxruntime.so");
        EXPECT_THAT(runtime.searched, SizeIs(1)) << path;
    }
}

TEST(EngineDiscovery, RefusesAReleaseThatIsTooOld) {
    FakeMachine machine;
    machine.add_library("opt/libonnxruntime.so.1.12.1");
    machine.set("INFERENCE_MODELS_ONNXRUNTIME_LIBRARY", machine.at("opt/libonnxruntime.so.1.12.1"));
    const EngineRuntime runtime = onnxruntime_of(machine);
    EXPECT_FALSE(runtime.installed);
    EXPECT_EQ(runtime.version, "");
    EXPECT_EQ(runtime.why_not, "ONNX Runtime 1.12.1 is older than 1.16, the oldest that this product drives");
    EXPECT_THAT(runtime.remedy, StartsWith("unset INFERENCE_MODELS_ONNXRUNTIME_LIBRARY, or"));
}

TEST(EngineDiscovery, AReleaseThatIsTooOldIsUpgradedAndNotInstalledBesides) {
    FakeMachine machine;
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    machine.add_distribution(kSite, "torch-2.3.0");
    machine.add_library(kSite / "torch/lib/libtorch_cpu.so");
    machine.add(kSite / "torch/version.py", "__version__ = '2.3.0+cpu'\n");
    machine.add_distribution(kSite, "onnxruntime-1.15.0");
    machine.add_library(kSite / "onnxruntime/capi/libonnxruntime.so.1.15.0");
    const RuntimeDescription description = machine.description();
    EXPECT_EQ(description.engine(Engine::torch).remedy, "pip install --upgrade torch");
    EXPECT_EQ(extra(description, "torch-cpu").command, "pip install --upgrade torch");
    EXPECT_EQ(extra(description, "torch-cpu").reason, description.engine(Engine::torch).why_not);
    EXPECT_EQ(extra(description, "torch-cu128").command,
              "pip install --upgrade torch --index-url https://download.pytorch.org/whl/cu128");
    EXPECT_EQ(description.engine(Engine::onnxruntime).remedy, "pip install --upgrade onnxruntime");
    EXPECT_EQ(extra(description, "onnx-cu12").command,
              "pip uninstall --yes onnxruntime && pip install --upgrade "
              "'onnxruntime-gpu[cuda,cudnn]>=1.21,<1.27'");
}

TEST(EngineDiscovery, AnOldLibraryOfTheProgramItselfIsTheProgramsToReplace) {
    const FakeMachine machine;
    machine.add_library("app/libonnxruntime.so.1.12.1");
    const std::string path = machine.at("app/libonnxruntime.so.1.12.1").string();
    machine.add("proc/self/maps", "7f02-7f03 r-xp 0 08:01 43    " + path + "\n");
    EXPECT_EQ(onnxruntime_of(machine).remedy, "start the program without " + path + ", or with a newer one");
}

TEST(EngineDiscovery, RefusesAWheelWithoutTheLibrary) {
    FakeMachine machine;
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    machine.add_distribution(kSite, "onnxruntime-1.16.3");
    machine.add(kSite / "onnxruntime/capi/onnxruntime_pybind11_state.cpython-311-x86_64-linux-gnu.so", kElf);
    const EngineRuntime runtime = onnxruntime_of(machine);
    EXPECT_FALSE(runtime.installed);
    EXPECT_EQ(runtime.why_not, "onnxruntime 1.16.3 has no libonnxruntime.so, which this product opens");
    EXPECT_EQ(runtime.remedy, "pip install --upgrade onnxruntime");
}

TEST(EngineDiscovery, UpgradesThePackageThatIsThere) {
    FakeMachine machine;
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    machine.add_distribution(kSite, "onnxruntime_gpu-1.18.1");
    EXPECT_EQ(onnxruntime_of(machine).remedy, "pip install --upgrade onnxruntime-gpu");
    machine.add_library(kSite / "onnxruntime/capi/libonnxruntime.so.1.15.0");
    EXPECT_THAT(onnxruntime_of(machine).why_not, HasSubstr("older than 1.16"));
    EXPECT_EQ(onnxruntime_of(machine).remedy, "pip install --upgrade onnxruntime-gpu");
}

TEST(EngineDiscovery, GoesOnAfterARefusal) {
    FakeMachine machine;
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    machine.add_distribution(kSite, "onnxruntime-1.16.3");
    machine.add_library("usr/lib/x86_64-linux-gnu/libonnxruntime.so.1.21.0");
    machine.link("usr/lib/x86_64-linux-gnu/libonnxruntime.so.1", "libonnxruntime.so.1.21.0");
    const EngineRuntime runtime = onnxruntime_of(machine);
    EXPECT_TRUE(runtime.installed);
    EXPECT_EQ(runtime.why_not, "");
    EXPECT_EQ(runtime.remedy, "");
    EXPECT_EQ(runtime.library, machine.at("usr/lib/x86_64-linux-gnu/libonnxruntime.so.1.21.0"));
    EXPECT_EQ(runtime.searched.front().outcome, "onnxruntime 1.16.3 has no libonnxruntime.so");
    EXPECT_EQ(runtime.searched.back().origin, "system loader");
}

TEST(EngineDiscovery, NotesBothPackagesInOneDirectoryAndTakesTheGpuBuild) {
    FakeMachine machine;
    add_onnxruntime(machine);
    machine.add_distribution(kSite, "onnxruntime_gpu-1.26.0");
    machine.add_library(kSite / "onnxruntime/capi/libonnxruntime.so.1.26.0");
    machine.add(kSite / "onnxruntime/capi/libonnxruntime_providers_cuda.so", library_that_needs("libcudart.so.12"));
    machine.add_library(kSite / "onnxruntime/capi/libonnxruntime_providers_tensorrt.so");
    const EngineRuntime runtime = onnxruntime_of(machine);
    EXPECT_EQ(runtime.version, "1.26.0");
    EXPECT_EQ(runtime.cuda_version, "12");
    EXPECT_THAT(runtime.execution_providers,
                ElementsAre("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"));
    EXPECT_THAT(runtime.searched.back().outcome,
                AllOf(HasSubstr("onnxruntime-gpu 1.26.0"), HasSubstr("onnxruntime 1.32.0"), HasSubstr("uninstall")));
}

TEST(EngineDiscovery, TakesTheNewestOfSeveralLibraries) {
    const FakeMachine machine;
    for (const char* version : {"1.9.0", "1.20.1", "1.19.2"}) {
        machine.add_library("usr/lib/x86_64-linux-gnu/libonnxruntime.so." + std::string(version));
    }
    machine.add_library("usr/lib/x86_64-linux-gnu/libonnxruntime.so.1.99.0.backup");
    EXPECT_EQ(onnxruntime_of(machine).version, "1.20.1");
}

TEST(EngineDiscovery, LooksInPackagesCondaVendorsPlacesAndTheLoadersInThisOrder) {
    FakeMachine machine;
    machine.add("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n");
    machine.add("etc/ld.so.conf.d/own.conf", "# comment\n/opt/own/lib\n");
    machine.add_library("opt/own/lib/libopenvino_c.so.2520");
    const auto version = [&] { return machine.description().engine(Engine::openvino).version; };
    EXPECT_EQ(version(), "2025.2.0");
    machine.add_library("preload/libopenvino_c.so.2024.4.0");
    machine.set("LD_LIBRARY_PATH", machine.at("nowhere").string() + ":" + machine.at("preload").string());
    EXPECT_EQ(version(), "2024.4.0");
    machine.add_library("intel/runtime/lib/intel64/libopenvino_c.so.2540");
    machine.set("INTEL_OPENVINO_DIR", machine.at("intel"));
    EXPECT_EQ(version(), "2025.4.0");
    machine.add_library("conda/lib/libopenvino_c.so.2530");
    machine.set("CONDA_PREFIX", machine.at("conda"));
    EXPECT_EQ(version(), "2025.3.0");
    machine.add_library("conda/lib/python3.12/site-packages/openvino/libs/libopenvino_c.so.2641");
    EXPECT_EQ(version(), "2026.4.1");
}

TEST(EngineDiscovery, TorchTellsItsVersionAndCudaInAFile) {
    FakeMachine machine;
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    machine.add_library(kSite / "torch/lib/libtorch_cpu.so");
    machine.add(kSite / "torch/version.py",
                "from typing import Optional\n\n__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip']\n"
                "__version__ = '2.13.0+cu128'\ndebug = False\ncuda: Optional[str] = '12.8'\n");
    EngineRuntime torch = machine.description().engine(Engine::torch);
    EXPECT_EQ(torch.version, "2.13.0");
    EXPECT_EQ(torch.cuda_version, "12.8");
    machine.add(kSite / "torch/version.py", "__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\n");
    EXPECT_EQ(machine.description().engine(Engine::torch).cuda_version, "");
    // Without it, the package's directory tells.
    std::filesystem::remove(machine.at(kSite / "torch/version.py"));
    machine.add_distribution(kSite, "torch-2.9.1+cu126");
    torch = machine.description().engine(Engine::torch);
    EXPECT_EQ(torch.version, "2.9.1");
    EXPECT_EQ(torch.cuda_version, "12.6");
}

TEST(EngineDiscovery, TorchFromTheArchiveOfLibtorch) {
    FakeMachine machine;
    machine.add_library("libtorch/lib/libtorch_cpu.so");
    machine.add("libtorch/build-version", "2.9.0+cu130\n");
    machine.set("LIBTORCH", machine.at("libtorch"));
    const EngineRuntime torch = machine.description().engine(Engine::torch);
    EXPECT_EQ(torch.version, "2.9.0");
    EXPECT_EQ(torch.cuda_version, "13.0");
}

TEST(EngineDiscovery, AnotherMajorOfTensorRtIsNotTaken) {
    FakeMachine machine;
    machine.set("VIRTUAL_ENV", machine.at("venv"));
    machine.add_distribution(kSite, "tensorrt_cu13_libs-11.4.0.12");
    machine.add_library(kSite / "tensorrt_libs/libnvinfer.so.11");
    const EngineRuntime tensorrt = machine.description().engine(Engine::tensorrt);
    EXPECT_FALSE(tensorrt.installed);
    EXPECT_THAT(tensorrt.why_not, AllOf(HasSubstr("11.4.0.12"), HasSubstr("libnvinfer.so.10")));
    EXPECT_EQ(tensorrt.remedy, "pip install --upgrade 'tensorrt-cu12>=10,<11'");
}

TEST(EngineDiscovery, AdaptersLieBesideOurLibraryOrWhereTheTestsSay) {
    FakeMachine machine;
    EXPECT_EQ(onnxruntime_of(machine).adapter, "");
    machine.add_library("adapters/libinference_models_onnxruntime.so");
    machine.set("INFERENCE_MODELS_ADAPTERS", machine.at("adapters"));
    EXPECT_EQ(onnxruntime_of(machine).adapter, machine.at("adapters/libinference_models_onnxruntime.so"));
}

EngineRuntime torch_of(const FakeMachine& machine) {
    return machine.description().engine(Engine::torch);
}

/// PyTorch 2.13.1 beside our library, which has the sources of adapters.
FakeMachine& with_torch(FakeMachine& machine) {
    machine.add_library("opt/product/torch/lib/libtorch_cpu.so");
    machine.add("opt/product/torch/version.py", "__version__ = '2.13.1+cpu'\n");
    machine.set("TORCH_ROOT", machine.at("opt/product/torch"));
    machine.add_directory("opt/product/share/inference_models/adapters");
    machine.set("HOME", machine.at("home"));
    return machine;
}

TEST(EngineDiscovery, ALinkedAdapterIsThatOfTheRuntimesMinorRelease) {
    FakeMachine machine;
    with_torch(machine);
    machine.add_library("opt/product/lib/libinference_models_torch-2.12.so");
    EXPECT_EQ(torch_of(machine).adapter, "");
    machine.add_library("opt/product/lib/libinference_models_torch-2.13.so");
    EXPECT_EQ(torch_of(machine).adapter, machine.at("opt/product/lib/libinference_models_torch-2.13.so"));
    EXPECT_EQ(torch_of(machine).why_not, "");
}

TEST(EngineDiscovery, ALinkedAdapterThatIsMissingIsBuiltWhereThereIsACompiler) {
    FakeMachine machine;
    with_torch(machine);
    EngineRuntime torch = torch_of(machine);
    EXPECT_TRUE(torch.installed);
    EXPECT_EQ(torch.why_not,
              "PyTorch 2.13.1 is installed, but has no adapter, and there is no C++ compiler to build it with");
    EXPECT_THAT(torch.remedy, AllOf(HasSubstr("apt-get install g++"), EndsWith("inference-models engine build torch")));

    machine.add("bin/g++", "");
    machine.set("PATH", machine.at("nowhere").string() + ":" + machine.at("bin").string());
    EXPECT_EQ(torch_of(machine).adapter_compiler, "");  // nobody may run it
    std::filesystem::permissions(machine.at("bin/g++"), std::filesystem::perms::owner_all);
    torch = torch_of(machine);
    EXPECT_EQ(torch.adapter_compiler, machine.at("bin/g++"));
    EXPECT_EQ(torch.why_not, "");
    EXPECT_EQ(torch.remedy, "");

    machine.add("opt/my-compiler", "");
    std::filesystem::permissions(machine.at("opt/my-compiler"), std::filesystem::perms::owner_all);
    machine.set("CXX", machine.at("opt/my-compiler"));
    EXPECT_EQ(torch_of(machine).adapter_compiler, machine.at("opt/my-compiler"));
}

TEST(EngineDiscovery, WithoutSourcesOrAPlaceForItNoAdapterIsPromised) {
    FakeMachine machine;
    with_torch(machine);
    machine.add("bin/g++", "");
    std::filesystem::permissions(machine.at("bin/g++"), std::filesystem::perms::owner_all);
    machine.set("PATH", machine.at("bin"));
    machine.set("HOME", "");
    EXPECT_THAT(torch_of(machine).why_not, HasSubstr("no cache directory"));
    EXPECT_THAT(torch_of(machine).remedy, HasSubstr("INFERENCE_MODELS_ADAPTERS"));
    std::filesystem::remove_all(machine.at("opt/product/share"));
    EXPECT_THAT(torch_of(machine).why_not, HasSubstr("nothing is here to build it from"));
    EXPECT_EQ(torch_of(machine).adapter_compiler, "");
}

TEST(EngineDiscovery, BuiltAdaptersAreFoundInTheUsersCacheOrWhereTheVariableSays) {
    FakeMachine machine;
    with_torch(machine);
    const auto& traits = engines::traits(Engine::torch);
    const auto in_cache = adapter_target(traits, "2.13.1", machine.surroundings());
    EXPECT_THAT(in_cache.string(), StartsWith(machine.at("home/.cache/inference_models/adapters/").string()));
    machine.add_library(in_cache.lexically_relative(machine.at("")));
    EXPECT_EQ(torch_of(machine).adapter, in_cache);
    machine.set("INFERENCE_MODELS_ADAPTERS", machine.at("mine"));
    const auto named = adapter_target(traits, "2.13.1", machine.surroundings());
    EXPECT_EQ(named, machine.at("mine/libinference_models_torch-2.13.so"));
    EXPECT_EQ(torch_of(machine).adapter, "");
    machine.add_library("mine/libinference_models_torch-2.13.so");
    EXPECT_EQ(torch_of(machine).adapter, named);
}

TEST(EngineDiscovery, ALibraryOfThisProcessIsNamedToTheProgramThatBuildsItsAdapter) {
    FakeMachine machine;
    with_torch(machine);
    const auto library = machine.at("opt/product/torch/lib/libtorch_cpu.so");
    machine.add("proc/self/maps", "7f00-7f01 r-xp 00000000 00:00 1 " + library.string() + "\n");
    EXPECT_THAT(torch_of(machine).remedy, EndsWith("INFERENCE_MODELS_TORCH_LIBRARY=" + library.string() +
                                                   " inference-models engine build torch"));
}

TEST(EngineDiscovery, PackagesOfThePythonThatImportedUsAreFound) {
    const FakeMachine machine;
    machine.add_distribution("usr/py/site", "onnxruntime-1.32.0");
    machine.add_library("usr/py/site/onnxruntime/capi/libonnxruntime.so.1.32.0");
    EXPECT_FALSE(onnxruntime_of(machine).installed);
    Surroundings surroundings = machine.surroundings();
    surroundings.python_site_packages = {machine.at("usr/py/site")};
    const EngineRuntime found = describe(surroundings).engine(Engine::onnxruntime);
    EXPECT_TRUE(found.installed);
    EXPECT_EQ(found.searched.back().origin, "this Python");
}

TEST(Describe, NamesAPackageThatHasOurImportName) {
    const FakeMachine machine;
    Surroundings surroundings = machine.surroundings();
    surroundings.python_site_packages = {machine.at("site")};
    machine.add_distribution("site", "inference_models-0.39.6");
    EXPECT_THAT(describe(surroundings).notes, ::testing::IsEmpty());  // ours is not in the same place
    machine.add_distribution("site", "inference_models_cpp-0.1.0");
    EXPECT_THAT(describe(surroundings).notes,
                ElementsAre(AllOf(HasSubstr("inference-models 0.39.6"), HasSubstr("uninstall --yes inference-models"),
                                  HasSubstr("inference-models-cpp"))));
}

TEST(EngineDiscovery, NothingInstalledIsAReasonWithACommand) {
    const FakeMachine machine;
    for (const EngineRuntime& runtime : machine.description().engines) {
        EXPECT_FALSE(runtime.installed);
        EXPECT_THAT(runtime.why_not, EndsWith(" was not found"));
        EXPECT_THAT(runtime.remedy, StartsWith("pip install "));
        EXPECT_THAT(runtime.execution_providers, IsEmpty());
        EXPECT_EQ(runtime.why_not.find('\n'), std::string::npos);
    }
    EXPECT_EQ(machine.description().engine(Engine::tensorrt).remedy, "pip install 'tensorrt-cu12>=10,<11'");
    EXPECT_EQ(machine.description().engine(Engine::torch).remedy,
              "pip install torch --index-url https://download.pytorch.org/whl/cpu");
}

}  // namespace
}  // namespace inference_models::runtime
