#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <inference_models/auto_model.hpp>
#include <inference_models/object_detection_model.hpp>
#include <utility>

#include "common/float16.hpp"
#include "models/detection_options.hpp"
#include "models/families.hpp"
#include "models/image_network.hpp"

namespace inference_models {
namespace {

using models::DetectionDecoder;
using models::OutputSlice;

void check_fraction(double value, const char* name) {
    if (value >= 0 && value <= 1) return;  // NaN fails both
    throw Error(ErrorKind::invalid_argument, name, fmt::format("{} = {} is not a fraction", name, value),
                fmt::format("{} must be from 0 to 1.", name));
}

/// Network pixels -> the caller's pixels.
void to_image(Detections& detections, const PreProcessingMetadata& geometry) {
    const auto back = [](float value, std::int32_t pad, double scale, std::int32_t crop, std::int32_t side) {
        const float moved = (value - static_cast<float>(pad)) / static_cast<float>(scale) + static_cast<float>(crop);
        return std::clamp(moved, 0.0F, static_cast<float>(side));
    };
    const PreProcessingMetadata& g = geometry;
    for (Box& box : detections.xyxy) {
        box.x_min = back(box.x_min, g.pad_left, g.scale_x, g.crop_x, g.original_size.width);
        box.x_max = back(box.x_max, g.pad_left, g.scale_x, g.crop_x, g.original_size.width);
        box.y_min = back(box.y_min, g.pad_top, g.scale_y, g.crop_y, g.original_size.height);
        box.y_max = back(box.y_max, g.pad_top, g.scale_y, g.crop_y, g.original_size.height);
    }
}

/// A batched output as float32: the network's own memory, or a converted copy of it.
class FloatOutput {
public:
    FloatOutput(std::string_view name, ElementType type, std::span<const std::int64_t> shape, const std::byte* data)
        : name_(name), shape_(shape), row_(element_count(shape.subspan(1))) {
        const std::size_t count = element_count(shape);
        if (type == ElementType::float32) {
            values_ = {reinterpret_cast<const float*>(data), count};
        } else if (type == ElementType::float16) {
            converted_ = to_float32({reinterpret_cast<const std::uint16_t*>(data), count});
            values_ = converted_;
        } else {
            throw Error(ErrorKind::invalid_output, std::string(name),
                        fmt::format("output `{}` is {}", name, to_string(type)),
                        "Detectors have float32 or float16 outputs.");
        }
    }

    [[nodiscard]] OutputSlice image(std::size_t index) const {
        return {name_, shape_.subspan(1), values_.subspan(index * row_, row_)};
    }

private:
    std::string_view name_;
    std::span<const std::int64_t> shape_;
    std::size_t row_;
    std::span<const float> values_;
    std::vector<float> converted_;
};

Detections decode_image(const DetectionDecoder& decoder, std::span<const FloatOutput> outputs, std::size_t index,
                        const PreProcessingMetadata& geometry, const ObjectDetectionOptions& options) {
    std::vector<OutputSlice> slices;
    for (const FloatOutput& output : outputs) slices.push_back(output.image(index));
    Detections detections = decoder.decode(slices, options);
    to_image(detections, geometry);
    return detections;
}

}  // namespace

void models::check(const ObjectDetectionOptions& options) {
    check_fraction(options.confidence, "confidence");
    check_fraction(options.iou_threshold, "iou_threshold");
    if (options.max_detections < 1) {
        throw Error(ErrorKind::invalid_argument, "max_detections",
                    fmt::format("max_detections = {} finds nothing", options.max_detections),
                    "max_detections must be at least 1.");
    }
}

class ObjectDetectionModel::Implementation {
public:
    Implementation(models::LoadedNetwork loaded, std::unique_ptr<DetectionDecoder> decoder_of_family)
        : network(std::move(loaded)), decoder(std::move(decoder_of_family)) {}

    models::ImageNetwork network;
    std::unique_ptr<DetectionDecoder> decoder;
};

ObjectDetectionModel::ObjectDetectionModel(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

ObjectDetectionModel::~ObjectDetectionModel() = default;

std::unique_ptr<ObjectDetectionModel> ObjectDetectionModel::from_pretrained(const std::string& model_id_or_path,
                                                                            const LoadOptions& options) {
    auto model = AutoModel::from_pretrained(model_id_or_path, options);
    static_cast<void>(model->as<ObjectDetectionModel>());  // an error where it has another task
    return std::unique_ptr<ObjectDetectionModel>(static_cast<ObjectDetectionModel*>(model.release()));
}

const ModelDescription& ObjectDetectionModel::description() const noexcept {
    return implementation_->network.description();
}

const std::vector<std::string>& ObjectDetectionModel::class_names() const noexcept {
    return implementation_->network.contents().class_names;
}

Detections ObjectDetectionModel::infer(const ImageView& image, const ObjectDetectionOptions& options) const {
    return std::move(infer(std::span(&image, 1), options).front());
}

std::vector<Detections> ObjectDetectionModel::infer(std::span<const ImageView> images,
                                                    const ObjectDetectionOptions& options, StageTimes* times) const {
    models::check(options);
    std::vector<Detections> results(images.size());
    StageTimes own_times;
    implementation_->network.run_images(
        images, times != nullptr ? *times : own_times,
        [&](std::span<const std::size_t> places, std::span<const PreProcessingMetadata> metadata,
            const models::RunOutputs& outputs) {
            std::vector<FloatOutput> floats;
            for (std::size_t i = 0; i < outputs.views.size(); ++i) {
                const engines::TensorView& view = outputs.views[i];
                floats.emplace_back(outputs.names[i], view.type, view.shape, view.data);
            }
            for (std::size_t i = 0; i < metadata.size(); ++i) {
                results[places[i]] = decode_image(*implementation_->decoder, floats, i, metadata[i], options);
            }
        });
    return results;
}

PreProcessedImages ObjectDetectionModel::pre_process(std::span<const ImageView> images) const {
    return implementation_->network.pre_process(images);
}

std::vector<Tensor> ObjectDetectionModel::forward(const Tensor& input) const {
    return implementation_->network.forward(input);
}

std::vector<Detections> ObjectDetectionModel::post_process(std::span<const Tensor> outputs,
                                                           std::span<const PreProcessingMetadata> metadata,
                                                           const ObjectDetectionOptions& options) const {
    models::check(options);
    std::vector<FloatOutput> floats;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Tensor& output = outputs[i];
        if (output.shape().empty() || output.shape()[0] != static_cast<std::int64_t>(metadata.size())) {
            throw Error(ErrorKind::invalid_argument, "outputs",
                        fmt::format("output {} is not for the {} images of the metadata", i, metadata.size()),
                        "Pass the outputs of forward and the metadata of the same pre_process.");
        }
        floats.emplace_back("outputs", output.type(), output.shape(), output.bytes().data());
    }
    std::vector<Detections> results;
    for (std::size_t i = 0; i < metadata.size(); ++i) {
        results.push_back(decode_image(*implementation_->decoder, floats, i, metadata[i], options));
    }
    return results;
}

namespace models {

std::unique_ptr<Model> make_model(LoadedNetwork loaded) {
    const ModelDescription& description = loaded.description;
    auto decoder = description.task == TaskType::object_detection
                       ? make_detection_decoder(description.architecture,
                                                {loaded.contents.class_names.size(), loaded.contents.post_processing})
                       : nullptr;
    if (decoder == nullptr) {
        throw Error(ErrorKind::unsupported_model, description.architecture,
                    fmt::format("there is no implementation of {} for {}", description.architecture,
                                to_string(description.task)));
    }
    const bool is_untried = loaded.is_to_be_tried;
    auto implementation = std::make_unique<ObjectDetectionModel::Implementation>(std::move(loaded), std::move(decoder));
    const models::ImageNetwork& network = implementation->network;
    const bool is_to_be_tried = is_untried || !network.declares_shape();
    const ImageSize size = network.contents().pre_processing.network_size;
    auto model = std::make_unique<ObjectDetectionModel>(std::move(implementation));
    // Better now, while another candidate can be taken, than at somebody's first image.
    if (is_to_be_tried) static_cast<void>(model->infer(Image(size)));
    return model;
}

}  // namespace models
}  // namespace inference_models
