#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <inference_models/auto_model.hpp>
#include <inference_models/object_detection_model.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "commands.hpp"
#include "common/printable.hpp"
#include "detection_arguments.hpp"
#include "formats/text.hpp"
#include "image_arguments.hpp"
#include "load_arguments.hpp"

namespace inference_models::cli {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

struct Arguments {
    LoadArguments load;
    std::vector<std::string> images;
    ObjectDetectionOptions detection;
    bool verbose = false;
    bool json = false;
    bool jsonl = false;
    std::string save;
};

/// One image done, with the time of its stages.
struct Prediction {
    std::filesystem::path path;
    ImageSize size;
    Detections detections;
    nanoseconds decode{0};
    StageTimes times;
};

double milliseconds(nanoseconds time) {
    return static_cast<double>(std::chrono::round<std::chrono::microseconds>(time).count()) / 1000.0;
}

/// A float32 in as few digits as tell it from its neighbours.
Json number(float value) {
    return std::stod(fmt::format("{}", value));
}

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Prediction& prediction, const ObjectDetectionModel& model) {
    const ModelDescription& description = model.description();
    Json json;
    json["image"] = {
        {"path", prediction.path.string()}, {"width", prediction.size.width}, {"height", prediction.size.height}};
    json["model"] = {{"id", description.model_id},
                     {"backend", to_string(description.backend)},
                     {"engine", to_string(description.engine)},
                     {"device", to_string(description.device)},
                     {"precision", to_string(description.precision)}};
    json["predictions"] = Json::array();
    const Detections& found = prediction.detections;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Box& box = found.xyxy[i];
        json["predictions"].push_back(
            {{"xyxy", {number(box.x_min), number(box.y_min), number(box.x_max), number(box.y_max)}},
             {"class_id", found.class_id[i]},
             {"class", model.class_names()[static_cast<std::size_t>(found.class_id[i])]},
             {"confidence", number(found.confidence[i])}});
    }
    json["timing_ms"] = {{"decode", milliseconds(prediction.decode)},
                         {"pre_process", milliseconds(prediction.times.pre_process)},
                         {"forward", milliseconds(prediction.times.forward)},
                         {"post_process", milliseconds(prediction.times.post_process)}};
    return json;
}

Json to_json(const std::filesystem::path& path, const Error& error) {
    Json json;
    json["image"] = {{"path", path.string()}};
    json["error"] = {{"kind", to_string(error.kind())}, {"message", error.message()}, {"hint", error.hint()}};
    return json;
}

/// Results on standard output, in the form that was asked for.
class Results {
public:
    Results(const Arguments& arguments, const ObjectDetectionModel& model)
        : json_(arguments.json), jsonl_(arguments.jsonl), model_(model) {}
    /// What was begun is a whole document, also where an error ends the program.
    ~Results() {
        if (json_ && !first_) fmt::print("\n]\n");
    }
    Results(const Results&) = delete;
    Results& operator=(const Results&) = delete;

    void add(const Prediction& prediction) {
        if (json_ || jsonl_) {
            add(to_json(prediction, model_));
        } else {
            print(prediction);
        }
    }

    void add(const std::filesystem::path& path, const Error& error) {
        if (json_ || jsonl_) add(to_json(path, error));
    }

private:
    void add(const Json& json) {
        if (json_) {
            fmt::print("{}\n{}", first_ ? "[" : ",", dump(json));
        } else {
            fmt::print("{}\n", dump(json));
            std::fflush(stdout);  // a line for each image as it happens
        }
        first_ = false;
    }

    void print(const Prediction& prediction) const {
        const Detections& found = prediction.detections;
        fmt::print("{}  {}x{}  {} {}  (decode {:.1f} ms, pre-process {:.1f}, forward {:.1f}, post-process {:.1f})\n",
                   printable(prediction.path.string()), prediction.size.width, prediction.size.height, found.size(),
                   found.size() == 1 ? "object" : "objects", milliseconds(prediction.decode),
                   milliseconds(prediction.times.pre_process), milliseconds(prediction.times.forward),
                   milliseconds(prediction.times.post_process));
        for (std::size_t i = 0; i < found.size(); ++i) {
            const Box& box = found.xyxy[i];
            fmt::print("  {:<16} {:.3f}  x {:.1f}..{:.1f}  y {:.1f}..{:.1f}\n",
                       printable(model_.class_names()[static_cast<std::size_t>(found.class_id[i])]),
                       found.confidence[i], box.x_min, box.x_max, box.y_min, box.y_max);
        }
        std::fflush(stdout);
    }

    bool json_;
    bool jsonl_;
    bool first_ = true;
    const ObjectDetectionModel& model_;
};

/// Annotated pictures in a directory: under the name of their image, never two under the same, never over an input.
class AnnotatedPictures {
public:
    AnnotatedPictures(std::filesystem::path directory, std::span<const std::filesystem::path> inputs)
        : directory_(std::move(directory)) {
        if (directory_.empty()) return;
        std::error_code problem;
        for (const auto& input : inputs) taken_.insert(std::filesystem::weakly_canonical(input, problem));
        std::filesystem::create_directories(directory_, problem);
        if (problem) {
            throw Error(ErrorKind::io_failure, directory_.string(),
                        fmt::format("the directory {} cannot be made: {}", directory_.string(), problem.message()),
                        "Name another directory with --save.");
        }
    }

    void save(const Image& image, const Prediction& prediction, const ObjectDetectionModel& model) {
        if (directory_.empty()) return;
        const auto path = path_for(prediction.path);
        save_image(draw_detections(image, prediction.detections, model.class_names()), path);
        fmt::print(stderr, "saved {}\n", printable(path.string()));
    }

private:
    std::filesystem::path path_for(const std::filesystem::path& image) {
        static const std::set<std::string> writable{".jpg", ".jpeg", ".png", ".webp"};
        const std::string ending = image.extension().string();
        const std::string kept = writable.contains(formats::lowered(ending)) ? ending : ".png";
        auto path = directory_ / (image.stem().string() + kept);
        std::error_code ignored;
        for (int copy = 2; !taken_.insert(std::filesystem::weakly_canonical(path, ignored)).second; ++copy) {
            path = directory_ / fmt::format("{}-{}{}", image.stem().string(), copy, kept);
        }
        return path;
    }

    std::filesystem::path directory_;
    std::set<std::filesystem::path> taken_;  // inputs, and what was saved
};

Prediction predict(const std::filesystem::path& path, const Arguments& arguments, const ObjectDetectionModel& model,
                   AnnotatedPictures& pictures) {
    Prediction prediction;
    prediction.path = path;
    const auto start = steady_clock::now();
    const Image image = load_image(path);
    prediction.decode = steady_clock::now() - start;
    prediction.size = image.size();
    const ImageView view = image;
    prediction.detections = std::move(model.infer(std::span(&view, 1), arguments.detection, &prediction.times).front());
    pictures.save(image, prediction, model);
    return prediction;
}

ExitCode run(const Arguments& arguments) {
    const auto paths = image_paths(arguments.images);
    const auto model = ObjectDetectionModel::from_pretrained(arguments.load.model(), arguments.load.options());
    if (arguments.verbose) fmt::print(stderr, "{}", to_text(model->description().explanation));
    AnnotatedPictures pictures(arguments.save, paths);
    Results results(arguments, *model);
    ProgressBar progress(paths.size());
    ExitCode code = ExitCode::ok;
    for (const auto& path : paths) {
        try {
            const Prediction prediction = predict(path, arguments, *model, pictures);
            progress.clear();
            results.add(prediction);
        } catch (const Error& error) {
            // One bad image does not cost the others; a bad model or option does.
            if (exit_code(error.kind()) != ExitCode::unreadable_input) throw;
            code = ExitCode::unreadable_input;
            progress.clear();
            results.add(path, error);
            print_error(error);
        }
        progress.advance();
    }
    return code;
}

}  // namespace

void add_predict(CLI::App& program, Action& chosen) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command = program.add_subcommand("predict", "Find objects in images");
    arguments->load.add_to(*command);
    arguments->load.add_tune_to(*command);
    command->add_option("IMAGE", arguments->images, "image files, or directories of them")->required();
    add_thresholds(*command, arguments->detection);
    command->add_option("--max-detections", arguments->detection.max_detections, "per image")->capture_default_str();
    command->add_flag("--class-agnostic-nms", arguments->detection.class_agnostic_nms,
                      "boxes of different classes suppress one another");
    command->add_flag("--verbose", arguments->verbose, "say why the model runs as it does, with every candidate");
    auto* const json = command->add_flag("--json", arguments->json, "one JSON array, an object for each image");
    command->add_flag("--jsonl", arguments->jsonl, "a line of JSON for each image as it happens")->excludes(json);
    command->add_option("--save", arguments->save, "directory for annotated pictures");
    command->callback([&chosen, arguments] { chosen = [arguments] { return run(*arguments); }; });
}

}  // namespace inference_models::cli
