#pragma once

#include <nanobind/nanobind.h>

#include <inference_models/detections.hpp>
#include <inference_models/tensor.hpp>

/// The library's numbers as numpy arrays: views of memory that they own, without a copy.
namespace inference_models::python {

/// A tuple of xyxy, float32 (N, 4); class_id, int32 (N,); and confidence, float32 (N,).
[[nodiscard]] nanobind::tuple detection_arrays(Detections detections);

/// The way back, by copying. \throws Error `invalid_argument` where they are no such arrays
[[nodiscard]] Detections detections_of(nanobind::handle xyxy, nanobind::handle class_id, nanobind::handle confidence);

[[nodiscard]] nanobind::object tensor_array(Tensor tensor);

/// The way back, by copying. \throws Error `invalid_argument` that names `argument` where it is no array of numbers
[[nodiscard]] Tensor tensor_of(const char* argument, nanobind::handle array);

}  // namespace inference_models::python
