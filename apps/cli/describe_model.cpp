#include <fmt/format.h>

#include <inference_models/auto_model.hpp>
#include <inference_models/model_metadata.hpp>
#include <memory>
#include <string>

#include "commands.hpp"

namespace inference_models::cli {
namespace {

struct Arguments {
    std::string model;
    std::string package;
    std::string weights_provider;
    bool pull_artefacts_size = false;
    bool json = false;
};

std::string description(const Arguments& arguments) {
    LoadOptions options;
    options.weights_provider = arguments.weights_provider;
    if (arguments.package.empty()) {
        const ModelMetadata model = AutoModel::describe_model(arguments.model, options, arguments.pull_artefacts_size);
        return arguments.json ? to_json(model) + "\n" : to_text(model);
    }
    const ModelMetadata model = AutoModel::describe_model_package(arguments.model, arguments.package, options);
    const PackageMetadata& package = model.packages.front();
    return arguments.json ? to_json(model, package) + "\n" : to_text(model, package);
}

}  // namespace

void add_describe(CLI::App& program, Action& chosen) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command =
        program.add_subcommand("describe", "Say which packages a model has, or all about one of them");
    command->add_option("MODEL", arguments->model, "id of a model, or a path")->required();
    command->add_option("PACKAGE", arguments->package, "id of one of its packages");
    command->add_option("--weights-provider", arguments->weights_provider, "where the model comes from: roboflow, ...");
    command->add_flag("--pull-artefacts-size", arguments->pull_artefacts_size,
                      "ask for the sizes of files of which the provider does not say them");
    command->add_flag("--json", arguments->json, "one JSON document");
    command->callback([&chosen, arguments] {
        chosen = [arguments] {
            fmt::print("{}", description(*arguments));
            return ExitCode::ok;
        };
    });
}

}  // namespace inference_models::cli
