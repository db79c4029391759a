#include <inference_models/model_metadata.hpp>

#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>

#include "bindings.hpp"
#include "records.hpp"

namespace inference_models::python {

void bind_model_metadata(nb::module_& module) {
    RecordBinding<BatchRule>(module, "BatchRule", "How many images a package takes per run.")
        .member("min", &BatchRule::min, "at least 1")
        .member("max", &BatchRule::max, "None: any number")
        .plain();
    RecordBinding<OnnxFacts>(module, "OnnxFacts", "What is stated of an ONNX file.")
        .member("ir_version", &OnnxFacts::ir_version, "0: not stated")
        .member("opset", &OnnxFacts::opset, "of the default operator set; 0: not stated")
        .member("incompatible_providers", &OnnxFacts::incompatible_providers, "execution providers")
        .plain();
    RecordBinding<TorchScriptFacts>(module, "TorchScriptFacts", "What is stated of a TorchScript file.")
        .member("supported_devices", &TorchScriptFacts::supported_devices, "kinds of devices; empty: not stated")
        .member("torch_version", &TorchScriptFacts::torch_version, "that made it; empty: not stated")
        .member("torchvision_version", &TorchScriptFacts::torchvision_version, "empty: none, or not stated")
        .plain();
    RecordBinding<TensorRtFacts>(module, "TensorRtFacts",
                                 "What a TensorRT engine is bound to. Empty texts: not stated.")
        .member("tensorrt_version", &TensorRtFacts::tensorrt_version, "`10.9.0.34`")
        .member("cuda_version", &TensorRtFacts::cuda_version, "`12.8`")
        .member("driver_version", &TensorRtFacts::driver_version, "`570.86.15`")
        .member("os_version", &TensorRtFacts::os_version, "`ubuntu-22.04`")
        .member("device_name", &TensorRtFacts::device_name, "`nvidia-l4`")
        .member("compute_capability", &TensorRtFacts::compute_capability, "`8.9`")
        .member("same_compute_capability_compatible", &TensorRtFacts::same_compute_capability_compatible,
                "whether it runs on every GPU of that compute capability")
        .member("forward_compatible", &TensorRtFacts::forward_compatible, "whether it runs on newer TensorRT versions")
        .member("lean_runtime_excluded", &TensorRtFacts::lean_runtime_excluded, "whether it lacks the lean runtime")
        .member("jetson_l4t_version", &TensorRtFacts::jetson_l4t_version, "None: made on no Jetson")
        .member("jetson_module", &TensorRtFacts::jetson_module, "the Jetson that made it")
        .plain();
    RecordBinding<FusedNms>(module, "FusedNms", "The parameters of NMS that is part of a network. None: not stated.")
        .member("max_detections", &FusedNms::max_detections, "per image")
        .member("confidence_threshold", &FusedNms::confidence_threshold, "0 to 1")
        .member("iou_threshold", &FusedNms::iou_threshold, "0 to 1")
        .member("class_agnostic", &FusedNms::class_agnostic, "whether classes suppress one another")
        .plain();
    RecordBinding<PackageFile>(module, "PackageFile", "A file of a package.")
        .member("handle", &PackageFile::handle, "its path inside of the package")
        .member("md5", &PackageFile::md5, "32 hexadecimal digits; empty: not stated")
        .member("sha256", &PackageFile::sha256, "64 hexadecimal digits; empty: not stated")
        .member("size_bytes", &PackageFile::size_bytes, "None: not stated")
        .plain();
    RecordBinding<PackageMetadata>(module, "PackageMetadata", "What is known of one stored form of a model.")
        .member("id", &PackageMetadata::id, "what `model_package_id` takes")
        .member("format", &PackageMetadata::format, "`onnx`, `torch-script`, `trt-engine`, ...")
        .member("quantization", &PackageMetadata::quantization, "None: not stated")
        .member("batch", &PackageMetadata::batch, "images per run")
        .member("onnx", &PackageMetadata::onnx, "None for other formats")
        .member("torch_script", &PackageMetadata::torch_script, "None for other formats")
        .member("tensorrt", &PackageMetadata::tensorrt, "None for other formats")
        .member("fused_nms", &PackageMetadata::fused_nms, "None where NMS is no part of the network")
        .member("features", &PackageMetadata::features, "all that are stated: name -> value as JSON")
        .member("trusted_source", &PackageMetadata::trusted_source, "whether its provider vouches for it")
        .member("files", &PackageMetadata::files, "what is downloaded, or lies there")
        .plain();
    RecordBinding<ModelDependency>(module, "ModelDependency", "Another model that a model is used with.")
        .member("name", &ModelDependency::name, "what it is for")
        .member("model_id", &ModelDependency::model_id, "its id")
        .member("model_package_id", &ModelDependency::model_package_id, "empty: any")
        .plain();
    RecordBinding<RecommendedParameters>(module, "RecommendedParameters", "What a model's evaluation recommends.")
        .member("confidence", &RecommendedParameters::confidence, "0 to 1; None: nothing")
        .member("per_class_confidence", &RecommendedParameters::per_class_confidence, "by class name")
        .plain();
    RecordBinding<ModelMetadata>(module, "ModelMetadata",
                                 "What a weights provider says of a model. print() shows it as tables.")
        .member("model_id", &ModelMetadata::model_id, "as the provider calls it")
        .member("weights_provider", &ModelMetadata::weights_provider, "who says it")
        .member("architecture", &ModelMetadata::architecture, "`yolov8`")
        .member("variant", &ModelMetadata::variant, "`n`; empty: not stated")
        .member("task_type", &ModelMetadata::task_type, "`object-detection`")
        .member("dependencies", &ModelMetadata::dependencies, "other models that it needs")
        .member("recommended_parameters", &ModelMetadata::recommended_parameters, "for inference")
        .member("packages", &ModelMetadata::packages, "its stored forms")
        .member("notes", &ModelMetadata::notes, "what was left out, and why")
        .with_text_and_json();
    module.def(
        "package_text",
        [](const ModelMetadata& model, const PackageMetadata& package) { return python_text(to_text(model, package)); },
        nb::arg("model"), nb::arg("package"), "A package in full, as tables.");
}

}  // namespace inference_models::python
