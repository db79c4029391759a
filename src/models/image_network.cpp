#include "models/image_network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <inference_models/error.hpp>
#include <limits>
#include <utility>

namespace inference_models::models {
namespace {

/// Images of one run where a package sets no limit: more would only cost memory.
constexpr std::int64_t kLargestUnlimitedBatch = 16;

constexpr std::int64_t kChannels = 3;

/// Adds the time of its life to a stage.
class Stopwatch {
public:
    explicit Stopwatch(std::chrono::nanoseconds& total) : total_(total) {}
    ~Stopwatch() { total_ += std::chrono::steady_clock::now() - start_; }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    std::chrono::nanoseconds& total_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Error not_an_image_network(const LoadedNetwork& loaded, const std::string& what) {
    return {ErrorKind::unsupported_model, loaded.description.location.string(),
            fmt::format("the network of package {} {}", loaded.description.package_id, what),
            "Detectors take one float32 or float16 input [batch, 3, height, width] or [batch, height, width, 3]."};
}

const engines::Port& only_input(const LoadedNetwork& loaded) {
    const auto& inputs = loaded.network->description().inputs;
    if (inputs.size() != 1) {
        throw not_an_image_network(loaded, fmt::format("has {} inputs instead of one", inputs.size()));
    }
    return inputs.front();
}

ElementType input_type(const LoadedNetwork& loaded) {
    const engines::Port& input = only_input(loaded);
    if (input.type != ElementType::float32 && input.type != ElementType::float16) {
        throw not_an_image_network(loaded, fmt::format("takes {} in `{}`", to_string(input.type), input.name));
    }
    return input.type;
}

vision::TensorLayout layout_of(const LoadedNetwork& loaded) {
    const engines::Port& input = only_input(loaded);
    if (!input.shape) return vision::TensorLayout::nchw;
    const auto& shape = *input.shape;
    const auto may_be = [](std::int64_t side, std::int64_t wanted) { return side == wanted || side < 0; };
    const ImageSize size = loaded.contents.pre_processing.network_size;
    const bool is_rect = loaded.contents.pre_processing.rect_stride.has_value();
    const auto fits = [&](std::size_t channels, std::size_t height, std::size_t width) {
        const bool has_free_sides = shape[height] < 0 && shape[width] < 0;
        return may_be(shape[channels], kChannels) && (has_free_sides || !is_rect) &&
               may_be(shape[height], size.height) && may_be(shape[width], size.width);
    };
    if (shape.size() == 4 && fits(1, 2, 3)) return vision::TensorLayout::nchw;
    if (shape.size() == 4 && fits(3, 1, 2)) return vision::TensorLayout::nhwc;
    throw not_an_image_network(
        loaded, fmt::format("takes [{}] in `{}`, which is no batch of {}x{} images{}", fmt::join(shape, ", "),
                            input.name, size.width, size.height, is_rect ? " and of smaller ones" : ""));
}

/// Images [channels, height, width] one behind the other -> [height, width, channels].
void copy_to_channels_last(std::span<const std::byte> from, std::span<std::byte> to,
                           std::span<const std::int64_t> shape, std::size_t element) {
    const auto channels = static_cast<std::size_t>(shape[1]);
    const auto pixels = static_cast<std::size_t>(shape[2] * shape[3]);
    for (std::size_t image = 0; image < from.size(); image += channels * pixels * element) {
        for (std::size_t channel = 0; channel < channels; ++channel) {
            for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
                std::memcpy(&to[image + (pixel * channels + channel) * element],
                            &from[image + (channel * pixels + pixel) * element], element);
            }
        }
    }
}

}  // namespace

ImageNetwork::ImageNetwork(LoadedNetwork loaded)
    : loaded_(std::move(loaded)), layout_(layout_of(loaded_)), input_type_(input_type(loaded_)) {
    loaded_.description.max_batch_size =
        loaded_.batch.max.value_or(std::max(kLargestUnlimitedBatch, loaded_.batch.min));
}

bool ImageNetwork::declares_shape() const {
    return only_input(loaded_).shape.has_value();
}

std::vector<ImageNetwork::Chunk> ImageNetwork::chunks(std::size_t images) const {
    const auto least = static_cast<std::size_t>(loaded_.batch.min);
    const auto most = static_cast<std::size_t>(loaded_.description.max_batch_size);
    std::vector<Chunk> all;
    for (std::size_t first = 0; first < images; first += most) {
        const std::size_t count = std::min(most, images - first);
        all.push_back({first, count, std::max(count, least)});
    }
    return all;
}

std::vector<ImageNetwork::Group> ImageNetwork::groups(std::span<const ImageView> images) const {
    std::vector<Group> all;
    for (std::size_t place = 0; place < images.size(); ++place) {
        const ImageSize size = vision::network_size_for(images[place].size(), loaded_.contents.pre_processing);
        auto group = std::ranges::find(all, size, &Group::size);
        if (group == all.end()) group = all.insert(all.end(), {size, {}});
        group->places.push_back(place);
    }
    return all;
}

std::vector<std::int64_t> ImageNetwork::input_shape(std::size_t batch, ImageSize size) const {
    const auto count = static_cast<std::int64_t>(batch);
    if (layout_ == vision::TensorLayout::nchw) return {count, kChannels, size.height, size.width};
    return {count, size.height, size.width, kChannels};
}

/// How pixels lie in a view that an execution gave for the input.
vision::TensorLayout ImageNetwork::layout_in(const engines::TensorView& input) const {
    return input.order == engines::MemoryOrder::channels_last ? vision::TensorLayout::nhwc : layout_;
}

std::size_t ImageNetwork::image_bytes(ImageSize size) const {
    return element_count(input_shape(1, size)) * element_size(input_type_);
}

RunOutputs ImageNetwork::outputs(engines::Execution& execution, std::size_t batch) const {
    RunOutputs all;
    const auto& declared = loaded_.network->description().outputs;
    for (std::size_t i = 0; i < execution.output_count(); ++i) {
        all.names.push_back(i < declared.size() ? declared[i].name : fmt::format("output {}", i));
        const auto view = all.views.emplace_back(execution.output(i));
        if (view.shape.empty() || view.shape[0] != static_cast<std::int64_t>(batch)) {
            throw Error(ErrorKind::invalid_output, all.names.back(),
                        fmt::format("output `{}` has the shape [{}] for a batch of {}", all.names.back(),
                                    fmt::join(view.shape, ", "), batch),
                        "The package's batch size is not the one that its network was made for.");
        }
    }
    return all;
}

void ImageNetwork::run_images(std::span<const ImageView> images, StageTimes& times, const OnRun& on_run) const {
    for (const Group& group : groups(images)) {
        for (const Chunk& chunk : chunks(group.places.size())) {
            const auto places = std::span(group.places).subspan(chunk.first, chunk.images);
            engines::Execution execution = loaded_.network->acquire();
            std::vector<PreProcessingMetadata> metadata;
            {
                const Stopwatch watch(times.pre_process);
                const engines::TensorView input = execution.input(0, input_shape(chunk.batch, group.size));
                const std::span memory(input.data, input.byte_count());
                const vision::TensorLayout layout = layout_in(input);
                const std::size_t bytes = image_bytes(group.size);
                for (std::size_t i = 0; i < places.size(); ++i) {
                    metadata.push_back(vision::pre_process(images[places[i]], loaded_.contents.pre_processing,
                                                           {memory.subspan(i * bytes, bytes), input_type_, layout}));
                }
                std::ranges::fill(memory.subspan(places.size() * bytes), std::byte{0});
            }
            RunOutputs results;
            {
                const Stopwatch watch(times.forward);
                execution.run();
                results = outputs(execution, chunk.batch);
            }
            const Stopwatch watch(times.post_process);
            on_run(places, metadata, results);
        }
    }
}

PreProcessedImages ImageNetwork::pre_process(std::span<const ImageView> images) const {
    const std::vector<Group> sizes = groups(images);
    if (sizes.size() > 1) {
        throw Error(ErrorKind::invalid_argument, "images",
                    fmt::format("the images are brought to {} sizes, {}x{} and {}x{} among them, which one tensor "
                                "cannot hold",
                                sizes.size(), sizes[0].size.width, sizes[0].size.height, sizes[1].size.width,
                                sizes[1].size.height),
                    "Call pre_process once for the images of each size, or load the model without rect.");
    }
    const ImageSize size = sizes.empty() ? loaded_.contents.pre_processing.network_size : sizes.front().size;
    PreProcessedImages result{Tensor(input_type_, input_shape(images.size(), size)), {}};
    const std::size_t bytes = image_bytes(size);
    for (std::size_t i = 0; i < images.size(); ++i) {
        result.metadata.push_back(
            vision::pre_process(images[i], loaded_.contents.pre_processing,
                                {result.tensor.bytes().subspan(i * bytes, bytes), input_type_, layout_}));
    }
    return result;
}

/// Whether pre-processing brings images to this size.
bool ImageNetwork::takes(ImageSize size) const {
    const vision::PreProcessing& rules = loaded_.contents.pre_processing;
    if (!rules.rect_stride) return size == rules.network_size;
    const auto fits = [&](std::int32_t side, std::int32_t most) {
        return side > 0 && side % *rules.rect_stride == 0 && side - *rules.rect_stride < most;
    };
    return fits(size.width, rules.network_size.width) && fits(size.height, rules.network_size.height);
}

/// The size of the images in a tensor; for one that holds none, the size that it should have.
ImageSize ImageNetwork::size_in(const Tensor& input) const {
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    const ImageSize nominal = loaded_.contents.pre_processing.network_size;
    const std::span<const std::int64_t> shape = input.shape();
    if (shape.size() != 4) return nominal;
    const std::size_t rows = layout_ == vision::TensorLayout::nchw ? 2 : 1;
    if (shape[rows] > kMost || shape[rows + 1] > kMost) return nominal;
    const ImageSize size{.width = static_cast<std::int32_t>(shape[rows + 1]),
                         .height = static_cast<std::int32_t>(shape[rows])};
    return takes(size) ? size : nominal;
}

std::vector<Tensor> ImageNetwork::forward(const Tensor& input) const {
    const auto images = input.shape().empty() ? 0 : static_cast<std::size_t>(input.shape()[0]);
    const ImageSize size = size_in(input);
    const auto expected = input_shape(images, size);
    if (input.type() != input_type_ || input.shape() != expected) {
        const auto& stride = loaded_.contents.pre_processing.rect_stride;
        throw Error(ErrorKind::invalid_argument, "input",
                    fmt::format("the network takes {} [batch, {}]{}, but was given {} [{}]", to_string(input_type_),
                                fmt::join(std::span(expected).subspan(1), ", "),
                                stride ? fmt::format(" or smaller multiples of {}", *stride) : "",
                                to_string(input.type()), fmt::join(input.shape(), ", ")),
                    "Pass what pre_process returned.");
    }
    std::vector<Tensor> results;
    for (const Chunk& chunk : chunks(images)) {
        engines::Execution execution = loaded_.network->acquire();
        const engines::TensorView view = execution.input(0, input_shape(chunk.batch, size));
        const std::span memory(view.data, view.byte_count());
        const std::size_t bytes = image_bytes(size);
        const auto from = input.bytes().subspan(chunk.first * bytes, chunk.images * bytes);
        if (layout_in(view) == layout_) {
            std::ranges::copy(from, memory.begin());
        } else {
            copy_to_channels_last(from, memory, view.shape, element_size(input_type_));
        }
        std::ranges::fill(memory.subspan(from.size()), std::byte{0});
        execution.run();
        const RunOutputs outputs_of_run = outputs(execution, chunk.batch);
        for (std::size_t i = 0; i < outputs_of_run.views.size(); ++i) {
            const engines::TensorView& output = outputs_of_run.views[i];
            std::vector<std::int64_t> shape(output.shape.begin(), output.shape.end());
            shape[0] = static_cast<std::int64_t>(images);
            if (chunk.first == 0) results.emplace_back(output.type, shape);
            if (i >= results.size() || results[i].shape() != shape || results[i].type() != output.type) {
                throw Error(ErrorKind::invalid_output, outputs_of_run.names[i],
                            fmt::format("output `{}` changes its shape from run to run", outputs_of_run.names[i]),
                            "Run the images one by one.");
            }
            const std::size_t row_bytes = output.byte_count() / chunk.batch;
            std::memcpy(results[i].bytes().data() + chunk.first * row_bytes, output.data, chunk.images * row_bytes);
        }
    }
    return results;
}

}  // namespace inference_models::models
