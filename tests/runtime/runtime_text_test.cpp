#include <gmock/gmock.h>

#include <inference_models/runtime_description.hpp>

namespace inference_models {
namespace {

EngineRuntime installed(const std::string& version, const std::string& library, const std::string& cuda_version) {
    EngineRuntime runtime;
    runtime.installed = true;
    runtime.version = version;
    runtime.library = library;
    runtime.cuda_version = cuda_version;
    return runtime;
}

EngineRuntime missing(Engine engine, const std::string& why_not, const std::string& remedy) {
    EngineRuntime runtime;
    runtime.engine = engine;
    runtime.why_not = why_not;
    runtime.remedy = remedy;
    return runtime;
}

TEST(RuntimeText, IsATableForPeople) {
    RuntimeDescription machine;
    machine.product_version = "0.1.0";
    machine.os = "Debian GNU/Linux 12 (bookworm)";
    machine.kernel = "6.1.0";
    machine.libc = "glibc 2.36";
    machine.cpu = {"Test CPU", "x86_64", {"avx2", "avx512"}, 8, 4, 1.5, 1};
    machine.memory = {16ULL << 30U, 8ULL << 30U, 2ULL << 30U};
    machine.gpus = {{"NVIDIA L4", "8.9", 24ULL << 30U}};
    machine.cuda = {"570.86.15", "12.8", {{"12.8", "/usr/local/cuda/lib64/libcudart.so.12.8.90"}}};
    EngineRuntime onnxruntime = installed("1.32.0", "/venv/libonnxruntime.so.1.32.0", "12");
    onnxruntime.adapter = "/opt/product/lib/libinference_models_onnxruntime.so";
    onnxruntime.execution_providers = {"CUDAExecutionProvider", "CPUExecutionProvider"};
    EngineRuntime torch = installed("2.12.1", "/venv/libtorch_cpu.so", "");
    torch.engine = Engine::torch;
    torch.adapter_compiler = "/usr/bin/g++";
    machine.engines = {onnxruntime, torch, missing(Engine::openvino, "OpenVINO was not found", "pip install openvino")};
    machine.extras = {{"onnx-cpu", true, "onnxruntime 1.32.0", "pip install onnxruntime"},
                      {"openvino", false, "openvino is not installed", "pip install openvino"}};
    EXPECT_EQ(to_text(machine),
              R"(Machine
  product       inference_models 0.1.0
  system        Debian GNU/Linux 12 (bookworm), kernel 6.1.0, glibc 2.36
  processor     Test CPU (x86_64)
  instructions  avx2 avx512
  cores         8 online, 4 by affinity, 1.5 by control group: 1 thread
  memory        16.0 GiB, 8.0 GiB available, 2.0 GiB by control group
  gpu 0         NVIDIA L4, compute capability 8.9, 24.0 GiB

Engines
  engine        state      version  cuda  adapter
  ONNX Runtime  installed  1.32.0   12    yes
      /venv/libonnxruntime.so.1.32.0
      with CUDAExecutionProvider, CPUExecutionProvider
  PyTorch       installed  2.12.1   -     on first use
      /venv/libtorch_cpu.so
  OpenVINO      missing    -        -     no
      OpenVINO was not found
      pip install openvino

CUDA
  driver   570.86.15, runs CUDA 12.8
  runtime  12.8 /usr/local/cuda/lib64/libcudart.so.12.8.90

Extras
  onnx-cpu  yes  onnxruntime 1.32.0
  openvino  no   openvino is not installed
                 pip install openvino
)");
}

TEST(RuntimeText, OfAnEmptyDescriptionHasAllSections) {
    const std::string text = to_text(RuntimeDescription{});
    for (const char* section : {"Machine\n", "Engines\n", "CUDA\n", "Extras\n"}) {
        EXPECT_THAT(text, ::testing::HasSubstr(section));
    }
    EXPECT_TRUE(text.ends_with('\n') && !text.ends_with("\n\n"));
}

TEST(RuntimeText, NamesCannotSteerATerminal) {
    const std::string evil = "a\x1b[2J\nb\xff\xC2\x9B";
    RuntimeDescription machine;
    machine.os = evil;
    machine.gpus = {{evil, evil, 0}};
    machine.cuda = {evil, evil, {{evil, evil}}};
    machine.engines = {installed(evil, evil, evil), missing(Engine::torch, evil, evil)};
    machine.engines[0].execution_providers = {evil};
    machine.notes = {evil};
    machine.extras = {{evil, false, evil, evil}};
    const std::string text = to_text(machine);
    for (const char* part : {"\x1b", "\nb", "\xff", "\xC2\x9B"}) EXPECT_EQ(text.find(part), std::string::npos);
    EXPECT_THAT(text, ::testing::HasSubstr("a?[2J b\xEF\xBF\xBD?"));
}

}  // namespace
}  // namespace inference_models
