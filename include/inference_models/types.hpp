#pragma once

#include <inference_models/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The words of this product, as types. `to_string` gives the name used on the command line, in JSON and in Python;
/// `parse_*` reads it (case-insensitively) and gives nothing for any other text.
namespace inference_models {

/// What a user asks for: a set of allowed (package format, engine) pairs.
enum class BackendType { trt, torch, hugging_face, onnx, openvino };

/// What runs a network.
enum class Engine { onnxruntime, torch, openvino, tensorrt };

/// How a package stores its network.
enum class PackageFormat {
    onnx,          ///< weights.onnx
    torch_script,  ///< weights.torchscript
    pt2,           ///< an AOTInductor archive
    torch,         ///< PyTorch weights without a graph
    hugging_face,  ///< safetensors and config.json
    ultralytics,   ///< an Ultralytics .pt checkpoint
    rf_detr,       ///< an RF-DETR .pth checkpoint
    trt_engine,    ///< a serialised TensorRT engine
    openvino_ir,   ///< OpenVINO's .xml and .bin
};

/// The number format that a package stores, or that an engine computes in.
enum class Precision { fp32, fp16, bf16, int8 };

/// What a caller wants a network to be computed in: one precision, or the lowest that the processor has instructions
/// for and that needs no other weights, `fastest`: bf16, fp16 or, where it has none of them, the package's own.
enum class RequestedPrecision { fp32, fp16, bf16, int8, fastest };

/// What the best of several candidates is best at, once they have been measured.
enum class Goal {
    latency,     ///< the least time for one image
    throughput,  ///< the most images per second, in whatever way the machine gives most
    memory,      ///< the least memory
    startup,     ///< the least time from the start of a process to its first prediction
};

/// Whether a candidate finds what the reference finds.
enum class AgreementVerdict {
    passes,
    falls_short,     ///< differs by more than its gate allows, or cannot be loaded or run
    proves_nothing,  ///< the reference finds nothing in the images, or nothing else runs here
};

enum class TaskType {
    object_detection,
    instance_segmentation,
    semantic_segmentation,
    keypoint_detection,
    classification,
    multi_label_classification,
    depth_estimation,
};

enum class DeviceKind { cpu, cuda };

/// Where a network runs; `cpu` or `cuda:N`.
struct Device {
    DeviceKind kind = DeviceKind::cpu;
    std::uint32_t index = 0;  ///< among the devices of its kind, from 0

    friend bool operator==(const Device&, const Device&) = default;
};

[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(BackendType value) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(Engine value) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(PackageFormat value) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(Precision value) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(RequestedPrecision value) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(Goal value) noexcept;
/// `passes`, `falls-short`, `proves-nothing`
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(AgreementVerdict verdict) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(TaskType value) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(DeviceKind value) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_string(const Device& value);

/// The name that people use for an engine: `ONNX Runtime`, `PyTorch`, `OpenVINO`, `TensorRT`.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view display_name(Engine value) noexcept;

[[nodiscard]] INFERENCE_MODELS_EXPORT std::optional<BackendType> parse_backend_type(std::string_view text) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::optional<Engine> parse_engine(std::string_view text) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::optional<Precision> parse_precision(std::string_view text) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::optional<RequestedPrecision> parse_requested_precision(
    std::string_view text) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::optional<Goal> parse_goal(std::string_view text) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::optional<TaskType> parse_task_type(std::string_view text) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::optional<Device> parse_device(std::string_view text) noexcept;

/// Where one precision alone is asked for.
[[nodiscard]] constexpr RequestedPrecision requested(Precision precision) noexcept {
    switch (precision) {
        case Precision::fp32: return RequestedPrecision::fp32;
        case Precision::fp16: return RequestedPrecision::fp16;
        case Precision::bf16: return RequestedPrecision::bf16;
        case Precision::int8: return RequestedPrecision::int8;
    }
    return RequestedPrecision::fp32;
}

/// The names of all backends, separated by commas, for messages.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string known_backend_types();

}  // namespace inference_models
