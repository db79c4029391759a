#pragma once

#include "vision/pre_processing.hpp"

#include <inference_models/error.hpp>
#include <inference_models/image.hpp>
#include <inference_models/model_metadata.hpp>
#include <inference_models/types.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A model's own files as plain values. Nothing here knows an engine or a family.
namespace inference_models::formats {

/// Which sizes a package's images may be brought to.
struct SizeRule {
    ImageSize own;                       ///< unless another one is asked for
    std::optional<std::int32_t> stride;  ///< any whose sides are multiples of this; none: the own size alone
    bool letterboxed = true;             ///< images keep their proportions, and the rest is padded
};

/// One stored form of a model, as far as selection needs to know it: what is stated of it, and where it lies.
/// `id` is the directory's or the file's name, or its provider's.
struct Package : PackageMetadata {
    std::string architecture;  ///< `yolov8`; empty where only the loaded network would tell
    TaskType task = TaskType::object_detection;
    std::filesystem::path path;     ///< the package directory, or the loose file; empty while it is not on this machine
    std::filesystem::path weights;  ///< the network's file; empty like `path`
    std::shared_ptr<const Package> made_from;  ///< of a compiled one: the package that tells all but the network
    std::optional<SizeRule> sizes;             ///< none: not known before its files are here
    std::optional<Error> problem;  ///< why it cannot be used as it is; the other members may then be defaults
};

/// Everything that a path or a provider offers: the packages of one model, ordered by id.
struct Listing {
    std::string model_id;            ///< for people: the directory's name, the file's, or the id that was asked for
    std::string weights_provider;    ///< `local`, `bundled`, `roboflow`, ...
    std::filesystem::path location;  ///< where they lie, or would once they are downloaded
    std::vector<Package> packages;
};

/// How a package's raw outputs are to be read.
struct PostProcessing {
    bool fused_nms = false;  ///< NMS is part of the network: rows of (x_min, y_min, x_max, y_max, confidence, class)
};

/// What a package says about its images and its classes.
struct PackageContents {
    std::vector<std::string> class_names;
    vision::PreProcessing pre_processing;
    PostProcessing post_processing;
};

/// Reads what lies at a path: a package directory in Roboflow's layout, a directory that holds several packages of one
/// model, or one bare file. Where several packages are listed, a broken one carries its `problem`; a single broken one
/// is thrown.
/// \throws Error `model_not_found`, `corrupted_package`, `unsupported_model`
[[nodiscard]] Listing list_packages(const std::filesystem::path& path);

/// Reads the rest of a package that is about to be loaded.
/// \throws Error `corrupted_package` that names the file and the field, `unsupported_model`
[[nodiscard]] PackageContents read_package_contents(const Package& package);

}  // namespace inference_models::formats
