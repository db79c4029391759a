#pragma once

#include "compile/network_compilers.hpp"

#include <inference_models/object_detection_model.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// Quantising to int8 with pictures such as the model will see.
namespace inference_models::compile {

/// The pictures of a directory that are used, spread over all of them.
/// \throws Error `invalid_argument` where there is no directory, or no picture in it
[[nodiscard]] std::vector<std::filesystem::path> calibration_pictures(const std::filesystem::path& directory);

/// Quantises the source's ONNX network with what it is really fed.
/// \param source  the model that prepares the pictures
/// \returns the quantised network in the job's directory, which the caller removes
/// \throws Error `engine_failure`, `no_usable_backend`, `unreadable_image`
[[nodiscard]] std::filesystem::path quantise(const Job& job, const EngineRuntime& onnxruntime,
                                             const ObjectDetectionModel& source,
                                             const std::vector<std::filesystem::path>& pictures);

/// Whether enough of what the source finds in pictures is still found.
/// \returns the figures, in words
/// \throws Error `invalid_output` with them where it is not
[[nodiscard]] std::string expect_objects(const ObjectDetectionModel& source, const ObjectDetectionModel& compiled,
                                         const std::vector<std::filesystem::path>& pictures);

}  // namespace inference_models::compile
