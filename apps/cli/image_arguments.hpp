#pragma once

#include <filesystem>
#include <inference_models/agreement.hpp>
#include <inference_models/image.hpp>
#include <string>
#include <vector>

/// The images that a command is given.
namespace inference_models::cli {

/// Images named one by one, and those that lie in named directories, by name.
/// \throws Error `invalid_argument` for a directory without images, `io_failure` for one that cannot be read
[[nodiscard]] std::vector<std::filesystem::path> image_paths(const std::vector<std::string>& arguments);

struct ReadImage {
    std::filesystem::path path;
    Image image;
};

/// All images at once, for those who want all of them compared.
/// \throws Error `unreadable_image`
[[nodiscard]] std::vector<ReadImage> read_images(const std::vector<std::filesystem::path>& paths);

/// Views of the images, named by their paths.
[[nodiscard]] std::vector<NamedImage> with_names(const std::vector<ReadImage>& images);

}  // namespace inference_models::cli
