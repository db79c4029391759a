#include "selection/image_sizes.hpp"

#include "formats/limits.hpp"
#include "selection/words.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cstdint>
#include <inference_models/error.hpp>
#include <string>
#include <utility>

namespace inference_models::selection {
namespace {

constexpr std::int64_t kChannels = 3;

Verdict rejected(std::string reason, std::string remedy) {
    return {CandidateStatus::rejected, std::move(reason), std::move(remedy)};
}

/// A package that was compiled for one machine was compiled for one size.
std::optional<std::int32_t> stride_of(const formats::Package& package) {
    return package.compiled ? std::nullopt : package.sizes->stride;
}

std::int32_t next_multiple(std::int32_t side, std::int32_t stride) {
    return (side + stride - 1) / stride * stride;
}

ImageSize next_multiples(ImageSize size, std::int32_t stride) {
    return {.width = next_multiple(size.width, stride), .height = next_multiple(size.height, stride)};
}

/// Numbers in the input of the largest run. No overflow: sides and batches stay below their limits.
std::int64_t elements(const formats::Package& package, ImageSize size) {
    return package.batch.max.value_or(package.batch.min) * kChannels * size.height * size.width;
}

std::string other_size(ImageSize size) {
    return fmt::format("use image_size={}", told(size));
}

std::string its_size_alone(const formats::Package& package) {
    // Who has the file alone has exported it.
    const bool is_own_export = package.format == PackageFormat::onnx && package.weights == package.path;
    return fmt::format("this package takes {} alone{}", told(package.sizes->own),
                       is_own_export ? ", since it was exported without dynamic=True" : "");
}

}  // namespace

std::optional<Verdict> image_size_problem(const formats::Package& package, const LoadOptions& request) {
    if (!request.image_size || !package.sizes || *request.image_size == package.sizes->own) return std::nullopt;
    const ImageSize asked = *request.image_size;
    const std::string was_asked = fmt::format("image_size={} was asked for", told(asked));
    const std::optional<std::int32_t> stride = stride_of(package);
    if (!stride) {
        return rejected(fmt::format("{}, {}", was_asked, its_size_alone(package)), other_size(package.sizes->own));
    }
    const ImageSize next = next_multiples(asked, *stride);
    if (next != asked) {
        const ImageSize better = formats::is_network_size(next) ? next : package.sizes->own;
        return rejected(fmt::format("{}, this package takes multiples of {}", was_asked, *stride), other_size(better));
    }
    if (const std::int64_t count = elements(package, asked); count > formats::kMostInputElements) {
        return rejected(
            fmt::format("{}, which makes {} numbers per run of {} images; at most {} are possible", was_asked, count,
                        package.batch.max.value_or(package.batch.min), formats::kMostInputElements),
            other_size(package.sizes->own));
    }
    return std::nullopt;
}

std::optional<Verdict> rect_problem(const formats::Package& package, const LoadOptions& request) {
    if (!request.rect || !package.sizes) return std::nullopt;
    constexpr std::string_view kRemedy = "leave rect out";
    constexpr std::string_view kWasAsked = "rect=True was asked for";
    const std::optional<std::int32_t> stride = stride_of(package);
    if (!stride) {
        return rejected(fmt::format("{}, {}", kWasAsked, its_size_alone(package)), std::string(kRemedy));
    }
    if (!package.sizes->letterboxed) {
        return rejected(fmt::format("{}, this package does not letterbox its images", kWasAsked), std::string(kRemedy));
    }
    const ImageSize largest = next_multiples(request.image_size.value_or(package.sizes->own), *stride);
    if (!formats::is_network_size(largest) || elements(package, largest) > formats::kMostInputElements) {
        return rejected(fmt::format("{}, which with multiples of {} makes inputs of up to {}: too large", kWasAsked,
                                    *stride, told(largest)),
                        std::string(kRemedy));
    }
    return std::nullopt;
}

void check_image_sizes(const formats::Package& package, const LoadOptions& request) {
    std::optional<Verdict> problem = image_size_problem(package, request);
    if (!problem) problem = rect_problem(package, request);
    if (!problem) return;
    std::string hint = problem->remedy + ".";
    hint.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(hint.front())));
    throw Error(ErrorKind::no_usable_backend, package.id, std::move(problem->reason), std::move(hint));
}

}  // namespace inference_models::selection
