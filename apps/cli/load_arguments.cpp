#include "load_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <inference_models/error.hpp>
#include <string_view>

#include "formats/text.hpp"
#include "image_size.hpp"
#include "whole_number.hpp"

namespace inference_models::cli {
namespace {

const std::string kProviders = "--onnx-execution-providers";
const std::string kNmsFusion = "--nms-fusion-preferences";

Error unknown_word(const std::string& option, const std::string& word, const std::string& known) {
    return {ErrorKind::invalid_argument, option, fmt::format("{} does not know `{}`", option, word),
            fmt::format("Use one of: {}.", known)};
}

template <class Value, class Parse>
Value parsed(const std::string& option, const std::string& word, Parse parse, const std::string& known) {
    const auto value = parse(word);
    if (!value) throw unknown_word(option, word, known);
    return *value;
}

/// A number, or a range of them: `8`, `1:16`.
/// \param word  what the option was given, of which the range is the end
template <class Number>
AcceptedRange<Number> range_of(const std::string& option, const std::string& word, std::string_view range) {
    const std::size_t colon = range.find(':');
    const auto min = formats::to_number<Number>(range.substr(0, colon));
    const auto max = colon == std::string_view::npos ? min : formats::to_number<Number>(range.substr(colon + 1));
    if (min && max) return {*min, *max};
    throw Error(ErrorKind::invalid_argument, option, fmt::format("{} does not know `{}`", option, word),
                "Use a number, or a range MIN:MAX.");
}

/// `CUDAExecutionProvider:device_id=0;arena_extend_strategy=kSameAsRequested`
ExecutionProvider provider_of(std::string_view word) {
    const std::size_t colon = word.find(':');
    ExecutionProvider provider{.name = std::string(word.substr(0, colon)), .options = {}};
    if (provider.name.empty()) {
        throw Error(ErrorKind::invalid_argument, kProviders, fmt::format("{} does not know `{}`", kProviders, word),
                    "Begin with a provider's name, such as CPUExecutionProvider.");
    }
    std::string_view options = colon == std::string_view::npos ? "" : word.substr(colon + 1);
    while (!options.empty()) {
        const std::string_view option = options.substr(0, options.find(';'));
        options.remove_prefix(std::min(option.size() + 1, options.size()));
        const std::size_t equals = option.find('=');
        if (equals == 0 || equals == std::string_view::npos) {
            throw Error(ErrorKind::invalid_argument, kProviders,
                        fmt::format("{} does not know the option `{}`", kProviders, option),
                        "Write options behind a provider's name: NAME:key=value;key=value.");
        }
        provider.options.insert_or_assign(std::string(option.substr(0, equals)),
                                          std::string(option.substr(equals + 1)));
    }
    return provider;
}

/// `default`, `max_detections=100:300`, `class_agnostic=false` and so on; what comes later counts.
NmsFusionPreferences fusion_of(const std::vector<std::string>& words) {
    NmsFusionPreferences preferences;
    for (const std::string& word : words) {
        const std::size_t equals = std::min(word.find('='), word.size());
        const std::string name = word.substr(0, equals);
        const std::string value = word.substr(std::min(equals + 1, word.size()));
        if (word == "default") {
            preferences = default_nms_fusion_preferences();
        } else if (name == "max_detections") {
            preferences.max_detections = range_of<std::int64_t>(kNmsFusion, word, value);
        } else if (name == "confidence_threshold") {
            preferences.confidence_threshold = range_of<double>(kNmsFusion, word, value);
        } else if (name == "iou_threshold") {
            preferences.iou_threshold = range_of<double>(kNmsFusion, word, value);
        } else if (name == "class_agnostic" && (value == "true" || value == "false")) {
            preferences.class_agnostic = value == "true";
        } else {
            throw unknown_word(
                kNmsFusion, word,
                "default, max_detections=, confidence_threshold=, iou_threshold= with a number or a range "
                "MIN:MAX, class_agnostic=true, class_agnostic=false");
        }
    }
    return preferences;
}

}  // namespace

void LoadArguments::add_to(CLI::App& command) {
    command.add_option("MODEL", model_, "package directory, directory of packages, .onnx file, or id of a model")
        ->required();
    command.add_option("--backend", backends_, known_backend_types() + ": run with this or fail")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("--model-package-id", package_, "only the package of this id");
    command.add_option("--quantization", quantization_, "only packages stored in fp32, fp16, bf16 or int8")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("--precision", precision_,
                       "compute in fp32, fp16, bf16, int8, or fastest: the lowest that the processor has instructions "
                       "for. By default what the package stores");
    command.add_option("--goal", goal_,
                       "what the candidate is to be best at where this machine was measured: latency, throughput, "
                       "memory or startup. By default latency");
    command.add_option("--device", device_, "cpu, cuda or cuda:N");
    command.add_option("--batch-size", batch_size_, "images per run that the package must allow: N or MIN:MAX");
    command.add_option("--image-size", image_size_,
                       "bring images to this size, where the package takes other sizes than its own: pixels of a "
                       "square, or HEIGHTxWIDTH");
    command.add_flag("--rect", rect_,
                     "letterbox each image to the smallest multiples of the package's stride that it fits in, where "
                     "the package takes other sizes than its own");
    command
        .add_option(kProviders, providers_,
                    "ONNX Runtime's, such as CUDAExecutionProvider or CUDAExecutionProvider:device_id=0;key=value")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("--threads", threads_, "at most this many compute threads")->check(whole_number());
    add_choice_options(command);
    add_download_options(command);
}

void LoadArguments::add_tune_to(CLI::App& command) {
    command.add_flag("--tune", tune_,
                     "measure candidates of which nothing is known here before one is chosen, and remember");
}

void LoadArguments::add_choice_options(CLI::App& command) {
    command.add_option("--max-package-loading-attempts", attempts_, "candidates that are tried; all by default")
        ->check(whole_number());
    command
        .add_option(kNmsFusion, nms_fusion_,
                    "take packages whose NMS is part of the network: `default`, or what it must have been exported "
                    "with, such as max_detections=100:300,confidence_threshold=0.25,class_agnostic=false")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("--required-model-features", features_, "features that a package must state")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_flag("--no-trt-engine-host-code", no_host_code_,
                     "take no TensorRT engines that carry code for the CPU, which those for newer versions do");
}

void LoadArguments::add_download_options(CLI::App& command) {
    command.add_option("--weights-provider", weights_provider_,
                       "roboflow, local, bundled or offline; by default what lies at the path, else what is bundled, "
                       "else roboflow, with the key in the environment variable ROBOFLOW_API_KEY");
    command.add_flag("--allow-untrusted-packages", allow_untrusted_,
                     "take packages that their provider does not vouch for");
    command.add_flag("--no-verify-hash-while-download", no_verify_hash_, "believe the server");
    command.add_flag("--download-files-without-hash", files_without_hash_, "take files that nothing vouches for");
    command.add_flag("--no-auto-resolution-cache", no_auto_resolution_cache_,
                     "ask the provider again, whatever was chosen for the same request before");
}

LoadOptions LoadArguments::options() const {
    LoadOptions options;
    for (const auto& word : backends_) {
        options.backends.push_back(parsed<BackendType>("--backend", word, parse_backend_type, known_backend_types()));
    }
    for (const auto& word : quantization_) {
        options.quantization.push_back(
            parsed<Precision>("--quantization", word, parse_precision, "fp32, fp16, bf16, int8"));
    }
    if (!precision_.empty()) {
        options.precision = parsed<RequestedPrecision>("--precision", precision_, parse_requested_precision,
                                                       "fp32, fp16, bf16, int8, fastest");
    }
    if (!goal_.empty()) {
        options.goal = parsed<Goal>("--goal", goal_, parse_goal, "latency, throughput, memory, startup");
    }
    options.tune = tune_;
    if (!device_.empty()) options.device = parsed<Device>("--device", device_, parse_device, "cpu, cuda, cuda:N");
    for (const auto& name : providers_) options.onnx_execution_providers.push_back(provider_of(name));
    options.model_package_id = package_;
    if (!batch_size_.empty()) options.batch_size = range_of<std::int64_t>("--batch-size", batch_size_, batch_size_);
    if (!image_size_.empty()) options.image_size = image_size_of("--image-size", image_size_);
    options.rect = rect_;
    options.threads = threads_;
    options.max_package_loading_attempts = attempts_;
    if (!nms_fusion_.empty()) options.nms_fusion_preferences = fusion_of(nms_fusion_);
    options.required_model_features = features_;
    options.trt_engine_host_code_allowed = !no_host_code_;
    options.weights_provider = weights_provider_;
    options.allow_untrusted_packages = allow_untrusted_;
    options.verify_hash_while_download = !no_verify_hash_;
    options.download_files_without_hash = files_without_hash_;
    options.use_auto_resolution_cache = !no_auto_resolution_cache_;
    return options;
}

}  // namespace inference_models::cli
