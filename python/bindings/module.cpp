#include <nanobind/stl/string_view.h>

#include <inference_models/version.hpp>

#include "bindings.hpp"
#include "library_call.hpp"

NB_MODULE(_core, module) {
    using namespace inference_models::python;
    // A program that ends while it holds a model is no leak.
    nanobind::set_leak_warnings(false);
    module.attr("__version__") = inference_models::kVersion;
    bind_errors(module);
    bind_log(module);
    bind_library_call(module);
    bind_explanation(module);
    bind_runtime_description(module);
    bind_load_options(module);
    bind_model_cache(module);
    bind_model_metadata(module);
    bind_weights_provider(module);
    bind_images(module);
    bind_detections(module);
    bind_object_detection_model(module);
    bind_compile(module);
    bind_agreement(module);
    bind_benchmark(module);
    bind_recommendation(module);
}
