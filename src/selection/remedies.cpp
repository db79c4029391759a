#include "selection/remedies.hpp"

#include "common/shell_quoting.hpp"
#include "common/version_number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace inference_models::selection {
namespace {

/// The oldest driver that runs the builds of a CUDA major version.
struct OldestDriver {
    std::string_view cuda_major;
    std::string_view driver;
};

constexpr std::array kOldestDrivers{
    OldestDriver{"11", "450"},
    OldestDriver{"12", "525"},
    OldestDriver{"13", "580"},
};

/// The name in a requirement: `tensorrt-cu12` of `tensorrt-cu12>=10,<11`.
std::string_view distribution(const engines::EngineTraits& traits) {
    return traits.requirement.substr(0, traits.requirement.find_first_of("<>=!~ ["));
}

/// The package index has GPU builds of an engine for this machine.
bool has_gpu_wheels(const RuntimeDescription& machine, Engine engine) {
    switch (engine) {
        case Engine::onnxruntime: return machine.cpu.architecture == "x86_64";
        case Engine::torch: return !machine.jetson;
        case Engine::openvino: return false;
        case Engine::tensorrt: return true;  // on a Jetson from JetPack
    }
    return false;
}

std::string extra_command(const RuntimeDescription& machine, Engine engine, DeviceKind device) {
    if (device == DeviceKind::cuda && !has_gpu_wheels(machine, engine)) return {};
    const auto installations = engines::traits(engine).installations;
    const auto known = std::ranges::find(installations, device, &engines::InstallationForDevice::device);
    if (known == installations.end()) return {};
    const auto extra = std::ranges::find(machine.extras, known->extra, &Extra::name);
    return extra == machine.extras.end() ? std::string{} : extra->command;
}

/// The version that alone opens a TensorRT engine file, where the package index has it under that number.
std::string_view bound_version(const formats::Package& package) {
    if (!package.tensorrt || package.tensorrt->forward_compatible) return {};
    const std::string_view version = package.tensorrt->tensorrt_version;
    return std::ranges::count(version, '.') == 3 ? version : std::string_view{};
}

/// How the caller has to ask for what a conversion makes, an ONNX file.
std::string asking_for_onnx(const LoadOptions& request) {
    const auto opens_onnx = [](BackendType backend) {
        return backend == BackendType::onnx || backend == BackendType::openvino;
    };
    if (request.backends.empty() || std::ranges::any_of(request.backends, opens_onnx)) return {};
    return " with backend=onnx";
}

}  // namespace

bool has_gpu_build(const EngineRuntime& runtime) {
    switch (runtime.engine) {
        case Engine::onnxruntime:
            return std::ranges::find(runtime.execution_providers, "CUDAExecutionProvider") !=
                   runtime.execution_providers.end();
        case Engine::torch: return !runtime.cuda_version.empty();
        case Engine::tensorrt: return true;
        case Engine::openvino: return false;
    }
    return false;
}

std::string install_command(const Trial& trial, DeviceKind device) {
    const RuntimeDescription& machine = trial.question.machine;
    std::string command = extra_command(machine, trial.traits.engine, device);
    // The plain requirement is a CPU build, which would not bring a GPU candidate in.
    if (command.empty() && device == DeviceKind::cpu) {
        command = fmt::format("pip install {}", shell_quoted(trial.traits.requirement));
    }
    const std::string_view version = bound_version(trial.package);
    if (command.empty() || version.empty() || machine.jetson) return command;
    // The requirement is the command's last word.
    return fmt::format("{}{}=={}", command.substr(0, command.rfind(' ') + 1), distribution(trial.traits), version);
}

std::string remedy_for_missing(const Trial& trial, DeviceKind device) {
    const EngineRuntime& runtime = trial.runtime;
    // What a variable names is taken before all that is installed.
    const bool variable_decides = std::ranges::find(runtime.searched, trial.traits.library_variable,
                                                    &SearchedPlace::origin) != runtime.searched.end();
    if (runtime.remedy.empty() || (device == DeviceKind::cuda && !variable_decides)) {
        return install_command(trial, device);
    }
    return runtime.remedy;
}

std::string gpu_build_command(const Trial& trial) {
    return extra_command(trial.question.machine, trial.traits.engine, DeviceKind::cuda);
}

std::string upgrade_command(const Trial& trial) {
    const RuntimeDescription& machine = trial.question.machine;
    // JetPack decides which TensorRT a Jetson has.
    if (machine.jetson && trial.traits.engine == Engine::tensorrt) return {};
    const DeviceKind build = has_gpu_build(trial.runtime) ? DeviceKind::cuda : DeviceKind::cpu;
    const std::string command = extra_command(machine, trial.traits.engine, build);
    return command.empty() ? command : command + " --upgrade";
}

std::string conversion(const formats::Package& package, const LoadOptions& request) {
    const std::string source = package.weights.string();
    switch (package.format) {
        case PackageFormat::ultralytics: {
            const std::string target = std::filesystem::path(package.weights).replace_extension(".onnx").string();
            return fmt::format("pip install ultralytics && yolo export model={} format=onnx, then load {}{}",
                               shell_quoted(source), target, asking_for_onnx(request));
        }
        case PackageFormat::rf_detr:
            return fmt::format(
                "pip install 'rfdetr[onnx]', then in Python: from rfdetr import RFDETRMedium; "
                "RFDETRMedium(pretrain_weights=\"{}\").export() with the class of the model's size, then load "
                "output/inference_model.onnx{}",
                source, asking_for_onnx(request));
        default: return {};
    }
}

std::optional<Verdict> driver_problem(const RuntimeDescription& machine, std::string_view cuda_version) {
    const CudaDescription& cuda = machine.cuda;
    const std::string_view major = first_parts(cuda_version, 1);
    const auto* const oldest = std::ranges::find(kOldestDrivers, major, &OldestDriver::cuda_major);
    const std::string wanted =
        oldest == kOldestDrivers.end() ? std::string{} : fmt::format(" to {} or newer", oldest->driver);

    if (cuda.driver_version.empty() && cuda.driver_cuda_version.empty() && !machine.jetson) {
        return Verdict{CandidateStatus::possible, "no NVIDIA driver is loaded",
                       fmt::format("install the NVIDIA driver{}", wanted.empty() ? "" : wanted.substr(3))};
    }
    // Within one major version of CUDA every driver runs every build.
    const bool too_old_for_cuda = compare_stated_parts(first_parts(cuda.driver_cuda_version, 1), major) < 0;
    // A Jetson's driver has numbers of its own.
    const bool too_old_by_number = cuda.driver_cuda_version.empty() && !machine.jetson &&
                                   oldest != kOldestDrivers.end() &&
                                   compare_stated_parts(cuda.driver_version, oldest->driver) < 0;
    if (!too_old_for_cuda && !too_old_by_number) return std::nullopt;
    return Verdict{CandidateStatus::possible,
                   fmt::format("the NVIDIA driver {} is too old for CUDA {}{}", cuda.driver_version, cuda_version,
                               too_old_for_cuda ? fmt::format(": it runs CUDA {}", cuda.driver_cuda_version) : ""),
                   fmt::format("update the NVIDIA driver{}", wanted)};
}

}  // namespace inference_models::selection
