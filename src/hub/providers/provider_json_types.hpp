#pragma once

#include <inference_models/types.hpp>

#include <array>
#include <string_view>

/// What the JSON of providers calls things, for its reader and its writer.
namespace inference_models::hub {

inline constexpr std::string_view kModelType = "external-model-metadata-v1";
inline constexpr std::string_view kPackageType = "external-model-package-v1";
inline constexpr std::string_view kDependencyType = "model-dependency-v1";
inline constexpr std::string_view kServerSpecsType = "gpu-server-specs-v1";
inline constexpr std::string_view kJetsonSpecsType = "jetson-machine-specs-v1";

/// How a package's manifest names what is stored.
struct ManifestType {
    std::string_view type;
    std::string_view backend_type;
    PackageFormat format;
};

/// The last three are ours.
inline constexpr std::array kManifestTypes{
    ManifestType{"onnx-model-package-v1", "onnx", PackageFormat::onnx},
    ManifestType{"torch-script-model-package-v1", "torch-script", PackageFormat::torch_script},
    ManifestType{"torch-model-package-v1", "torch", PackageFormat::torch},
    ManifestType{"hf-model-package-v1", "hf", PackageFormat::hugging_face},
    ManifestType{"ultralytics-model-package-v1", "ultralytics", PackageFormat::ultralytics},
    ManifestType{"trt-model-package-v1", "trt", PackageFormat::trt_engine},
    ManifestType{"openvino-model-package-v1", "openvino", PackageFormat::openvino_ir},
    ManifestType{"pt2-model-package-v1", "pt2", PackageFormat::pt2},
    ManifestType{"rf-detr-model-package-v1", "rf-detr", PackageFormat::rf_detr},
};

/// Not meant for programs like this one.
inline constexpr std::array<std::string_view, 3> kIgnoredManifestTypes{"oak-model-package-v1", "tfjs-model-package-v1",
                                                                       "mediapipe-model-package-v1"};

}  // namespace inference_models::hub
