#pragma once

#include "vision/pre_processing.hpp"

#include <inference_models/error.hpp>
#include <inference_models/types.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// A model's own files as plain values. Nothing here knows an engine or a family.
namespace inference_models::formats {

/// How many images a package takes per run.
struct BatchRule {
    std::int64_t min = 1;
    std::optional<std::int64_t> max = 1;  ///< none: any number from `min` on

    friend bool operator==(const BatchRule&, const BatchRule&) = default;
};

struct OnnxFacts {
    std::int64_t ir_version = 0;
    std::int64_t opset = 0;  ///< of the default operator set
    std::vector<std::string> incompatible_providers;
};

struct TorchScriptFacts {
    std::vector<DeviceKind> supported_devices;  ///< empty: not stated
    std::string torch_version;                  ///< that made it; empty: not stated
};

/// What a serialised TensorRT engine is bound to. Empty texts: not stated.
struct TensorRtFacts {
    std::string tensorrt_version;  ///< `10.9.0.34`
    std::string cuda_version;
    std::string device_name;                          ///< `nvidia-l4`
    std::string compute_capability;                   ///< `8.9`
    bool same_compute_capability_compatible = false;  ///< runs on every GPU of that compute capability
    bool forward_compatible = false;                  ///< runs on newer TensorRT versions
    bool lean_runtime_excluded = false;
    std::optional<std::string> jetson_l4t_version;  ///< made on a Jetson with this L4T
};

/// One stored form of a model, as far as selection needs to know it.
struct Package {
    std::string id;                 ///< the directory's or the file's name
    std::filesystem::path path;     ///< the package directory, or the loose file
    std::filesystem::path weights;  ///< the network's file
    PackageFormat format = PackageFormat::onnx;
    std::string architecture;  ///< `yolov8`
    TaskType task = TaskType::object_detection;
    std::optional<Precision> quantization;
    BatchRule batch;
    std::optional<OnnxFacts> onnx;
    std::optional<TorchScriptFacts> torch_script;
    std::optional<TensorRtFacts> tensorrt;
    std::optional<Error> problem;  ///< why it cannot be used as it lies there; the other members may then be defaults
};

/// Everything that a path offers: the packages of one model, ordered by id.
struct Listing {
    std::string model_id;  ///< for people: the directory's name, or the file's
    std::filesystem::path location;
    std::vector<Package> packages;
};

/// How a package's raw outputs are to be read.
struct PostProcessing {
    bool fused_nms = false;  ///< NMS is part of the network: rows of (x_min, y_min, x_max, y_max, confidence, class)
};

/// What a package says about its images and its classes.
struct PackageContents {
    std::vector<std::string> class_names;
    vision::PreProcessing pre_processing;
    PostProcessing post_processing;
};

/// Reads what lies at a path: a package directory in Roboflow's layout, a directory that holds several packages of one
/// model, or one bare file. Where several packages are listed, a broken one carries its `problem`; a single broken one
/// is thrown.
/// \throws Error `model_not_found`, `corrupted_package`, `unsupported_model`
[[nodiscard]] Listing list_packages(const std::filesystem::path& path);

/// Reads the rest of a package that is about to be loaded.
/// \throws Error `corrupted_package` that names the file and the field, `unsupported_model`
[[nodiscard]] PackageContents read_package_contents(const Package& package);

}  // namespace inference_models::formats
