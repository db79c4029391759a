#pragma once

#include <nanobind/nanobind.h>

/// The extension `inference_models._core`: what the Python files of the package are written on. Each subject of the
/// library is bound in a file of its own.
namespace inference_models::python {

namespace nb = nanobind;

void bind_compile(nb::module_& module);
void bind_errors(nb::module_& module);
void bind_log(nb::module_& module);
void bind_explanation(nb::module_& module);
void bind_runtime_description(nb::module_& module);
void bind_load_options(nb::module_& module);
void bind_model_cache(nb::module_& module);
void bind_model_metadata(nb::module_& module);
void bind_weights_provider(nb::module_& module);
void bind_images(nb::module_& module);
void bind_detections(nb::module_& module);
void bind_object_detection_model(nb::module_& module);
void bind_agreement(nb::module_& module);
void bind_benchmark(nb::module_& module);
void bind_recommendation(nb::module_& module);

}  // namespace inference_models::python
