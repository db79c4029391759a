#include "selection/machines.hpp"

#include <algorithm>

namespace inference_models::selection {
namespace {

const std::string kTorchIndex = "https://download.pytorch.org/whl/";

void mark_installed(EngineRuntime& runtime, const std::string& version) {
    runtime.installed = true;
    runtime.version = version;
    runtime.why_not.clear();
}

void add_gpu(RuntimeDescription& machine) {
    machine.gpus.push_back({"NVIDIA L4", "8.9", std::uint64_t{24} << 30U});
    machine.cuda.driver_version = "570.86.15";
    machine.cuda.driver_cuda_version = "12.8";
}

formats::Package package_of(const std::string& id, PackageFormat format, const std::string& file) {
    formats::Package package;
    package.id = id;
    package.path = "/models/yolov8n/" + id;
    package.weights = package.path / file;
    package.format = format;
    package.architecture = "yolov8";
    package.quantization = Precision::fp32;
    package.trusted_source = true;
    return package;
}

}  // namespace

RuntimeDescription machine_with_nothing() {
    RuntimeDescription machine;
    machine.cpu.architecture = "x86_64";
    for (const Engine engine : {Engine::onnxruntime, Engine::torch, Engine::openvino, Engine::tensorrt}) {
        EngineRuntime runtime;
        runtime.engine = engine;
        runtime.adapter = "/opt/adapter.so";
        runtime.why_not = std::string(display_name(engine)) + " is not installed: nothing in 5 places";
        machine.engines.push_back(runtime);
    }
    machine.extras = {{"onnx-cpu", false, "", "pip install onnxruntime"},
                      {"onnx-cu12", false, "", "pip install onnxruntime-gpu"},
                      {"torch-cpu", false, "", "pip install torch --index-url " + kTorchIndex + "cpu"},
                      {"torch-cu128", false, "", "pip install torch --index-url " + kTorchIndex + "cu128"},
                      {"openvino", false, "", "pip install openvino"},
                      {"trt10", false, "", "pip install 'tensorrt-cu12>=10,<11'"}};
    return machine;
}

EngineRuntime& runtime_of(RuntimeDescription& machine, Engine engine) {
    return *std::ranges::find(machine.engines, engine, &EngineRuntime::engine);
}

void install_onnxruntime(RuntimeDescription& machine, const std::string& version) {
    EngineRuntime& runtime = runtime_of(machine, Engine::onnxruntime);
    mark_installed(runtime, version);
    runtime.execution_providers = {"CPUExecutionProvider"};
}

void install_onnxruntime_gpu(RuntimeDescription& machine, const std::string& version) {
    EngineRuntime& runtime = runtime_of(machine, Engine::onnxruntime);
    mark_installed(runtime, version);
    runtime.cuda_version = "12.8";
    runtime.execution_providers = {"TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"};
}

void install_torch(RuntimeDescription& machine, const std::string& version, const std::string& cuda_version) {
    EngineRuntime& runtime = runtime_of(machine, Engine::torch);
    mark_installed(runtime, version);
    runtime.cuda_version = cuda_version;
}

void install_openvino(RuntimeDescription& machine) {
    mark_installed(runtime_of(machine, Engine::openvino), "2026.4.1");
}

void install_tensorrt(RuntimeDescription& machine, const std::string& version) {
    mark_installed(runtime_of(machine, Engine::tensorrt), version);
}

RuntimeDescription laptop_with_onnxruntime() {
    RuntimeDescription machine = machine_with_nothing();
    install_onnxruntime(machine);
    return machine;
}

RuntimeDescription cpu_server_with_onnxruntime_and_torch() {
    RuntimeDescription machine = laptop_with_onnxruntime();
    install_torch(machine, "2.13.0+cpu");
    return machine;
}

RuntimeDescription cpu_server_with_openvino_too() {
    RuntimeDescription machine = cpu_server_with_onnxruntime_and_torch();
    install_openvino(machine);
    return machine;
}

RuntimeDescription build_without_openvino_adapter() {
    RuntimeDescription machine = cpu_server_with_openvino_too();
    runtime_of(machine, Engine::openvino).adapter.clear();
    return machine;
}

RuntimeDescription torch_with_compiler() {
    RuntimeDescription machine = cpu_server_with_onnxruntime_and_torch();
    runtime_of(machine, Engine::torch).adapter.clear();
    runtime_of(machine, Engine::torch).adapter_compiler = "/usr/bin/g++";
    return machine;
}

RuntimeDescription torch_without_compiler() {
    RuntimeDescription machine = torch_with_compiler();
    EngineRuntime& torch = runtime_of(machine, Engine::torch);
    torch.adapter_compiler.clear();
    torch.why_not = "PyTorch has no adapter";
    torch.remedy = "build one";
    return machine;
}

RuntimeDescription cuda_server() {
    RuntimeDescription machine = machine_with_nothing();
    add_gpu(machine);
    install_onnxruntime_gpu(machine);
    install_torch(machine, "2.13.0+cu128", "12.8");
    install_tensorrt(machine, "10.9.0.34");
    return machine;
}

RuntimeDescription cuda_server_with_old_driver() {
    RuntimeDescription machine = cuda_server();
    machine.cuda.driver_version = "470.256.02";
    machine.cuda.driver_cuda_version = "11.4";
    return machine;
}

RuntimeDescription jetson_orin() {
    RuntimeDescription machine = machine_with_nothing();
    machine.cpu.architecture = "aarch64";
    machine.jetson = JetsonDescription{"NVIDIA Jetson Orin Nano Developer Kit", "36.4.3"};
    machine.gpus.push_back({"Orin", "8.7", 0});
    std::ranges::find(machine.extras, "trt10", &Extra::name)->command = "sudo apt-get install --yes libnvinfer10";
    install_onnxruntime(machine);
    install_tensorrt(machine, "10.3.0.30");
    return machine;
}

RuntimeDescription apple_like_arm64() {
    RuntimeDescription machine = laptop_with_onnxruntime();
    machine.cpu.architecture = "aarch64";
    runtime_of(machine, Engine::onnxruntime).execution_providers = {"CoreMLExecutionProvider", "CPUExecutionProvider"};
    return machine;
}

RuntimeDescription arm_board() {
    RuntimeDescription machine = machine_with_nothing();
    machine.cpu.architecture = "aarch64";
    install_onnxruntime(machine, "1.16.3");
    return machine;
}

formats::Package onnx_package(const std::string& id) {
    formats::Package package = package_of(id, PackageFormat::onnx, "weights.onnx");
    package.onnx = OnnxFacts{8, 17, {}};
    return package;
}

formats::Package torch_script_package(const std::string& id) {
    formats::Package package = package_of(id, PackageFormat::torch_script, "weights.torchscript");
    package.torch_script = TorchScriptFacts{{DeviceKind::cpu, DeviceKind::cuda}, "2.8.0", {}};
    return package;
}

formats::Package tensorrt_package(const std::string& id) {
    formats::Package package = package_of(id, PackageFormat::trt_engine, "engine.plan");
    package.quantization = Precision::fp16;
    TensorRtFacts facts;
    facts.tensorrt_version = "10.9.0.34";
    facts.cuda_version = "12.8";
    facts.device_name = "nvidia-l4";
    facts.compute_capability = "8.9";
    package.tensorrt = facts;
    return package;
}

formats::Package jetson_tensorrt_package(const std::string& l4t_version) {
    formats::Package package = tensorrt_package("trt-orin");
    package.tensorrt->tensorrt_version = "10.3.0.30";
    package.tensorrt->device_name = "orin";
    package.tensorrt->compute_capability = "8.7";
    package.tensorrt->jetson_l4t_version = l4t_version;
    return package;
}

formats::Package fused_package(const std::string& id) {
    formats::Package package = torch_script_package(id);
    package.features["nms_fused"] =
        R"({"class_agnostic":false,"confidence_threshold":0.25,"iou_threshold":0.7,"max_detections":300})";
    package.fused_nms = FusedNms{300, 0.25, 0.7, false};
    return package;
}

formats::Package ultralytics_checkpoint() {
    formats::Package package = package_of("best.pt", PackageFormat::ultralytics, "");
    package.path = "/models/my runs/best.pt";
    package.weights = package.path;
    package.trusted_source = true;
    return package;
}

formats::Package broken_package(const std::string& id) {
    formats::Package package;
    package.id = id;
    package.path = "/models/yolov8n/" + id;
    package.problem =
        Error(ErrorKind::corrupted_package, "weights.onnx", "weights.onnx is missing", "download the package again");
    return package;
}

formats::Listing listing_of(std::vector<formats::Package> packages) {
    return {"yolov8n", "local", "/models/yolov8n", std::move(packages)};
}

}  // namespace inference_models::selection
