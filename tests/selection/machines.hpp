#pragma once

#include "formats/package.hpp"
#include "selection/selection.hpp"

#include <inference_models/runtime_description.hpp>

#include <array>
#include <string>
#include <string_view>

/// Machines and packages described by hand.
namespace inference_models::selection {

/// Every adapter, no runtime, no GPU.
RuntimeDescription machine_with_nothing();

/// The entry of an engine, to be changed.
EngineRuntime& runtime_of(RuntimeDescription& machine, Engine engine);

void install_onnxruntime(RuntimeDescription& machine, const std::string& version = "1.32.0");
void install_onnxruntime_gpu(RuntimeDescription& machine, const std::string& version = "1.32.0");
void install_torch(RuntimeDescription& machine, const std::string& version, const std::string& cuda_version = {});
void install_openvino(RuntimeDescription& machine);
void install_tensorrt(RuntimeDescription& machine, const std::string& version);

RuntimeDescription laptop_with_onnxruntime();
RuntimeDescription cpu_server_with_onnxruntime_and_torch();
RuntimeDescription cpu_server_with_openvino_too();
RuntimeDescription build_without_openvino_adapter();
/// PyTorch without an adapter for its release: with a compiler that builds one, and without.
RuntimeDescription torch_with_compiler();
RuntimeDescription torch_without_compiler();

/// NVIDIA L4, driver 570 (CUDA 12.8), ONNX Runtime and PyTorch for CUDA, TensorRT 10.9.
RuntimeDescription cuda_server();
/// The same with a driver of the time of CUDA 11.
RuntimeDescription cuda_server_with_old_driver();
/// NVIDIA Jetson Orin Nano with L4T 36.4.3: TensorRT 10.3, and ONNX Runtime for the CPU.
RuntimeDescription jetson_orin();
/// arm64 without any NVIDIA part, as an Apple computer is.
RuntimeDescription apple_like_arm64();
/// A small arm64 board with nothing but ONNX Runtime of long ago.
RuntimeDescription arm_board();

inline constexpr std::array<std::string_view, 2> kFeatures{"nms_fused", "a_known_one"};
inline constexpr std::array kFamilies{SupportedFamily{"yolov8", TaskType::object_detection, kFeatures},
                                      SupportedFamily{"yolov8", TaskType::instance_segmentation},
                                      SupportedFamily{"rfdetr", TaskType::object_detection}};

/// fp32 YOLOv8 packages, fixed batch 1.
formats::Package onnx_package(const std::string& id = "onnx-fp32");
formats::Package torch_script_package(const std::string& id = "torchscript-fp32");
/// Made on an NVIDIA L4 by TensorRT 10.9.0.34.
formats::Package tensorrt_package(const std::string& id = "trt-fp16");
formats::Package jetson_tensorrt_package(const std::string& l4t_version);
/// A TorchScript package that states NMS as its feature, with the parameters of nms_fusion_preferences=True.
formats::Package fused_package(const std::string& id = "fused");
formats::Package ultralytics_checkpoint();
formats::Package broken_package(const std::string& id = "broken");

formats::Listing listing_of(std::vector<formats::Package> packages);

}  // namespace inference_models::selection
