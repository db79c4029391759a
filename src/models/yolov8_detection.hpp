#pragma once

#include "models/detection_decoder.hpp"

namespace inference_models::models {

/// The contract of YOLOv8, v9, v11 and v12 detectors (Ultralytics' detection head, as exported to ONNX).
///
/// Plain: one output [4 + classes, boxes], each column (centre x, centre y, width, height, one score per class) in
/// network pixels and probabilities; a box's class is the best scored one, kept where that exceeds the confidence
/// threshold, then NMS. With NMS fused into the network: rows (x_min, y_min, x_max, y_max, confidence, class) of an
/// output [boxes, 6], kept where the confidence reaches the threshold; the network's own NMS parameters apply.
[[nodiscard]] std::unique_ptr<DetectionDecoder> make_yolov8_detection_decoder(const DecoderFacts& facts);

}  // namespace inference_models::models
