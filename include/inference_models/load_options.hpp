#pragma once

#include <inference_models/export.hpp>
#include <inference_models/image.hpp>
#include <inference_models/types.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace inference_models {

/// An ONNX Runtime execution provider and its options, e.g. `{"CUDAExecutionProvider", {{"device_id", "0"}}}`.
struct ExecutionProvider {
    std::string name;
    std::map<std::string, std::string> options;
};

/// Numbers that are accepted, both ends included.
template <class Number>
struct AcceptedRange {
    Number min{};
    Number max{};

    friend bool operator==(const AcceptedRange&, const AcceptedRange&) = default;
};

/// Which parameters NMS that is part of a network may have been exported with. None: any. One that is named has to be
/// stated by the package.
struct NmsFusionPreferences {
    std::optional<AcceptedRange<std::int64_t>> max_detections;
    std::optional<AcceptedRange<double>> confidence_threshold;
    std::optional<AcceptedRange<double>> iou_threshold;
    std::optional<bool> class_agnostic;
};

/// The parameters that networks are commonly exported with: exactly 300 detections, confidence 0.25, IoU 0.7, NMS for
/// each class on its own. What `nms_fusion_preferences=True` means.
[[nodiscard]] INFERENCE_MODELS_EXPORT NmsFusionPreferences default_nms_fusion_preferences();

/// What a caller asks of `from_pretrained`. What is left out is decided by selection.
struct LoadOptions {
    std::vector<BackendType> backends;    ///< an order: one of these or an error. Empty: every backend, best first
    std::string model_package_id;         ///< only this package. Empty: every package
    std::vector<Precision> quantization;  ///< only packages stored in one of these. Empty: the package's own, int8 only
                                          ///< where `model_package_id` names it
    std::optional<RequestedPrecision> precision;  ///< that the network is computed in: a candidate that cannot is out.
                                                  ///< None: the package's own; fp32 is computed in fp32
    Goal goal = Goal::latency;  ///< what is wanted of the candidate, where figures of this machine are at hand
    bool tune = false;          ///< measure candidates that have no figures before one is chosen, as `tune_model` does
    std::optional<Device> device;                           ///< none: a GPU where the engine can use it, else the CPU
    std::optional<AcceptedRange<std::int64_t>> batch_size;  ///< images per run, all of which the package must allow; at
                                                            ///< least 1
    std::optional<ImageSize> image_size;  ///< that images are brought to, instead of the package's own; where a package
                                          ///< takes other sizes, multiples of its stride
    bool rect = false;  ///< letterbox each image to the smallest multiples of the stride that it fits in once it is
                        ///< scaled to image_size, so that less is computed; where a package takes other sizes
    std::vector<ExecutionProvider> onnx_execution_providers;  ///< in order; one that is not there is an error.
                                                              ///< Empty: what the device needs
    std::optional<std::uint32_t> threads;                     ///< at most this many compute threads, at least 1.
                                           ///< None: what affinity and control group give this process
    std::optional<NmsFusionPreferences> nms_fusion_preferences;  ///< packages whose NMS is part of the network are
                                                                 ///< taken where it is as this says. None: they are not
                                                                 ///< taken, unless `model_package_id` names one
    std::vector<std::string> required_model_features;            ///< that a package must state
    bool trt_engine_host_code_allowed = true;  ///< TensorRT engines that run on newer versions carry code for the CPU
    std::optional<std::uint32_t> max_package_loading_attempts;  ///< candidates that are tried, at least 1. None: all

    std::string weights_provider;  ///< `roboflow`, `local`, `bundled`, `offline` or a registered one. Empty: what lies
                                   ///< at this path, else the bundled model of this id, else `roboflow`
    std::string api_key;  ///< for the provider. Empty: $ROBOFLOW_API_KEY, for `roboflow`. Never kept, logged or shown
    std::vector<std::pair<std::string, std::string>> weights_provider_extra_query_params;
    std::vector<std::pair<std::string, std::string>> weights_provider_extra_headers;
    bool allow_untrusted_packages = false;     ///< take packages that their provider does not vouch for
    bool verify_hash_while_download = true;    ///< false: believe the server
    bool download_files_without_hash = false;  ///< take files that nothing vouches for
    bool use_auto_resolution_cache = true;     ///< do again what was chosen for the same request on the same machine,
                                               ///< without asking the provider
};

}  // namespace inference_models
