#pragma once

#include <inference_models/detections.hpp>
#include <inference_models/error.hpp>
#include <inference_models/image.hpp>
#include <inference_models/load_options.hpp>
#include <inference_models/model.hpp>
#include <inference_models/object_detection_model.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a worker process is to measure, and what it answers: one JSON document on its standard input, and one on its
/// standard output. What else it has to say goes to standard error.
///
/// The pixels of all images lie in one file, which it has open as descriptor 3: of each image its rows without gaps,
/// three bytes a pixel in the order blue, green, red; the images one behind the other in the order of the job.
///
/// A job, with all its members:
///
///     {"model": "/models/yolov8n-640", "load": {...},
///      "detection": {"confidence": 0.4, "iou_threshold": 0.3, "max_detections": 300, "class_agnostic_nms": false},
///      "images": [{"height": 1080, "width": 810}], "instances": 1, "batch": 1, "measured_ms": 1000,
///      "finds_objects": true}
///
/// and its answer:
///
///     {"loading_ns": 12, "loaded_ns": 34, "predicted_ns": 56, "warm_up": 12,
///      "end_to_end_ms": [25.1], "pre_process_ms": [0.4], "forward_ms": [24.6], "post_process_ms": [0.1],
///      "images_per_second": 39.8, "peak_memory_mib": 92.5,
///      "found": [{"xyxy": [[1, 2, 3, 4]], "class_id": [5], "confidence": [0.5]}], "model": {...}}
///
/// or, where it fails, {"error": {"kind": "engine_failure", "subject": "", "message": "...", "hint": "..."}}.
///
/// Peers are measured by a program in Python that takes and gives the same, of one instance and single images; see
/// share/inference_models/peers.
namespace inference_models::benchmark {

/// The descriptor of the images' pixels in a worker.
inline constexpr int kPixelsDescriptor = 3;

struct Job {
    std::filesystem::path model;  ///< a path that holds the package
    LoadOptions load;             ///< of one candidate
    ObjectDetectionOptions detection;
    std::vector<ImageSize> images;
    std::uint32_t instances = 1;            ///< of the model, called in parallel
    std::uint32_t batch = 1;                ///< images of one call
    std::chrono::milliseconds measured{0};  ///< after the warm-up; 0: nothing is measured beyond the first prediction
    bool finds_objects = false;             ///< what is found in each image is told
};

/// How the model really runs.
struct LoadedAs {
    std::string package_id;
    BackendType backend = BackendType::onnx;
    Engine engine = Engine::onnxruntime;
    std::string runtime_version;
    Device device;
    Precision precision = Precision::fp32;
    std::uint32_t threads = 1;
    std::int64_t max_batch_size = 1;
    ImageSize network_input;
    std::vector<std::string> class_names;
};

struct JobResult {
    /// Of the clock that all processes of a machine share: CLOCK_MONOTONIC.
    std::chrono::nanoseconds loading{0};    ///< when it began to load
    std::chrono::nanoseconds loaded{0};     ///< when the model was there
    std::chrono::nanoseconds predicted{0};  ///< when the first prediction was there
    std::uint32_t warm_up = 0;              ///< predictions until times were stable
    std::vector<double> end_to_end_ms;      ///< of each call, as the next three
    std::vector<double> pre_process_ms;     ///< empty where a peer does not tell, as the next two
    std::vector<double> forward_ms;
    std::vector<double> post_process_ms;
    double images_per_second = 0;
    double peak_memory_mib = 0;     ///< largest resident size of the process
    std::vector<Detections> found;  ///< in each image, where that was asked for
    LoadedAs model;
};

}  // namespace inference_models::benchmark
