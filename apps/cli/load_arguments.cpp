#include "load_arguments.hpp"

#include <fmt/format.h>

#include <inference_models/error.hpp>

namespace inference_models::cli {
namespace {

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

}  // namespace

void LoadArguments::add_to(CLI::App& command) {
    command
        .add_option("MODEL", model_, "package directory, directory of packages, .onnx file, or id of a bundled model")
        ->required();
    command.add_option("--backend", backends_, known_backend_types() + ": run with this or fail")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("--model-package-id", package_, "only the package of this id");
    command.add_option("--quantization", quantization_, "only packages stored in fp32, fp16, bf16 or int8")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("--device", device_, "cpu, cuda or cuda:N");
    command.add_option("--batch-size", batch_size_, "images per run that the package must allow");
    command.add_option("--onnx-execution-providers", providers_, "ONNX Runtime's, such as CUDAExecutionProvider")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("--threads", threads_, "at most this many compute threads");
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
    if (!device_.empty()) options.device = parsed<Device>("--device", device_, parse_device, "cpu, cuda, cuda:N");
    for (const auto& name : providers_) options.onnx_execution_providers.push_back({name, {}});
    options.model_package_id = package_;
    if (batch_size_) options.batch_size = {*batch_size_, *batch_size_};
    options.threads = threads_;
    return options;
}

}  // namespace inference_models::cli
