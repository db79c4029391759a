#pragma once

#include "formats/onnx_file.hpp"
#include "formats/package.hpp"

#include <inference_models/image.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

/// Whether what a package says about its network is so: the graph is the truth.
namespace inference_models::formats {

/// How many images a network takes per run, where that is fixed.
/// \throws Error `corrupted_package` where they are more than any network takes
[[nodiscard]] std::optional<std::int64_t> fixed_batch_of(const std::filesystem::path& path, const OnnxFile& network);

/// Whether an input can be made of as many images of a size as a package may be given in one run.
/// \throws Error `corrupted_package`
void check_input_size(const Package& package, ImageSize size);

/// Height and width of the images that a network takes, where they are fixed.
struct NetworkImage {
    std::optional<std::int64_t> height;
    std::optional<std::int64_t> width;
};

/// \throws Error `corrupted_package` where the first input is no batch of images with three channels
[[nodiscard]] NetworkImage image_of(const std::filesystem::path& path, const OnnxFile& network);

/// Whether a network's first output is rows of (x_min, y_min, x_max, y_max, confidence, class).
[[nodiscard]] bool answers_with_rows(const OnnxFile& network, std::size_t class_count);

/// Where a detector without NMS in it answers with other than four coordinates and one score for each class.
/// \param names_place  what holds the class names: a file, or a file's metadata
/// \throws Error `corrupted_package` about the class names
void check_class_count(const std::string& names_place, std::size_t class_count, const OnnxFile& network);

}  // namespace inference_models::formats
