#include "formats/ultralytics_metadata.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "formats/limits.hpp"
#include "formats/package_recipe.hpp"
#include "formats/python_literal.hpp"
#include "formats/text.hpp"

namespace inference_models::formats {
namespace {

constexpr std::array<std::pair<std::string_view, TaskType>, 4> kTasks{{
    {"detect", TaskType::object_detection},
    {"segment", TaskType::instance_segmentation},
    {"pose", TaskType::keypoint_detection},
    {"classify", TaskType::classification},
}};

/// Metadata of one file, whose errors name the file and the entry.
class Entries {
public:
    Entries(const std::filesystem::path& path, const OnnxFile& network) : path_(path), metadata_(network.metadata) {}

    [[nodiscard]] const std::string* find(const std::string& key) const {
        const auto found = metadata_.find(key);
        return found == metadata_.end() ? nullptr : &found->second;
    }

    [[nodiscard]] std::optional<PythonValue> literal(const std::string& key) const {
        const std::string* const text = find(key);
        if (text == nullptr) return std::nullopt;
        std::optional<PythonValue> value = parse_python_literal(*text);
        if (!value) throw error(key, "is not a Python literal");
        return value;
    }

    [[nodiscard]] Error error(std::string_view key, std::string_view what) const {
        const std::string subject = fmt::format("{}: metadata {}", path_.string(), key);
        return {ErrorKind::corrupted_package, subject, fmt::format("{} {}", subject, what),
                "Export the model again, or make a package directory with the three files of a package."};
    }

    void expect(std::initializer_list<std::string_view> keys) const {
        std::vector<std::string_view> missing;
        for (const std::string_view key : keys) {
            if (!metadata_.contains(std::string(key))) missing.push_back(key);
        }
        if (missing.empty()) return;
        throw Error(ErrorKind::unsupported_model, path_.string(),
                    fmt::format("{} is an ONNX network, but nothing says which model it is: its metadata has no `{}`",
                                path_.string(), fmt::join(missing, "`, no `")),
                    package_recipe("weights.onnx", "onnx"));
    }

private:
    const std::filesystem::path& path_;
    const std::map<std::string, std::string>& metadata_;
};

TaskType read_task(const std::filesystem::path& path, const std::string& word) {
    const auto known = std::ranges::find(kTasks, word, &std::pair<std::string_view, TaskType>::first);
    if (known != kTasks.end()) return known->second;
    const std::string subject = fmt::format("{}: metadata task", path.string());
    throw Error(ErrorKind::unsupported_model, subject,
                fmt::format("{} is `{}`, a task that this version does not know", subject, word),
                "Known tasks are detect, segment, pose and classify.");
}

/// `{0: 'person', 1: 'car'}`, or a list as older exporters wrote it, as names by index.
std::vector<std::string> read_names(const Entries& entries) {
    const PythonValue value = entries.literal("names").value();
    PythonDict numbered;
    if (const auto* const list = value.as<PythonList>()) {
        for (const PythonValue& name : *list) numbered.push_back({PythonValue{std::ssize(numbered)}, name});
    } else if (const auto* const dict = value.as<PythonDict>()) {
        numbered = *dict;
    }
    if (numbered.empty()) throw entries.error("names", "holds no class names");
    if (numbered.size() > kMostClasses) throw entries.error("names", "holds too many class names");

    std::vector<std::string> names(numbered.size());
    for (const auto& [key, value_of_key] : numbered) {
        const auto* const index = key.as<std::int64_t>();
        const auto* const name = value_of_key.as<std::string>();
        if (index == nullptr || name == nullptr) throw entries.error("names", "does not give a text for each number");
        if (name->empty() || name->size() > kLongestClassName) {
            throw entries.error("names", fmt::format("has a name of {} bytes for class {}", name->size(), *index));
        }
        if (*index < 0 || *index >= std::ssize(names) || !names[static_cast<std::size_t>(*index)].empty()) {
            throw entries.error("names", fmt::format("has {} classes, but they are not numbered 0 to {}", names.size(),
                                                     names.size() - 1));
        }
        names[static_cast<std::size_t>(*index)] = *name;
    }
    return names;
}

/// `[height, width]`, or one number for both.
std::optional<ImageSize> read_image_size(const Entries& entries) {
    const std::optional<PythonValue> value = entries.literal("imgsz");
    if (!value) return std::nullopt;
    std::vector<std::int64_t> sides;
    if (const auto* const side = value->as<std::int64_t>()) sides = {*side, *side};
    if (const auto* const list = value->as<PythonList>()) {
        for (const PythonValue& element : *list) {
            const auto* const side = element.as<std::int64_t>();
            sides.push_back(side == nullptr ? 0 : *side);
        }
    }
    const auto usable = [](std::int64_t side) { return side >= 1 && side <= kLargestNetworkSide; };
    if (sides.size() != 2 || !std::ranges::all_of(sides, usable)) {
        throw entries.error("imgsz", fmt::format("is not a height and a width of 1 to {}", kLargestNetworkSide));
    }
    return ImageSize{.width = static_cast<std::int32_t>(sides[1]), .height = static_cast<std::int32_t>(sides[0])};
}

std::optional<std::int32_t> read_stride(const Entries& entries) {
    const std::optional<PythonValue> value = entries.literal("stride");
    if (!value) return std::nullopt;
    const auto* const stride = value->as<std::int64_t>();
    if (stride == nullptr || *stride < 1 || *stride > kLargestNetworkSide) {
        throw entries.error("stride", fmt::format("is not a number of pixels from 1 to {}", kLargestNetworkSide));
    }
    return static_cast<std::int32_t>(*stride);
}

bool is_true(const PythonValue& value) {
    const auto* const flag = value.as<bool>();
    return flag != nullptr && *flag;
}

bool read_fused_nms(const Entries& entries) {
    const std::optional<PythonValue> end_to_end = entries.literal("end2end");
    if (end_to_end && is_true(*end_to_end)) return true;
    const std::optional<PythonValue> arguments = entries.literal("args");
    const auto* const dict = arguments ? arguments->as<PythonDict>() : nullptr;
    if (dict == nullptr) return false;
    return std::ranges::any_of(*dict, [](const PythonItem& argument) {
        const auto* const name = argument.key.as<std::string>();
        return name != nullptr && *name == "nms" && is_true(argument.value);
    });
}

}  // namespace

std::string architecture_of(std::string_view description) {
    std::string word = lowered(description);
    constexpr std::string_view kMaker = "ultralytics ";
    if (word.starts_with(kMaker)) word.erase(0, kMaker.size());
    word.erase(std::min(word.size(), word.find(' ')));

    std::string_view rest = word;
    if (!rest.starts_with("yolo")) return word;
    rest.remove_prefix(4);
    const bool has_v = rest.starts_with('v');
    if (has_v) rest.remove_prefix(1);
    const std::string version(rest.substr(0, std::min(rest.size(), rest.find_first_not_of("0123456789"))));
    if (version.empty()) return word;
    // Ultralytics' own YOLOv3 and YOLOv5 have YOLOv8's head: to read them like the originals would be wrong.
    if (version == "3" || version == "5") return "yolov" + version + "u";
    return (has_v || version == "11" || version == "12" ? "yolov" : "yolo") + version;
}

UltralyticsMetadata read_ultralytics_metadata(const std::filesystem::path& path, const OnnxFile& network) {
    const Entries entries(path, network);
    entries.expect({"description", "task", "names"});
    UltralyticsMetadata metadata;
    metadata.architecture = architecture_of(*entries.find("description"));
    if (metadata.architecture.empty()) throw entries.error("description", "names no architecture");
    metadata.task = read_task(path, *entries.find("task"));
    metadata.class_names = read_names(entries);
    metadata.image_size = read_image_size(entries);
    metadata.stride = read_stride(entries);
    metadata.fused_nms = read_fused_nms(entries);
    return metadata;
}

}  // namespace inference_models::formats
