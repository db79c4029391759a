#pragma once

#include "models/loaded_network.hpp"
#include "vision/pre_processing.hpp"

#include <cstdint>
#include <functional>
#include <inference_models/object_detection_model.hpp>
#include <inference_models/tensor.hpp>
#include <span>
#include <string>
#include <vector>

namespace inference_models::models {

/// A run's outputs, in the memory of its execution.
struct RunOutputs {
    std::vector<engines::TensorView> views;
    std::vector<std::string> names;
};

/// A network whose one input is a batch of images: splits and pads batches as the package allows, and keeps images of
/// different sizes apart, so that neither engines nor families do.
class ImageNetwork {
public:
    /// \throws Error `unsupported_model` where the network's inputs are not one batch of images
    explicit ImageNetwork(LoadedNetwork loaded);

    [[nodiscard]] const ModelDescription& description() const noexcept { return loaded_.description; }
    [[nodiscard]] const formats::PackageContents& contents() const noexcept { return loaded_.contents; }

    /// Whether the network tells what it takes. One that does not has shown only after a run that it fits its package.
    [[nodiscard]] bool declares_shape() const;

    /// Called after each run with the places of its images in the call, their geometry and their outputs; the outputs
    /// may hold more rows than there are images.
    using OnRun = std::function<void(std::span<const std::size_t> places,
                                     std::span<const PreProcessingMetadata> metadata, const RunOutputs& outputs)>;

    /// Images -> network input -> runs, without a copy in between.
    void run_images(std::span<const ImageView> images, StageTimes& times, const OnRun& on_run) const;

    /// Images -> network input, as one tensor.
    /// \throws Error `invalid_argument` where the images need inputs of different sizes
    [[nodiscard]] PreProcessedImages pre_process(std::span<const ImageView> images) const;

    /// Network input -> outputs of all images, one tensor for each of the network's outputs.
    [[nodiscard]] std::vector<Tensor> forward(const Tensor& input) const;

private:
    /// Images of a run: how many are real, and the batch that the network is given.
    struct Chunk {
        std::size_t first;
        std::size_t images;
        std::size_t batch;
    };
    [[nodiscard]] std::vector<Chunk> chunks(std::size_t images) const;
    /// Images of one call that are brought to the same size, by their places in it.
    struct Group {
        ImageSize size;
        std::vector<std::size_t> places;
    };
    [[nodiscard]] std::vector<Group> groups(std::span<const ImageView> images) const;
    [[nodiscard]] bool takes(ImageSize size) const;
    [[nodiscard]] ImageSize size_in(const Tensor& input) const;
    [[nodiscard]] std::vector<std::int64_t> input_shape(std::size_t batch, ImageSize size) const;
    [[nodiscard]] vision::TensorLayout layout_in(const engines::TensorView& input) const;
    [[nodiscard]] std::size_t image_bytes(ImageSize size) const;
    [[nodiscard]] RunOutputs outputs(engines::Execution& execution, std::size_t batch) const;

    LoadedNetwork loaded_;
    vision::TensorLayout layout_;  ///< of the shape that the network declares
    ElementType input_type_;
};

}  // namespace inference_models::models
