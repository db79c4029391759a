#include "compile/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <inference_models/agreement.hpp>
#include <inference_models/compare_detections.hpp>
#include <inference_models/error.hpp>
#include <nlohmann/json.hpp>
#include <span>
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
    const AgreementGate gate = agreement_gate(Precision::int8);
    const ComparisonOptions counted{ObjectDetectionOptions{}.confidence + gate.confidence_margin};
    Agreement agreement;
    for (const fs::path& picture : pictures) {
        const Image image = load_image(picture);
        agreement += compare_detections(source.infer(image), compiled.infer(image), counted);
    }
    if (agreement.reference_objects == 0) {
        throw Error(ErrorKind::invalid_output, "calibration",
                    fmt::format("fp32 finds nothing in {} pictures, so nothing can be said of int8", pictures.size()),
                    "Nothing was kept. Give pictures with objects that the model knows.");
    }
    const std::string figures =
        fmt::format("of {} objects that fp32 finds in {} pictures {} are found, and {} others",
                    agreement.reference_objects, pictures.size(), agreement.matched_objects, agreement.extra_objects);
    const std::string missing = shortfall(agreement, gate);
    if (missing.empty()) return figures;
    throw Error(ErrorKind::invalid_output, "agreement", fmt::format("int8 differs too much: {}: {}", figures, missing),
                "Nothing was kept. Give more pictures, or use fp32 or bf16.");
}

}  // namespace inference_models::compile
