#include "vision/geometry.hpp"

#include <fmt/format.h>

#include <inference_models/error.hpp>

#include <algorithm>
#include <cmath>

namespace inference_models::vision {
namespace {

std::int32_t truncated(double value) {
    return static_cast<std::int32_t>(value);
}

/// Halves to even, as Python's `round`.
std::int32_t rounded(double value) {
    return static_cast<std::int32_t>(std::lrint(value));
}

Area crop_area(ImageSize image, const StaticCrop& crop) {
    // The reference divides first; another order would move some edges by a pixel.
    const auto edge = [](std::int32_t percent, std::int32_t side) { return truncated(percent / 100.0 * side); };
    const std::int32_t x = edge(crop.x_min, image.width);
    const std::int32_t y = edge(crop.y_min, image.height);
    const ImageSize size{edge(crop.x_max, image.width) - x, edge(crop.y_max, image.height) - y};
    if (size.width < 1 || size.height < 1) {
        throw Error(ErrorKind::invalid_image, "size",
                    fmt::format("nothing is left of an image of {}x{} pixels after the model's static crop to "
                                "{}..{} % of its width and {}..{} % of its height",
                                image.width, image.height, crop.x_min, crop.x_max, crop.y_min, crop.y_max),
                    "Pass a larger image, or turn the static crop off in the model's package.");
    }
    return {x, y, size};
}

/// A letterbox's inner side. An extreme image may come out thinner than a pixel, where the references truncate it to
/// nothing (and fail): it keeps one.
std::int32_t inner_side(double scaled, std::int32_t network_side, LetterboxGeometry rule) {
    const std::int32_t side = rule == LetterboxGeometry::round ? rounded(scaled) : truncated(scaled);
    return std::clamp(side, 1, network_side);
}

std::int32_t letterbox_pad(std::int32_t network_side, std::int32_t side, LetterboxGeometry rule) {
    const double half = (network_side - side) / 2.0;
    return rule == LetterboxGeometry::round ? rounded(half - 0.1) : truncated(half);
}

/// The smallest multiple of a stride that a side fits in.
std::int32_t stretched_to(std::int32_t stride, std::int32_t side) {
    return (side + stride - 1) / stride * stride;
}

void plan_letterbox(Geometry& geometry, const PreProcessing& rules) {
    const ImageSize from = geometry.crop.size;
    ImageSize to = rules.network_size;
    const LetterboxGeometry rule = rules.letterbox_geometry;
    const double scale =
        std::min(static_cast<double>(to.width) / from.width, static_cast<double>(to.height) / from.height);
    const ImageSize size{inner_side(from.width * scale, to.width, rule),
                         inner_side(from.height * scale, to.height, rule)};
    // Ultralytics takes whole strides away from the padding, which is the same where network_size is a multiple of it.
    if (rules.rect_stride) {
        to = {stretched_to(*rules.rect_stride, size.width), stretched_to(*rules.rect_stride, size.height)};
    }
    geometry.metadata.network_size = to;
    geometry.inner = {letterbox_pad(to.width, size.width, rule), letterbox_pad(to.height, size.height, rule), size};
    // Roboflow maps boxes back with the exact scale, Ultralytics with the scale of the rounded sides.
    const bool exact = rule == LetterboxGeometry::truncate;
    geometry.metadata.scale_x = exact ? scale : static_cast<double>(size.width) / from.width;
    geometry.metadata.scale_y = exact ? scale : static_cast<double>(size.height) / from.height;
}

void plan_stretch(Geometry& geometry, ImageSize to) {
    geometry.inner = {0, 0, to};
    geometry.metadata.scale_x = static_cast<double>(to.width) / geometry.crop.size.width;
    geometry.metadata.scale_y = static_cast<double>(to.height) / geometry.crop.size.height;
}

void plan_center_crop(Geometry& geometry, ImageSize to) {
    const ImageSize from = geometry.crop.size;
    const ImageSize size{std::min(from.width, to.width), std::min(from.height, to.height)};
    geometry.shown = {(from.width - size.width) / 2, (from.height - size.height) / 2, size};
    geometry.inner = {(to.width - size.width) / 2, (to.height - size.height) / 2, size};
}

}  // namespace

Geometry plan_geometry(ImageSize image, const PreProcessing& rules) {
    Geometry geometry;
    geometry.crop = rules.static_crop ? crop_area(image, *rules.static_crop) : Area{0, 0, image};
    geometry.shown = {0, 0, geometry.crop.size};
    geometry.metadata.network_size = rules.network_size;
    switch (rules.resize_mode) {
        case ResizeMode::stretch: plan_stretch(geometry, rules.network_size); break;
        case ResizeMode::letterbox:
        case ResizeMode::letterbox_reflect_edges: plan_letterbox(geometry, rules); break;
        case ResizeMode::center_crop: plan_center_crop(geometry, rules.network_size); break;
    }
    PreProcessingMetadata& metadata = geometry.metadata;
    metadata.original_size = image;
    metadata.crop_size = geometry.crop.size;
    metadata.crop_x = geometry.crop.x;
    metadata.crop_y = geometry.crop.y;
    metadata.pad_left = geometry.inner.x - geometry.shown.x;
    metadata.pad_top = geometry.inner.y - geometry.shown.y;
    return geometry;
}

}  // namespace inference_models::vision
