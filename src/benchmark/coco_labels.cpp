#include "benchmark/coco_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <inference_models/error.hpp>
#include <limits>
#include <set>
#include <string_view>

#include "common/mapped_file.hpp"
#include "formats/json_reader.hpp"

namespace inference_models {
namespace {

using formats::JsonValue;

constexpr std::size_t kLargestFile = std::size_t{64} << 20U;  ///< in bytes; COCO's own of 5000 images has 20 MB
constexpr double kFurthest = 1e6;                             ///< of a coordinate, in pixels
constexpr std::int64_t kSmallestId = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLargestId = std::numeric_limits<std::int64_t>::max();

std::int64_t read_id(const JsonValue& value) {
    return value.integer(kSmallestId, kLargestId);
}

double read_coordinate(const JsonValue& value, double least) {
    const double coordinate = value.number();
    if (!(coordinate >= least && coordinate <= kFurthest)) {
        throw value.error(fmt::format("is {}; it must be {} to {}", coordinate, least, kFurthest));
    }
    return coordinate;
}

LabelledBox read_box(const JsonValue& value) {
    const std::vector<JsonValue> numbers = value.elements();
    if (numbers.size() != 4) throw value.error(fmt::format("has {} numbers; a box has 4", numbers.size()));
    return {read_coordinate(numbers[0], -kFurthest), read_coordinate(numbers[1], -kFurthest),
            read_coordinate(numbers[2], 0), read_coordinate(numbers[3], 0)};
}

/// COCO writes 0 and 1, other tools true and false, or nothing.
bool read_is_crowd(const JsonValue& annotation) {
    const auto value = annotation.find("iscrowd");
    if (!value) return false;
    return value->is_boolean() ? value->boolean() : value->integer(0, 1) == 1;
}

void read_images(CocoLabels& labels, const JsonValue& list) {
    for (const JsonValue& image : list.elements()) {
        const JsonValue id = image.at("id");
        const bool is_new = labels.images.try_emplace(read_id(id), image.at("file_name").text()).second;
        if (!is_new) throw id.error("is the id of another image too");
    }
}

void read_categories(CocoLabels& labels, const JsonValue& list) {
    for (const JsonValue& category : list.elements()) {
        const JsonValue id = category.at("id");
        const bool is_new = labels.categories.try_emplace(read_id(id), category.at("name").text()).second;
        if (!is_new) throw id.error("is the id of another category too");
    }
}

void read_annotations(CocoLabels& labels, const JsonValue& list) {
    for (const JsonValue& annotation : list.elements()) {
        const JsonValue image_id = annotation.at("image_id");
        const auto image = labels.images.find(read_id(image_id));
        if (image == labels.images.end()) throw image_id.error("is the id of no image");
        const JsonValue category_id = annotation.at("category_id");
        const std::int64_t category = read_id(category_id);
        if (!labels.categories.contains(category)) throw category_id.error("is the id of no category");
        image->second.objects.push_back({category, read_box(annotation.at("bbox")), read_is_crowd(annotation)});
    }
}

std::vector<std::string> parts_of(const std::string& name) {
    std::vector<std::string> parts;
    for (const auto& part : std::filesystem::path(name).lexically_normal()) parts.push_back(part.string());
    return parts;
}

/// How many parts of two paths are the same, from the end; 0 where one does not end as the other.
std::size_t common_end(const std::vector<std::string>& one, const std::vector<std::string>& other) {
    const std::size_t shorter = std::min(one.size(), other.size());
    const bool ends_alike =
        std::equal(one.rbegin(), one.rbegin() + static_cast<std::ptrdiff_t>(shorter), other.rbegin());
    return ends_alike ? shorter : 0;
}

Error no_labels(const CocoLabels& labels, const std::string& name, std::string_view what, std::string hint) {
    return {ErrorKind::invalid_argument, name, fmt::format("{} {} {}", labels.file.string(), what, name),
            std::move(hint)};
}

/// Finds images by the ends of their paths. Of thousands of them, only those of the same file name are compared.
class ImagesByName {
public:
    using Entry = std::pair<const std::int64_t, CocoLabels::Image>;

    explicit ImagesByName(const CocoLabels& labels) : labels_(labels) {
        for (const Entry& image : labels.images) {
            std::vector<std::string> parts = parts_of(image.second.file_name);
            if (parts.empty()) continue;
            const std::string name = parts.back();
            images_.emplace(name, Candidate{&image, std::move(parts)});
        }
    }

    /// Where one image's name ends in more parts like this one than all others' do, it is that one.
    [[nodiscard]] const Entry& image_of(const std::string& name) const {
        const std::vector<std::string> parts = parts_of(name);
        const Entry* found = nullptr;
        std::size_t longest = 0;
        bool is_ambiguous = false;
        const auto [first, last] = images_.equal_range(parts.empty() ? std::string() : parts.back());
        for (auto at = first; at != last; ++at) {
            const std::size_t length = common_end(parts, at->second.parts);
            if (length == 0 || length < longest) continue;
            is_ambiguous = length == longest;
            longest = length;
            found = at->second.image;
        }
        if (found == nullptr) {
            throw no_labels(labels_, name, "has no labels of the image",
                            "Leave this image out, or give labels whose `file_name` is its name.");
        }
        if (is_ambiguous) {
            throw no_labels(labels_, name, "has several images that may be",
                            "Give more of the image's path, so that it is told apart.");
        }
        return *found;
    }

private:
    struct Candidate {
        const Entry* image = nullptr;
        std::vector<std::string> parts;  ///< of its path
    };
    const CocoLabels& labels_;
    std::multimap<std::string, Candidate> images_;  ///< by the last part
};

}  // namespace

CocoLabels read_coco_labels(const std::filesystem::path& file) {
    const JsonValue root = formats::parse_json(read_text_file(file, kLargestFile), file.string());
    CocoLabels labels;
    labels.file = file;
    read_images(labels, root.at("images"));
    read_categories(labels, root.at("categories"));
    read_annotations(labels, root.at("annotations"));
    return labels;
}

BenchmarkLabels labels_of(const CocoLabels& labels, std::span<const std::string> image_names,
                          std::span<const std::string> class_names) {
    BenchmarkLabels found;
    std::set<std::string> unknown;
    bool has_objects = false;
    const ImagesByName images(labels);
    for (const std::string& name : image_names) {
        const auto& [id, image] = images.image_of(name);
        ImageLabels& of_image = found.images.emplace_back();
        of_image.image_id = id;
        for (LabelledObject object : image.objects) {
            const std::string& category = labels.categories.at(object.category);
            const auto known = std::ranges::find(class_names, category);
            if (known == class_names.end()) {
                unknown.insert(category);
                continue;
            }
            object.category = known - class_names.begin();
            of_image.objects.push_back(object);
            has_objects = has_objects || !object.is_crowd;
        }
    }
    if (!has_objects) {
        throw Error(ErrorKind::invalid_argument, labels.file.string(),
                    fmt::format("{} labels no object of the model's classes in these images.", labels.file.string()),
                    "Give labels whose categories have the names of the model's classes.");
    }
    found.classes_without_model.assign(unknown.begin(), unknown.end());
    return found;
}

}  // namespace inference_models
