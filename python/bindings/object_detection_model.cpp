#include <inference_models/object_detection_model.hpp>

#include <fmt/format.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <inference_models/auto_model.hpp>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "arrays.hpp"
#include "bindings.hpp"
#include "images.hpp"
#include "library_call.hpp"
#include "records.hpp"

namespace inference_models::python {
namespace {

/// A model that Python holds. It ends as it is used: without Python's lock.
class PythonModel {
public:
    explicit PythonModel(std::unique_ptr<ObjectDetectionModel> model) : model_(std::move(model)) {}
    ~PythonModel() {
        const LockReleased released;
        const CallInProgress call;
        model_.reset();
    }
    PythonModel(const PythonModel&) = delete;
    PythonModel& operator=(const PythonModel&) = delete;

    const ObjectDetectionModel& operator*() const noexcept { return *model_; }
    const ObjectDetectionModel* operator->() const noexcept { return model_.get(); }

private:
    std::unique_ptr<ObjectDetectionModel> model_;
};

std::unique_ptr<PythonModel> load(nb::handle model_id_or_path, const LoadOptions& options) {
    const std::string path = path_text("model_id_or_path", model_id_or_path);
    return std::make_unique<PythonModel>(
        call_library([&] { return ObjectDetectionModel::from_pretrained(path, options); }));
}

ObjectDetectionOptions detection_options(nb::handle confidence, nb::handle iou_threshold, nb::handle max_detections,
                                         nb::handle class_agnostic_nms) {
    ObjectDetectionOptions options;
    options.confidence = static_cast<float>(number("confidence", confidence));
    options.iou_threshold = number("iou_threshold", iou_threshold);
    // No image holds so many; what is too few is said by the model.
    options.max_detections = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(whole_number("max_detections", max_detections),
                                 std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
    options.class_agnostic_nms = flag("class_agnostic_nms", class_agnostic_nms);
    return options;
}

/// Reads and converts, as each image wants it.
std::vector<ImageView> views_of(const std::vector<ImageInput*>& images) {
    std::vector<ImageView> views;
    for (ImageInput* image : images) views.push_back(image->view());
    return views;
}

nb::list arrays_of(std::vector<Detections> results) {
    nb::list arrays;
    for (Detections& detections : results) arrays.append(detection_arrays(std::move(detections)));
    return arrays;
}

nb::list infer(const PythonModel& model, const std::vector<ImageInput*>& images,
               const ObjectDetectionOptions& options) {
    return arrays_of(call_library([&] { return model->infer(views_of(images), options); }));
}

nb::tuple pre_process(const PythonModel& model, const std::vector<ImageInput*>& images) {
    PreProcessedImages result = call_library([&] { return model->pre_process(views_of(images)); });
    return nb::make_tuple(tensor_array(std::move(result.tensor)), std::move(result.metadata));
}

nb::list forward(const PythonModel& model, nb::handle input) {
    const Tensor tensor = tensor_of("input", input);
    std::vector<Tensor> outputs = call_library([&] { return model->forward(tensor); });
    nb::list arrays;
    for (Tensor& output : outputs) arrays.append(tensor_array(std::move(output)));
    return arrays;
}

nb::list post_process(const PythonModel& model, const nb::list& outputs,
                      const std::vector<PreProcessingMetadata>& metadata, const ObjectDetectionOptions& options) {
    std::vector<Tensor> tensors;
    for (const nb::handle output : outputs) tensors.push_back(tensor_of("outputs", output));
    return arrays_of(call_library([&] { return model->post_process(tensors, metadata, options); }));
}

void bind_descriptions(nb::module_& module) {
    RecordBinding<ImageSize>(module, "ImageSize", "Width and height in pixels.")
        .member("width", &ImageSize::width, "in pixels")
        .member("height", &ImageSize::height, "in pixels")
        .plain();
    RecordBinding<ModelDescription>(module, "ModelDescription", "What a loaded model is and how it runs.")
        .member("model_id", &ModelDescription::model_id, "the model's name")
        .member("weights_provider", &ModelDescription::weights_provider,
                "where it comes from: `local`, `bundled`, `roboflow` or a registered one")
        .member("location", &ModelDescription::location, "the package that was loaded")
        .member("architecture", &ModelDescription::architecture, "`yolov8`")
        .member("task", &ModelDescription::task, "`object-detection`")
        .member("package_id", &ModelDescription::package_id, "`onnx-fp32`")
        .member("format", &ModelDescription::format, "how the package stores its network")
        .member("backend", &ModelDescription::backend, "`trt`, `torch`, `hugging-face`, `onnx` or `openvino`")
        .member("engine", &ModelDescription::engine, "`onnxruntime`, `torch`, `openvino` or `tensorrt`")
        .member("runtime_version", &ModelDescription::runtime_version, "of the engine's library")
        .member("runtime_library", &ModelDescription::runtime_library, "the file that was opened")
        .member("requested_device", &ModelDescription::requested_device, "None where the caller left it open")
        .member("device", &ModelDescription::device, "where it really runs: `cpu` or `cuda:N`")
        .member("requested_precision", &ModelDescription::requested_precision, "None where the caller left it open")
        .member("precision", &ModelDescription::precision, "what it is really computed in")
        .member("threads", &ModelDescription::threads, "compute threads that the engine was given")
        .member("max_batch_size", &ModelDescription::max_batch_size,
                "most images of one run; a call with more makes several runs")
        .member("network_input", &ModelDescription::network_input,
                "the size that images are brought to, or the most of it with `rect`")
        .member("rect", &ModelDescription::rect, "whether each image has an input that is no larger than it needs")
        .member("explanation", &ModelDescription::explanation, "why it was chosen")
        .plain();
    RecordBinding<PreProcessingMetadata>(module, "PreProcessingMetadata",
                                         "How an image was brought into the network, so that boxes find their way "
                                         "back.")
        .member("original_size", &PreProcessingMetadata::original_size, "of the caller's image")
        .member("crop_size", &PreProcessingMetadata::crop_size,
                "after the static crop; the original size where there is none")
        .member("crop_x", &PreProcessingMetadata::crop_x, "left edge of the static crop in the caller's image")
        .member("crop_y", &PreProcessingMetadata::crop_y, "top edge of the static crop in the caller's image")
        .member("network_size", &PreProcessingMetadata::network_size, "of the network's input")
        .member("pad_left", &PreProcessingMetadata::pad_left,
                "network pixels before the image; negative where the image was cut")
        .member("pad_top", &PreProcessingMetadata::pad_top, "the same above the image")
        .member("scale_x", &PreProcessingMetadata::scale_x, "network pixels per pixel of the crop")
        .member("scale_y", &PreProcessingMetadata::scale_y, "network pixels per pixel of the crop")
        .plain();
}

}  // namespace

void bind_object_detection_model(nb::module_& module) {
    bind_descriptions(module);
    nb::class_<ObjectDetectionOptions>(module, "ObjectDetectionOptions", "How raw outputs become detections, checked.")
        .def(nb::new_(&detection_options), nb::arg("confidence").none(), nb::arg("iou_threshold").none(),
             nb::arg("max_detections").none(), nb::arg("class_agnostic_nms").none());
    nb::class_<PythonModel>(module, "ObjectDetectionModel", "A loaded detector.")
        .def("infer", infer, nb::arg("images"), nb::arg("options"),
             "Arrays (xyxy, class_id, confidence) of each image.")
        .def("pre_process", pre_process, nb::arg("images"), "The network's input, and the geometry of each image.")
        .def("forward", forward, nb::arg("input").none(), "The network's outputs.")
        .def("post_process", post_process, nb::arg("outputs"), nb::arg("metadata"), nb::arg("options"),
             "Arrays (xyxy, class_id, confidence) of each image.")
        .def_prop_ro("description", [](const PythonModel& self) { return self->description(); })
        .def_prop_ro("class_names", [](const PythonModel& self) { return python_value(self->class_names()); });
    module.def("load", load, nb::arg("model_id_or_path").none(), nb::arg("options"), "Loads a detector.");
    module.def(
        "explain",
        [](nb::handle model_id_or_path, const LoadOptions& options) {
            const std::string path = path_text("model_id_or_path", model_id_or_path);
            return call_library([&] { return AutoModel::explain(path, options); });
        },
        nb::arg("model_id_or_path").none(), nb::arg("options"), "What `load` would choose and why.");
}

}  // namespace inference_models::python
