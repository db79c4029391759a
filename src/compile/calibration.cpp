#include "compile/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <inference_models/error.hpp>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "common/mapped_file.hpp"
#include "compile/python_script.hpp"
#include "formats/text.hpp"

namespace inference_models::compile {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostPictures = 128;  ///< of which each is 5 MB of numbers at 640x640

bool is_picture(const fs::path& path) {
    constexpr std::array<std::string_view, 5> kEndings{".jpg", ".jpeg", ".png", ".webp", ".bmp"};
    return std::ranges::find(kEndings, formats::lowered(path.extension().string())) != kEndings.end();
}

float overlap(const Box& one, const Box& other) {
    const float width = std::min(one.x_max, other.x_max) - std::max(one.x_min, other.x_min);
    const float height = std::min(one.y_max, other.y_max) - std::max(one.y_min, other.y_min);
    if (width <= 0 || height <= 0) return 0;
    const auto area = [](const Box& box) { return (box.x_max - box.x_min) * (box.y_max - box.y_min); };
    return width * height / (area(one) + area(other) - width * height);
}

bool finds(const Detections& found, std::int32_t class_id, const Box& box) {
    constexpr float kSameObject = 0.5F;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (found.class_id[i] == class_id && overlap(found.xyxy[i], box) >= kSameObject) return true;
    }
    return false;
}

}  // namespace

std::vector<fs::path> calibration_pictures(const fs::path& directory) {
    std::vector<fs::path> pictures;
    std::error_code problem;
    fs::directory_iterator entry(directory, problem);
    for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
        if (is_picture(entry->path())) pictures.push_back(entry->path());
    }
    if (problem || pictures.empty()) {
        throw Error(
            ErrorKind::invalid_argument, "calibration",
            fmt::format("{} {}", directory.string(),
                        problem ? "cannot be read: " + problem.message() : std::string("holds no picture")),
            "Give a directory of JPEG, PNG, WebP or BMP files such as the model will see, some dozens of them.");
    }
    std::ranges::sort(pictures);
    if (pictures.size() <= kMostPictures) return pictures;
    std::vector<fs::path> spread;
    for (std::size_t i = 0; i < kMostPictures; ++i) spread.push_back(pictures[i * pictures.size() / kMostPictures]);
    return spread;
}

fs::path quantise(const Job& job, const EngineRuntime& onnxruntime, const ObjectDetectionModel& source,
                  const std::vector<fs::path>& pictures) {
    const fs::path tensors = job.directory / "calibration";
    fs::create_directory(tensors);
    nlohmann::json files = nlohmann::json::array();
    std::vector<std::int64_t> shape;
    for (const fs::path& picture : pictures) {
        const Image image = load_image(picture);
        // As many copies as the network wants in one run.
        const std::vector<ImageView> views(static_cast<std::size_t>(job.source.batch.min), image.view());
        const Tensor tensor = source.pre_process(views).tensor;
        static_cast<void>(tensor.floats());  // the quantiser takes no other numbers
        shape = tensor.shape();
        const std::string name = fmt::format("{}.f32", files.size());
        write_file_atomically(tensors / name, tensor.bytes());
        files.push_back(name);
    }
    const std::string manifest = nlohmann::json{{"shape", shape}, {"files", files}}.dump();
    write_file_atomically(tensors / "manifest.json", std::as_bytes(std::span(manifest)));

    fs::path output = job.directory / "quantised.onnx";
    const fs::path log = job.directory / "output.log";
    run_python_script(onnxruntime, "onnxruntime_quantize.py", log,
                      {"--input", job.source.weights.string(), "--output", output.string(), "--calibration",
                       (tensors / "manifest.json").string()});
    fs::remove(log);
    fs::remove_all(tensors);
    return output;
}

std::string expect_objects(const ObjectDetectionModel& source, const ObjectDetectionModel& compiled,
                           const std::vector<fs::path>& pictures) {
    constexpr double kLeastShare = 0.9;
    // What the source itself hardly finds may go either way.
    constexpr float kMargin = 0.05F;
    const float sure = ObjectDetectionOptions{}.confidence + kMargin;
    std::size_t expected = 0;
    std::size_t found = 0;
    for (const fs::path& picture : pictures) {
        const Image image = load_image(picture);
        const Detections truth = source.infer(image);
        const Detections answer = compiled.infer(image);
        for (std::size_t i = 0; i < truth.size() && truth.confidence[i] > sure; ++i) {
            ++expected;
            if (finds(answer, truth.class_id[i], truth.xyxy[i])) ++found;
        }
    }
    const std::string figures =
        fmt::format("{} of {} objects that fp32 finds in {} pictures are found", found, expected, pictures.size());
    if (expected == 0) {
        throw Error(ErrorKind::invalid_output, "calibration",
                    fmt::format("fp32 finds nothing in {} pictures, so nothing can be said of int8", pictures.size()),
                    "Nothing was kept. Give pictures with objects that the model knows.");
    }
    if (static_cast<double>(found) >= kLeastShare * static_cast<double>(expected)) return figures;
    throw Error(ErrorKind::invalid_output, "agreement",
                fmt::format("int8 loses too much: {}, and at least {:.0f} % are wanted", figures, 100 * kLeastShare),
                "Nothing was kept. Give more pictures, or use fp32 or bf16.");
}

}  // namespace inference_models::compile
