#include <fmt/format.h>

#include <inference_models/compile.hpp>
#include <inference_models/error.hpp>
#include <memory>
#include <string>

#include "commands.hpp"
#include "image_size.hpp"
#include "whole_number.hpp"

namespace inference_models::cli {
namespace {

struct Arguments {
    std::string model;
    std::string engine;
    std::string precision = "fp32";
    std::optional<std::uint32_t> batch;
    std::string size;
    std::string calibration;
    std::string package;
    std::string weights_provider;
    bool json = false;
};

CompileOptions options_of(const Arguments& arguments) {
    CompileOptions options;
    options.engine = *parse_engine(arguments.engine);           // the parser knows them
    options.precision = *parse_precision(arguments.precision);  // and these
    if (arguments.batch) options.batch_size = *arguments.batch;
    if (!arguments.size.empty()) options.size = image_size_of("--size", arguments.size);
    options.calibration = arguments.calibration;
    options.model_package_id = arguments.package;
    options.weights_provider = arguments.weights_provider;
    options.progress = [](std::string_view line) { fmt::print(stderr, "{}\n", line); };
    return options;
}

}  // namespace

void add_compile(CLI::App& program, Action& chosen) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command = program.add_subcommand(
        "compile", "Make a package that loads and runs fastest on this machine, and is used here from then on");
    command->add_option("MODEL", arguments->model, "id of a model, or a path")->required();
    command->add_option("--engine", arguments->engine, "onnxruntime, torch or openvino: what is to run it")
        ->required()
        ->check(CLI::IsMember({"onnxruntime", "torch", "openvino"}));
    command->add_option("--precision", arguments->precision, "fp32, bf16 or int8: what is computed in")
        ->check(CLI::IsMember({"fp32", "fp16", "bf16", "int8"}))
        ->capture_default_str();
    command->add_option("--batch", arguments->batch, "images per run; by default the package's, or the fewest of them")
        ->check(whole_number());
    command->add_option("--size", arguments->size,
                        "of the network's input: pixels of a square, or HEIGHTxWIDTH; by default the package's");
    command
        ->add_option("--calibration", arguments->calibration,
                     "for int8: directory of pictures such as the model will see")
        ->type_name("DIR");
    command->add_option("--model-package-id", arguments->package, "compile the package of this id");
    command->add_option("--weights-provider", arguments->weights_provider, "where the model comes from: roboflow, ...");
    command->add_flag("--json", arguments->json, "one JSON document");
    command->callback([&chosen, arguments] {
        chosen = [arguments] {
            const CompiledPackage package = compile_model(arguments->model, options_of(*arguments));
            fmt::print("{}", arguments->json ? to_json(package) + "\n" : to_text(package));
            return ExitCode::ok;
        };
    });
}

}  // namespace inference_models::cli
