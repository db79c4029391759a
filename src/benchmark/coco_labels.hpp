#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

/// Labels of objects, in the format of COCO's annotation files.
namespace inference_models {

/// A box in pixels of the image.
struct LabelledBox {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
};

struct LabelledObject {
    std::int64_t category = 0;
    LabelledBox box;
    bool is_crowd = false;  ///< many objects under one box: what is found there is neither right nor wrong
};

struct CocoLabels {
    struct Image {
        std::string file_name;
        std::vector<LabelledObject> objects;
    };
    std::filesystem::path file;
    std::map<std::int64_t, Image> images;            ///< by their id
    std::map<std::int64_t, std::string> categories;  ///< names by their id
};

/// \throws Error `corrupted_package` that names the file and the field, `io_failure`
[[nodiscard]] CocoLabels read_coco_labels(const std::filesystem::path& file);

/// What is labelled in one image of a benchmark; categories are indices into the model's class names.
struct ImageLabels {
    std::int64_t image_id = 0;
    std::vector<LabelledObject> objects;
};

struct BenchmarkLabels {
    std::vector<ImageLabels> images;                 ///< of each image that was asked for
    std::vector<std::string> classes_without_model;  ///< labelled in these images, but unknown to the model: left out
};

/// The labels of some images. An image is the one whose file name ends as the other's does: `val/bus.jpg` is `bus.jpg`.
/// Categories are the classes of the same name.
/// \throws Error `invalid_argument` where an image has no labels, or several images' labels might be its, or nothing
///         that the model knows is labelled in any of them
[[nodiscard]] BenchmarkLabels labels_of(const CocoLabels& labels, std::span<const std::string> image_names,
                                        std::span<const std::string> class_names);

}  // namespace inference_models
