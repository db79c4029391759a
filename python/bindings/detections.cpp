#include <inference_models/detections.hpp>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "images.hpp"
#include "library_call.hpp"

namespace inference_models::python {

void bind_detections(nb::module_& module) {
    module.def(
        "annotated_jpeg",
        [](ImageInput& image, nb::handle xyxy, nb::handle class_id, nb::handle confidence,
           const std::vector<std::string>& class_names) {
            const Detections detections = detections_of(xyxy, class_id, confidence);
            const std::vector<std::byte> jpeg = call_library(
                [&] { return encode_image(draw_detections(image.view(), detections, class_names), ".jpg"); });
            return nb::bytes(jpeg.data(), jpeg.size());
        },
        nb::arg("image"), nb::arg("xyxy"), nb::arg("class_id"), nb::arg("confidence"), nb::arg("class_names"),
        "The bytes of a JPEG file: the image with the boxes, names and confidences drawn on it.");
}

}  // namespace inference_models::python
