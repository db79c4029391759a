#include "compile/compile_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <inference_models/error.hpp>
#include <span>
#include <system_error>
#include <vector>

#include "common/log.hpp"
#include "common/shell_quoting.hpp"
#include "formats/limits.hpp"

namespace inference_models::compile {
namespace {

namespace fs = std::filesystem;

std::span<const Precision> precisions_of(Engine engine) {
    static constexpr std::array kOnnxRuntime{Precision::fp32, Precision::int8};
    static constexpr std::array kTorch{Precision::fp32};  // what it compiles in bf16 moves boxes too far
    static constexpr std::array kOpenVino{Precision::fp32, Precision::bf16, Precision::int8};
    switch (engine) {
        case Engine::onnxruntime: return kOnnxRuntime;
        case Engine::torch: return kTorch;
        case Engine::openvino: return kOpenVino;
        case Engine::tensorrt: break;
    }
    return {};
}

fs::path from_anywhere(const fs::path& path) {
    std::error_code ignored;
    return fs::absolute(path, ignored).lexically_normal();
}

}  // namespace

void check(const CompileOptions& options) {
    const auto precisions = precisions_of(options.engine);
    if (precisions.empty()) {
        throw Error(ErrorKind::invalid_argument, "engine",
                    fmt::format("nothing is compiled for {}", display_name(options.engine)),
                    "Use one of: onnxruntime, torch, openvino.");
    }
    if (std::ranges::find(precisions, options.precision) == precisions.end()) {
        std::vector<std::string_view> names;
        for (const Precision each : precisions) names.push_back(to_string(each));
        throw Error(
            ErrorKind::invalid_argument, "precision",
            fmt::format("nothing is compiled in {} for {}", to_string(options.precision), display_name(options.engine)),
            fmt::format("Use one of: {}.", fmt::join(names, ", ")));
    }
    if (options.batch_size && (*options.batch_size < 1 || *options.batch_size > formats::kLargestBatch)) {
        throw Error(ErrorKind::invalid_argument, "batch_size", fmt::format("batch_size = {}", *options.batch_size),
                    fmt::format("batch_size must be 1 to {}.", formats::kLargestBatch));
    }
    if (options.size && !formats::is_network_size(*options.size)) {
        throw Error(ErrorKind::invalid_argument, "size",
                    fmt::format("size = {}x{}", options.size->height, options.size->width),
                    fmt::format("Width and height must be 1 to {}.", formats::kLargestNetworkSide));
    }
    if ((options.precision == Precision::int8) == options.calibration.empty()) {
        throw Error(
            ErrorKind::invalid_argument, "calibration",
            options.calibration.empty()
                ? "precision=int8 needs pictures, to see what numbers the network computes with"
                : fmt::format("calibration is for precision=int8 alone, not for {}", to_string(options.precision)),
            options.calibration.empty() ? "Give a directory of pictures such as the model will see."
                                        : "Leave calibration out.");
    }
}

std::string command_of(const std::string& model_id_or_path, const CompileOptions& options) {
    std::error_code ignored;
    const bool is_path = fs::exists(model_id_or_path, ignored);
    std::vector<std::string> words{"inference-models", "compile",
                                   is_path ? from_anywhere(model_id_or_path).string() : model_id_or_path};
    const auto add = [&words](const char* option, std::string value) {
        words.emplace_back(option);
        words.push_back(std::move(value));
    };
    add("--engine", std::string(to_string(options.engine)));
    add("--precision", std::string(to_string(options.precision)));
    if (options.batch_size) add("--batch", std::to_string(*options.batch_size));
    if (options.size) add("--size", fmt::format("{}x{}", options.size->height, options.size->width));
    if (!options.calibration.empty()) add("--calibration", from_anywhere(options.calibration).string());
    if (!options.model_package_id.empty()) add("--model-package-id", options.model_package_id);
    if (!options.weights_provider.empty()) add("--weights-provider", options.weights_provider);
    std::ranges::transform(words, words.begin(), shell_quoted);
    return fmt::format("{}", fmt::join(words, " "));
}

void tell(const CompileOptions& options, const std::string& line) {
    log::message(LogLevel::info, "{}", line);
    if (options.progress) options.progress(line);
}

BackendType backend_of(Engine engine) {
    switch (engine) {
        case Engine::torch: return BackendType::torch;
        case Engine::openvino: return BackendType::openvino;
        case Engine::tensorrt: return BackendType::trt;
        case Engine::onnxruntime: break;
    }
    return BackendType::onnx;
}

}  // namespace inference_models::compile
