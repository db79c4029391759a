#include "runtime/extras.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/shell_quoting.hpp"
#include "common/version_number.hpp"
#include "engines/engine_catalog.hpp"
#include "runtime/python_packages.hpp"

namespace inference_models::runtime {
namespace {

using std::string_view;

// The builds of onnxruntime-gpu for CUDA 12: from 1.27 on it is CUDA 13, and the extras that bring CUDA itself begin
// with 1.21.
constexpr string_view kOnnxCuda12 = "onnxruntime-gpu[cuda,cudnn]>=1.21,<1.27";
constexpr string_view kTorchCpuIndex = " --index-url https://download.pytorch.org/whl/cpu";
constexpr string_view kTorchCuda128Index = " --index-url https://download.pytorch.org/whl/cu128";

bool is_missing(const EngineRuntime& runtime) {
    return !runtime.installed;
}

/// There is one, but not one that can be used.
bool is_refused(const EngineRuntime& runtime) {
    return !runtime.installed && !runtime.remedy.empty();
}

std::string why_missing(const EngineRuntime& runtime, string_view name) {
    return is_refused(runtime) ? runtime.why_not : fmt::format("{} is not installed", name);
}

/// The command that brings a build; pip leaves an old release of it where it is unless told to upgrade.
std::string installation(const EngineRuntime& runtime, const SearchPlaces& places, string_view requirement) {
    return pip_install(places, fmt::format("{}{}", is_refused(runtime) ? "--upgrade " : "", shell_quoted(requirement)));
}

/// The command where any build will do.
std::string plain_installation(const EngineRuntime& runtime, const SearchPlaces& places, string_view options = {}) {
    if (is_refused(runtime)) return runtime.remedy;
    return pip_install(places, shell_quoted(engines::traits(runtime.engine).requirement)) + std::string(options);
}

bool is_in_site_packages(const SearchPlaces& places, string_view distribution) {
    return std::ranges::any_of(places.site_packages, [&](const Place& place) {
        return find_distribution(place.path, distribution).has_value();
    });
}

/// `torch 2.13.0 (CUDA 12.8)`.
std::string name_of(const EngineRuntime& runtime) {
    const string_view version = runtime.version.empty() ? "of unknown version" : string_view(runtime.version);
    const std::string cuda = runtime.cuda_version.empty() ? "" : fmt::format(" (CUDA {})", runtime.cuda_version);
    return fmt::format("{} {}{}", to_string(runtime.engine), version, cuda);
}

/// What stands between this machine and a build for CUDA 12; empty where nothing does.
std::string obstacle_to_cuda12(const RuntimeDescription& machine) {
    if (machine.gpus.empty()) {
        return machine.cuda.driver_version.empty()
                   ? "; this machine has no NVIDIA GPU with a driver"
                   : "; the NVIDIA driver of this machine has no GPU, or CUDA_VISIBLE_DEVICES hides it";
    }
    const auto runs = parse_version_number(machine.cuda.driver_cuda_version);
    if (!runs || runs->major() >= 12) return {};
    return fmt::format("; the NVIDIA driver {} of this machine runs CUDA {} at most, update it",
                       machine.cuda.driver_version, machine.cuda.driver_cuda_version);
}

Extra onnx_cpu(const EngineRuntime& runtime, const SearchPlaces& places) {
    return {"onnx-cpu", runtime.installed, is_missing(runtime) ? why_missing(runtime, "onnxruntime") : name_of(runtime),
            plain_installation(runtime, places)};
}

Extra onnx_cuda12(const RuntimeDescription& machine, const EngineRuntime& runtime, const SearchPlaces& places) {
    const bool has_cuda =
        std::ranges::find(runtime.execution_providers, "CUDAExecutionProvider") != runtime.execution_providers.end();
    const auto cuda = parse_version_number(runtime.cuda_version);
    Extra extra{"onnx-cu12", has_cuda && cuda && cuda->major() == 12, {}, installation(runtime, places, kOnnxCuda12)};
    if (is_missing(runtime)) {
        extra.reason = why_missing(runtime, "onnxruntime-gpu");
    } else if (!has_cuda) {
        extra.reason = name_of(runtime) + " is a build for CPUs";
    } else {
        extra.reason = name_of(runtime);
        if (!cuda) extra.reason += " does not tell its CUDA version";
    }
    // Both packages write into one directory.
    if (runtime.installed ? !has_cuda : is_in_site_packages(places, "onnxruntime")) {
        extra.command = fmt::format("{} && {}", pip_uninstall(places, "onnxruntime"), extra.command);
    }
    if (machine.cpu.architecture == "x86_64") {
        extra.reason += obstacle_to_cuda12(machine);
    } else if (!extra.satisfied) {
        extra.reason += "; the package index has builds for CUDA 12 for x86_64 only";
    }
    return extra;
}

Extra torch_cpu(const EngineRuntime& runtime, const SearchPlaces& places) {
    return {"torch-cpu", runtime.installed, is_missing(runtime) ? why_missing(runtime, "torch") : name_of(runtime),
            plain_installation(runtime, places, kTorchCpuIndex)};
}

Extra torch_cuda128(const RuntimeDescription& machine, const EngineRuntime& runtime, const SearchPlaces& places) {
    Extra extra{"torch-cu128", runtime.installed && runtime.cuda_version == "12.8", {}, {}};
    // pip takes an installed torch of the same version for the wanted one, whatever CUDA it was built for.
    const bool is_other_build = runtime.installed && !extra.satisfied;
    extra.command =
        is_other_build ? pip_install(places, "--force-reinstall torch") : installation(runtime, places, "torch");
    extra.command += kTorchCuda128Index;
    if (is_missing(runtime)) {
        extra.reason = why_missing(runtime, "torch");
    } else {
        extra.reason = name_of(runtime) + (runtime.cuda_version.empty() ? " is a build for CPUs" : "");
    }
    extra.reason += obstacle_to_cuda12(machine);
    return extra;
}

Extra openvino(const EngineRuntime& runtime, const SearchPlaces& places) {
    return {"openvino", runtime.installed, is_missing(runtime) ? why_missing(runtime, "openvino") : name_of(runtime),
            plain_installation(runtime, places)};
}

Extra tensorrt10(const RuntimeDescription& machine, const EngineRuntime& runtime, const SearchPlaces& places) {
    // On a Jetson TensorRT is a part of JetPack; the package index has none for it.
    const std::string command = machine.jetson ? "sudo apt-get install --yes libnvinfer10 libnvonnxparsers10"
                                               : plain_installation(runtime, places);
    const std::string reason = is_missing(runtime) ? why_missing(runtime, "TensorRT 10") : name_of(runtime);
    return {"trt10", runtime.installed, reason + obstacle_to_cuda12(machine), command};
}

}  // namespace

std::vector<Extra> list_extras(const RuntimeDescription& machine, const SearchPlaces& places) {
    const EngineRuntime& onnxruntime = machine.engine(Engine::onnxruntime);
    const EngineRuntime& torch = machine.engine(Engine::torch);
    return {onnx_cpu(onnxruntime, places),
            onnx_cuda12(machine, onnxruntime, places),
            torch_cpu(torch, places),
            torch_cuda128(machine, torch, places),
            openvino(machine.engine(Engine::openvino), places),
            tensorrt10(machine, machine.engine(Engine::tensorrt), places)};
}

void name_installations(RuntimeDescription& machine) {
    for (EngineRuntime& runtime : machine.engines) {
        if (runtime.installed || !runtime.remedy.empty()) continue;
        const string_view name = engines::traits(runtime.engine).installations.front().extra;
        const auto extra = std::ranges::find(machine.extras, name, &Extra::name);
        if (extra != machine.extras.end()) runtime.remedy = extra->command;
    }
}

}  // namespace inference_models::runtime
