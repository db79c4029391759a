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
    bool json = false;
};

std::string description(const Arguments& arguments) {
    LoadOptions options;
    options.weights_provider = arguments.weights_provider;
    const ModelMetadata model = AutoModel::describe_model(arguments.model, options);
    if (arguments.package.empty()) return arguments.json ? to_json(model) + "\n" : to_text(model);
    const PackageMetadata& package = package_of(model, arguments.package);
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
    command->add_flag("--json", arguments->json, "one JSON document");
    command->callback([&chosen, arguments] {
        chosen = [arguments] {
            fmt::print("{}", description(*arguments));
            return ExitCode::ok;
        };
    });
}

}  // namespace inference_models::cli
