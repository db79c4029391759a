#include "image_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <inference_models/error.hpp>
#include <set>
#include <system_error>

#include "formats/text.hpp"

namespace inference_models::cli {
namespace {

/// The images that lie in a directory, by name.
std::vector<std::filesystem::path> images_in(const std::filesystem::path& directory) {
    static const std::set<std::string> endings{".jpg", ".jpeg", ".png", ".webp", ".bmp"};
    std::vector<std::filesystem::path> paths;
    std::error_code problem;
    std::error_code ignored;
    for (std::filesystem::directory_iterator entry(directory, problem), end; !problem && entry != end;
         entry.increment(problem)) {
        const bool is_image = endings.contains(formats::lowered(entry->path().extension().string()));
        if (is_image && entry->is_regular_file(ignored)) paths.push_back(entry->path());
    }
    if (problem) {
        throw Error(ErrorKind::io_failure, directory.string(),
                    fmt::format("the directory {} cannot be read: {}", directory.string(), problem.message()),
                    "Check that this user may read it.");
    }
    if (paths.empty()) {
        throw Error(ErrorKind::invalid_argument, directory.string(),
                    fmt::format("the directory {} holds no images", directory.string()),
                    "First comes the model, then image files (.jpg, .png, .webp, .bmp) or directories that hold some.");
    }
    std::ranges::sort(paths);
    return paths;
}

}  // namespace

std::vector<std::filesystem::path> image_paths(const std::vector<std::string>& arguments) {
    std::vector<std::filesystem::path> paths;
    for (const std::filesystem::path argument : arguments) {
        std::error_code ignored;
        if (std::filesystem::is_directory(argument, ignored)) {
            const auto inside = images_in(argument);
            paths.insert(paths.end(), inside.begin(), inside.end());
        } else {
            paths.push_back(argument);
        }
    }
    return paths;
}

std::vector<ReadImage> read_images(const std::vector<std::filesystem::path>& paths) {
    std::vector<ReadImage> images;
    images.reserve(paths.size());
    for (const auto& path : paths) images.push_back({path, load_image(path)});
    return images;
}

std::vector<NamedImage> with_names(const std::vector<ReadImage>& images) {
    std::vector<NamedImage> named;
    named.reserve(images.size());
    for (const ReadImage& each : images) named.push_back({each.path.string(), each.image.view()});
    return named;
}

}  // namespace inference_models::cli
