#include "compile/output_agreement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <inference_models/error.hpp>
#include <span>
#include <utility>

namespace inference_models::compile {
namespace {

/// Differences beyond these are no rounding: root mean squares of a channel's differences over that of its values.
/// Scores of 1e-5, as made-up pictures have, move by a tenth and more in bf16, which has eight bits.
double tolerance_of(Precision precision) {
    return precision == Precision::fp32 ? 1e-3 : 0.5;
}

/// Blocks and gradients of all colours, from a generator of fixed beginnings.
Image made_up_picture(ImageSize size, std::uint32_t seed) {
    constexpr std::int32_t kBlock = 24;
    Image image(size, ColorFormat::bgr);
    const std::span<std::uint8_t> pixels = image.pixels();
    std::size_t at = 0;
    for (std::int32_t y = 0; y < size.height; ++y) {
        for (std::int32_t x = 0; x < size.width; ++x) {
            std::uint32_t mixed = seed + static_cast<std::uint32_t>(x / kBlock) * 2654435761U +
                                  static_cast<std::uint32_t>(y / kBlock) * 2246822519U;
            mixed ^= mixed >> 15U;
            mixed *= 2654435769U;
            const std::uint32_t slope = static_cast<std::uint32_t>(x + 2 * y);
            for (std::uint32_t channel = 0; channel < 3; ++channel) {
                pixels[at++] = static_cast<std::uint8_t>((mixed >> (8U * channel)) + slope);
            }
        }
    }
    return image;
}

/// The sides of a tensor as blocks of channels: [images, channels, values].
struct Blocks {
    std::size_t images = 1;
    std::size_t channels = 1;
    std::size_t values = 1;
};

Blocks blocks_of(const std::vector<std::int64_t>& shape) {
    Blocks blocks;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        const auto side = static_cast<std::size_t>(shape[axis]);
        (axis == 0 ? blocks.images : axis == 1 && shape.size() > 2 ? blocks.channels : blocks.values) *= side;
    }
    return blocks;
}

/// Of one channel of all images.
struct Sums {
    double difference = 0;
    double size = 0;
};

Sums sums_of(std::span<const float> expected, std::span<const float> actual, const Blocks& blocks,
             std::size_t channel) {
    Sums sums;
    for (std::size_t image = 0; image < blocks.images; ++image) {
        const std::size_t first = (image * blocks.channels + channel) * blocks.values;
        for (std::size_t i = first; i < first + blocks.values; ++i) {
            const double value = expected[i];
            sums.difference += (actual[i] - value) * (actual[i] - value);
            sums.size += value * value;
        }
    }
    return sums;
}

/// The largest of all channels. Not a number counts as any distance.
double distance(std::span<const float> expected, std::span<const float> actual, const Blocks& blocks) {
    double largest = 0;
    for (std::size_t channel = 0; channel < blocks.channels; ++channel) {
        const Sums sums = sums_of(expected, actual, blocks, channel);
        if (sums.difference == 0) continue;
        const double relative = std::sqrt(sums.difference / sums.size);
        if (!(relative <= largest)) largest = relative;
        if (std::isnan(largest)) return largest;
    }
    return largest;
}

Error disagreement(std::string what) {
    return {ErrorKind::invalid_output, "agreement",
            fmt::format("the compiled network does not answer as the one that it was made from: {}", what),
            "Nothing was kept. Compile in fp32, or use the model as it is."};
}

std::vector<float> sorted(std::span<const float> values) {
    std::vector<float> copy(values.begin(), values.end());
    std::ranges::sort(copy);
    return copy;
}

}  // namespace

std::vector<Tensor> answers_of(const ObjectDetectionModel& model, std::size_t pictures) {
    std::vector<Image> images;
    std::vector<ImageView> views;
    images.reserve(pictures);
    for (std::size_t i = 0; i < pictures; ++i) {
        images.push_back(made_up_picture(model.description().network_input, static_cast<std::uint32_t>(i)));
        views.push_back(images.back().view());
    }
    return model.forward(model.pre_process(views).tensor);
}

std::string expect_agreement(const std::vector<Tensor>& expected, const std::vector<Tensor>& actual,
                             Precision precision, bool rows_may_move) {
    if (expected.size() != actual.size()) {
        throw disagreement(fmt::format("{} outputs instead of {}", actual.size(), expected.size()));
    }
    double largest = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (expected[i].shape() != actual[i].shape()) {
            throw disagreement(fmt::format("output {} is [{}] instead of [{}]", i, fmt::join(actual[i].shape(), ", "),
                                           fmt::join(expected[i].shape(), ", ")));
        }
        if (expected[i].type() != ElementType::float32 || actual[i].type() != ElementType::float32) continue;
        const double found = rows_may_move
                                 ? distance(sorted(expected[i].floats()), sorted(actual[i].floats()),
                                            {1, 1, expected[i].floats().size()})
                                 : distance(expected[i].floats(), actual[i].floats(), blocks_of(expected[i].shape()));
        if (!(found <= tolerance_of(precision))) {
            throw disagreement(fmt::format("output {} differs by {:.2g} of its size; for {} at most {} are rounding", i,
                                           found, to_string(precision), tolerance_of(precision)));
        }
        largest = std::max(largest, found);
    }
    if (largest == 0) return "every number is the same";
    return fmt::format("raw outputs differ by at most {:.2g} of their size", largest);
}

}  // namespace inference_models::compile
