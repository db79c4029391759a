#pragma once

#include <inference_models/detections.hpp>
#include <inference_models/export.hpp>
#include <inference_models/image.hpp>
#include <inference_models/load_options.hpp>
#include <inference_models/model.hpp>
#include <inference_models/tensor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace inference_models {

/// How raw outputs become detections. The defaults are the Python reference's.
struct ObjectDetectionOptions {
    float confidence = 0.4F;            ///< 0..1; boxes must be more confident than this
    double iou_threshold = 0.3;         ///< 0..1; of two boxes that overlap more than this, the less confident goes
    std::int32_t max_detections = 300;  ///< per image, at least 1
    bool class_agnostic_nms = false;    ///< whether boxes of different classes suppress one another
};

/// How an image was brought into the network, so that boxes find their way back.
struct PreProcessingMetadata {
    ImageSize original_size;  ///< of the caller's image
    ImageSize crop_size;      ///< after the static crop; the original size where there is none
    std::int32_t crop_x = 0;  ///< left edge of the static crop in the caller's image
    std::int32_t crop_y = 0;
    ImageSize network_size;     ///< of the network's input
    std::int32_t pad_left = 0;  ///< network pixels before the image; negative where the image was cut
    std::int32_t pad_top = 0;
    double scale_x = 1.0;  ///< network pixels per pixel of the crop
    double scale_y = 1.0;
};

/// Network input of one or more images.
struct PreProcessedImages {
    Tensor tensor;  ///< [images, 3, height, width] or [images, height, width, 3], as the network wants
    std::vector<PreProcessingMetadata> metadata;  ///< one for each image
};

/// Wall-clock time of the stages of one or several calls, summed up.
struct StageTimes {
    std::chrono::nanoseconds pre_process{0};
    std::chrono::nanoseconds forward{0};
    std::chrono::nanoseconds post_process{0};
};

/// Finds objects in images. Any number of threads may call one object at the same time; each call has memory of its
/// own inside the engine, and its result is the same as if it had been alone.
class INFERENCE_MODELS_EXPORT ObjectDetectionModel final : public Model {
public:
    static constexpr TaskType kTask = TaskType::object_detection;

    /// As AutoModel::from_pretrained, for a model that must be of this task.
    [[nodiscard]] static std::unique_ptr<ObjectDetectionModel> from_pretrained(const std::string& model_id_or_path,
                                                                               const LoadOptions& options = {});

    ~ObjectDetectionModel() override;

    [[nodiscard]] TaskType task() const noexcept override { return kTask; }
    [[nodiscard]] const ModelDescription& description() const noexcept override;
    [[nodiscard]] const std::vector<std::string>& class_names() const noexcept override;

    /// \throws Error `invalid_argument` for options out of range, `invalid_output` where the network's output is not
    ///         what its family promises or holds NaN, `engine_failure` where the runtime fails
    [[nodiscard]] Detections infer(const ImageView& image, const ObjectDetectionOptions& options = {}) const;

    /// The same for several images, in batches as large as the package allows; one result for each image, in order.
    /// \param times  where given, the time spent in each stage is added to it
    [[nodiscard]] std::vector<Detections> infer(std::span<const ImageView> images,
                                                const ObjectDetectionOptions& options = {},
                                                StageTimes* times = nullptr) const;

    /// The three stages of `infer` one by one, for those who want to look in between. They copy; `infer` does not.
    /// \throws Error `invalid_argument` where the model was loaded with `rect` and the images need inputs of different
    ///         sizes, which one tensor cannot hold
    [[nodiscard]] PreProcessedImages pre_process(std::span<const ImageView> images) const;

    /// Runs the network on a tensor as `pre_process` makes it: its raw outputs in the network's order.
    [[nodiscard]] std::vector<Tensor> forward(const Tensor& input) const;

    [[nodiscard]] std::vector<Detections> post_process(std::span<const Tensor> outputs,
                                                       std::span<const PreProcessingMetadata> metadata,
                                                       const ObjectDetectionOptions& options = {}) const;

    class Implementation;
    explicit ObjectDetectionModel(std::unique_ptr<Implementation> implementation);

private:
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace inference_models
