#include <fmt/format.h>

#include <inference_models/agreement.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "detection_arguments.hpp"
#include "image_arguments.hpp"
#include "load_arguments.hpp"

namespace inference_models::cli {
namespace {

struct Arguments {
    LoadArguments load;
    std::vector<std::string> images;
    ObjectDetectionOptions detection;
    bool json = false;
};

/// What it takes to prove something.
Error proves_nothing(const AgreementReport& report, const std::string& model) {
    if (report.candidates.empty()) {
        return {ErrorKind::no_usable_backend, model,
                fmt::format("nothing but the reference runs {} here as asked, so there is nothing to compare", model),
                "Install another engine, or ask for less: `inference-models explain` lists what would bring in more."};
    }
    return {ErrorKind::invalid_argument, "IMAGE",
            fmt::format("the reference finds too little in the images to prove anything: {} {}",
                        report.reference.objects, report.reference.objects == 1 ? "object" : "objects"),
            "Give an image that shows objects of the model's classes, or a lower --confidence."};
}

ExitCode run(const Arguments& arguments) {
    const VerifyOptions options{arguments.load.options(), arguments.detection};
    const auto images = read_images(image_paths(arguments.images));
    const AgreementReport report = verify(arguments.load.model(), with_names(images), options);
    fmt::print("{}", arguments.json ? to_json(report) + "\n" : to_text(report));
    switch (report.verdict) {
        case AgreementVerdict::passes: return ExitCode::ok;
        case AgreementVerdict::falls_short: return ExitCode::disagreement;
        case AgreementVerdict::proves_nothing: break;
    }
    throw proves_nothing(report, arguments.load.model());
}

}  // namespace

void add_verify(CLI::App& program, Action& chosen) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command = program.add_subcommand(
        "verify",
        "Compare what every backend and precision finds with ONNX Runtime in fp32; the exit code is 5 where "
        "one falls short");
    arguments->load.add_to(*command);
    command->add_option("IMAGE", arguments->images, "image files that show objects, or directories of them")
        ->required();
    add_thresholds(*command, arguments->detection);
    command->add_flag("--json", arguments->json, "one JSON document");
    command->callback([&chosen, arguments] { chosen = [arguments] { return run(*arguments); }; });
}

}  // namespace inference_models::cli
