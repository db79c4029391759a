#pragma once

#include "formats/onnx_file.hpp"

#include <inference_models/error.hpp>
#include <inference_models/image.hpp>
#include <inference_models/types.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What Ultralytics' exporter writes into an ONNX file's metadata: enough to use the file without anything beside it.
namespace inference_models::formats {

struct UltralyticsMetadata {
    std::string architecture;  ///< `yolov8`
    TaskType task = TaskType::object_detection;
    std::vector<std::string> class_names;
    std::optional<ImageSize> image_size;  ///< of the network's input
    std::optional<std::int32_t> stride;   ///< that the sides of other sizes have to be multiples of
    bool fused_nms = false;               ///< as the export was asked for
};

/// \throws Error `unsupported_model` where the metadata is not there or names a task that is not known,
///         `corrupted_package` where a value of it makes no sense
[[nodiscard]] UltralyticsMetadata read_ultralytics_metadata(const std::filesystem::path& path, const OnnxFile& network);

/// The architecture in a description, in Roboflow's spelling: `Ultralytics YOLO11n-seg model` is `yolov11`. A word that
/// is not a YOLO stays as it is, in lower case.
[[nodiscard]] std::string architecture_of(std::string_view description);

}  // namespace inference_models::formats
