#include "engines/engine_catalog.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/version_number.hpp"

namespace inference_models::engines {
namespace {

using std::string_view;

namespace onnxruntime {
// Both packages install into one directory. Whoever installed the GPU one meant it.
constexpr std::array kWheels{WheelLocation{"onnxruntime-gpu", "onnxruntime/capi", "libonnxruntime.so"},
                             WheelLocation{"onnxruntime", "onnxruntime/capi", "libonnxruntime.so"}};
constexpr std::array<string_view, 1> kVendorVariables{"ONNXRUNTIME_ROOT"};
constexpr std::array<string_view, 1> kSonames{"libonnxruntime.so"};
constexpr std::array kInstallations{InstallationForDevice{DeviceKind::cpu, "onnx-cpu"},
                                    InstallationForDevice{DeviceKind::cuda, "onnx-cu12"}};
constexpr std::array kFormats{FormatSupport{PackageFormat::onnx, BackendType::onnx, {}}};
constexpr std::array kDevices{DeviceKind::cpu, DeviceKind::cuda};
constexpr std::array kPrecisions{Precision::fp32, Precision::fp16, Precision::int8};
}  // namespace onnxruntime

namespace torch {
constexpr std::array kWheels{WheelLocation{"torch", "torch/lib", "libtorch_cpu.so"}};
constexpr std::array<string_view, 2> kVendorVariables{"TORCH_ROOT", "LIBTORCH"};
constexpr std::array<string_view, 1> kSonames{"libtorch_cpu.so"};
constexpr std::array kInstallations{InstallationForDevice{DeviceKind::cpu, "torch-cpu"},
                                    InstallationForDevice{DeviceKind::cuda, "torch-cu128"}};
constexpr std::array kConversions{Precision::bf16};
constexpr std::array kFormats{FormatSupport{PackageFormat::pt2, BackendType::torch, {}},
                              FormatSupport{PackageFormat::torch_script, BackendType::torch, kConversions}};
constexpr std::array kDevices{DeviceKind::cpu, DeviceKind::cuda};
constexpr std::array kPrecisions{Precision::fp32, Precision::bf16};
}  // namespace torch

namespace openvino {
constexpr std::array kWheels{WheelLocation{"openvino", "openvino/libs", "libopenvino_c.so"}};
constexpr std::array<string_view, 1> kVendorVariables{"INTEL_OPENVINO_DIR"};
constexpr std::array<string_view, 1> kSonames{"libopenvino_c.so"};
constexpr std::array kInstallations{InstallationForDevice{DeviceKind::cpu, "openvino"}};
constexpr std::array kConversions{Precision::bf16, Precision::fp16};
constexpr std::array kFormats{FormatSupport{PackageFormat::openvino_ir, BackendType::openvino, kConversions},
                              FormatSupport{PackageFormat::onnx, BackendType::openvino, kConversions}};
constexpr std::array kDevices{DeviceKind::cpu};
constexpr std::array kPrecisions{Precision::fp32, Precision::fp16, Precision::bf16, Precision::int8};
}  // namespace openvino

namespace tensorrt {
// The major version is part of the name: another one has other virtual tables and would crash.
constexpr std::array kWheels{WheelLocation{"tensorrt-cu12-libs", "tensorrt_libs", "libnvinfer.so.10"},
                             WheelLocation{"tensorrt-cu13-libs", "tensorrt_libs", "libnvinfer.so.10"}};
constexpr std::array<string_view, 1> kVendorVariables{"TENSORRT_ROOT"};
constexpr std::array<string_view, 1> kSonames{"libnvinfer.so.10"};
constexpr std::array kInstallations{InstallationForDevice{DeviceKind::cuda, "trt10"}};
constexpr std::array kFormats{FormatSupport{PackageFormat::trt_engine, BackendType::trt, {}}};
constexpr std::array kDevices{DeviceKind::cuda};
constexpr std::array kPrecisions{Precision::fp32, Precision::fp16, Precision::bf16, Precision::int8};
}  // namespace tensorrt

constexpr std::array kCatalog{
    EngineTraits{.engine = Engine::onnxruntime,
                 .adapter_library = "libinference_models_onnxruntime.so",
                 .requirement = "onnxruntime",
                 .oldest_version = "1.16",
                 .library_variable = "INFERENCE_MODELS_ONNXRUNTIME_LIBRARY",
                 .vendor_variables = onnxruntime::kVendorVariables,
                 .wheels = onnxruntime::kWheels,
                 .sonames = onnxruntime::kSonames,
                 .installations = onnxruntime::kInstallations,
                 .formats = onnxruntime::kFormats,
                 .devices = onnxruntime::kDevices,
                 .precisions = onnxruntime::kPrecisions},
    EngineTraits{.engine = Engine::torch,
                 .adapter_library = "libinference_models_torch.so",
                 .adapter_is_linked = true,
                 .requirement = "torch",
                 .oldest_version = "2.6",  // older wheels have the C++ ABI from before 2011
                 .library_variable = "INFERENCE_MODELS_TORCH_LIBRARY",
                 .vendor_variables = torch::kVendorVariables,
                 .wheels = torch::kWheels,
                 .sonames = torch::kSonames,
                 .installations = torch::kInstallations,
                 .formats = torch::kFormats,
                 .devices = torch::kDevices,
                 .precisions = torch::kPrecisions},
    EngineTraits{.engine = Engine::openvino,
                 .adapter_library = "libinference_models_openvino.so",
                 .requirement = "openvino",
                 .oldest_version = "2024.0",
                 .library_variable = "INFERENCE_MODELS_OPENVINO_LIBRARY",
                 .vendor_variables = openvino::kVendorVariables,
                 .wheels = openvino::kWheels,
                 .sonames = openvino::kSonames,
                 .installations = openvino::kInstallations,
                 .formats = openvino::kFormats,
                 .devices = openvino::kDevices,
                 .precisions = openvino::kPrecisions},
    EngineTraits{.engine = Engine::tensorrt,
                 .adapter_library = "libinference_models_tensorrt10.so",
                 .requirement = "tensorrt-cu12>=10,<11",
                 .oldest_version = "10.0",
                 .library_variable = "INFERENCE_MODELS_TENSORRT_LIBRARY",
                 .vendor_variables = tensorrt::kVendorVariables,
                 .wheels = tensorrt::kWheels,
                 .sonames = tensorrt::kSonames,
                 .installations = tensorrt::kInstallations,
                 .formats = tensorrt::kFormats,
                 .devices = tensorrt::kDevices,
                 .precisions = tensorrt::kPrecisions},
};

/// The newest operator set that a release of ONNX Runtime 1.x calls officially supported; it refuses newer models.
/// Each row holds from its release to the row before it. 1.16 and 1.19 to 1.32 were asked, with a model of one
/// operator stamped with rising numbers; the rest is from its documentation.
struct OpsetRow {
    std::uint32_t minor;
    int opset;
};
constexpr std::uint32_t kNewestKnownMinor = 32;
constexpr std::array kOpsets{OpsetRow{32, 28}, OpsetRow{25, 26}, OpsetRow{24, 25}, OpsetRow{23, 23},
                             OpsetRow{21, 22}, OpsetRow{18, 21}, OpsetRow{17, 20}, OpsetRow{0, 19}};

}  // namespace

std::span<const EngineTraits> engine_catalog() noexcept {
    return kCatalog;
}

const EngineTraits& traits(Engine engine) noexcept {
    return kCatalog[static_cast<std::size_t>(engine)];
}

int newest_onnx_opset(string_view onnxruntime_version) noexcept {
    const auto version = parse_version_number(onnxruntime_version);
    if (!version || version->major() != 1 || version->minor() > kNewestKnownMinor) return 0;
    return std::ranges::find_if(kOpsets, [&](const OpsetRow& row) { return version->minor() >= row.minor; })->opset;
}

}  // namespace inference_models::engines
