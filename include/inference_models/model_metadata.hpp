#pragma once

#include <inference_models/export.hpp>
#include <inference_models/types.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What is known of a model before any of its files is here, as plain data.
namespace inference_models {

/// How many images a package takes per run.
struct BatchRule {
    std::int64_t min = 1;
    std::optional<std::int64_t> max = 1;  ///< none: any number from `min` on

    friend bool operator==(const BatchRule&, const BatchRule&) = default;
};

struct OnnxFacts {
    std::int64_t ir_version = 0;  ///< 0: not stated
    std::int64_t opset = 0;       ///< of the default operator set; 0: not stated
    std::vector<std::string> incompatible_providers;

    friend bool operator==(const OnnxFacts&, const OnnxFacts&) = default;
};

struct TorchScriptFacts {
    std::vector<DeviceKind> supported_devices;  ///< empty: not stated
    std::string torch_version;                  ///< that made it; empty: not stated
    std::string torchvision_version;            ///< that was there when it was made; empty: not stated

    friend bool operator==(const TorchScriptFacts&, const TorchScriptFacts&) = default;
};

/// What a serialised TensorRT engine is bound to. Empty texts: not stated.
struct TensorRtFacts {
    std::string tensorrt_version;  ///< `10.9.0.34`
    std::string cuda_version;
    std::string driver_version;
    std::string os_version;                           ///< `ubuntu-22.04`
    std::string device_name;                          ///< `nvidia-l4`
    std::string compute_capability;                   ///< `8.9`
    bool same_compute_capability_compatible = false;  ///< runs on every GPU of that compute capability
    bool forward_compatible = false;                  ///< runs on newer TensorRT versions
    bool lean_runtime_excluded = false;
    std::optional<std::string> jetson_l4t_version;  ///< made on a Jetson with this L4T
    std::string jetson_module;                      ///< made on this Jetson

    friend bool operator==(const TensorRtFacts&, const TensorRtFacts&) = default;
};

/// What a package that was compiled for one machine is bound to, see CompileOptions.
struct CompiledFacts {
    Engine engine = Engine::onnxruntime;
    std::string runtime_version;                ///< of the engine that made it, and alone runs it
    std::string architecture;                   ///< `x86_64`
    std::vector<std::string> instruction_sets;  ///< that the processor had, all of which are needed
    std::string command;                        ///< that makes it anew

    friend bool operator==(const CompiledFacts&, const CompiledFacts&) = default;
};

/// NMS that is part of a network, with the parameters that it was exported with. None: not stated.
struct FusedNms {
    std::optional<std::int64_t> max_detections;
    std::optional<double> confidence_threshold;
    std::optional<double> iou_threshold;
    std::optional<bool> class_agnostic;

    friend bool operator==(const FusedNms&, const FusedNms&) = default;
};

/// A file of a package as its provider describes it.
struct PackageFile {
    std::string handle;        ///< its path inside of the package: `weights.onnx`, `vit/config.json`
    std::string download_url;  ///< http or https
    std::string md5;           ///< 32 lower-case hexadecimal digits; empty: not stated
    std::string sha256;        ///< 64 of them; empty: not stated
    std::optional<std::uint64_t> size_bytes;

    friend bool operator==(const PackageFile&, const PackageFile&) = default;
};

/// What a provider, or a package's own files, say of one stored form of a model.
struct PackageMetadata {
    std::string id;  ///< letters, digits, `-`, `_` and `.`; for a loose file its name
    PackageFormat format = PackageFormat::onnx;
    std::optional<Precision> quantization;
    BatchRule batch;
    std::optional<OnnxFacts> onnx;
    std::optional<TorchScriptFacts> torch_script;
    std::optional<TensorRtFacts> tensorrt;
    std::optional<CompiledFacts> compiled;  ///< none: runs wherever its engine does
    std::optional<FusedNms> fused_nms;      ///< that is stated as a feature; see LoadOptions::nms_fusion_preferences
    std::map<std::string, std::string> features;  ///< all that are stated: name -> value as JSON
    bool trusted_source = false;                  ///< its provider vouches for it, or the user named its path
    std::vector<PackageFile> files;               ///< empty for packages that lie at a path

    friend bool operator==(const PackageMetadata&, const PackageMetadata&) = default;
};

/// Another model that a model is used with.
struct ModelDependency {
    std::string name;
    std::string model_id;
    std::string model_package_id;  ///< empty: any

    friend bool operator==(const ModelDependency&, const ModelDependency&) = default;
};

/// Inference options that a model's evaluation recommends.
struct RecommendedParameters {
    std::optional<double> confidence;                    ///< 0..1
    std::map<std::string, double> per_class_confidence;  ///< by class name

    friend bool operator==(const RecommendedParameters&, const RecommendedParameters&) = default;
};

/// What a weights provider says of a model.
struct ModelMetadata {
    std::string model_id;          ///< as the provider calls it; may be another name than the one that was asked for
    std::string weights_provider;  ///< `roboflow`, `local`, `bundled`, or a registered one's name
    std::string architecture;      ///< `yolov8`
    std::string variant;           ///< `n`; empty: not stated
    std::string task_type;         ///< `object-detection`; also tasks that this version cannot run
    std::vector<ModelDependency> dependencies;
    RecommendedParameters recommended_parameters;
    std::vector<PackageMetadata> packages;
    std::vector<std::string> notes;  ///< what was left out and why: packages of an unknown type, unreadable ones

    friend bool operator==(const ModelMetadata&, const ModelMetadata&) = default;
};

/// Tables for people, each line ending with '\n'.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_text(const ModelMetadata& model);
/// One JSON document, without a '\n' behind it: the members above under their own names.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_json(const ModelMetadata& model);

/// One package of a model in full.
/// \throws Error `invalid_argument` where the model has no package of this id
[[nodiscard]] INFERENCE_MODELS_EXPORT const PackageMetadata& package_of(const ModelMetadata& model,
                                                                        const std::string& package_id);
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_text(const ModelMetadata& model, const PackageMetadata& package);
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_json(const ModelMetadata& model, const PackageMetadata& package);

}  // namespace inference_models
