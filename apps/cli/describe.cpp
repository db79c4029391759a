#include <fmt/format.h>

#include <inference_models/auto_model.hpp>
#include <memory>

#include "commands.hpp"
#include "load_arguments.hpp"

namespace inference_models::cli {

void add_explain(CLI::App& program, Action& chosen) {
    struct Arguments {
        LoadArguments load;
        bool json = false;
    };
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command = program.add_subcommand("explain", "Say which backend would run a model here, and why");
    arguments->load.add_to(*command);
    command->add_flag("--json", arguments->json, "one JSON document");
    command->callback([&chosen, arguments] {
        chosen = [arguments] {
            const Explanation explanation = AutoModel::explain(arguments->load.model(), arguments->load.options());
            fmt::print("{}", arguments->json ? to_json(explanation) + "\n" : to_text(explanation));
            return explanation.chosen() != nullptr ? ExitCode::ok : ExitCode::no_usable_backend;
        };
    });
}

void add_describe_runtime(CLI::App& program, Action& chosen) {
    const auto json = std::make_shared<bool>(false);
    CLI::App* const command =
        program.add_subcommand("describe-runtime", "Say what this machine has: engines, CPU, GPUs, extras");
    command->add_flag("--json", *json, "one JSON document");
    command->callback([&chosen, json] {
        chosen = [json] {
            const RuntimeDescription description = AutoModel::describe_runtime();
            fmt::print("{}", *json ? to_json(description) + "\n" : to_text(description));
            return ExitCode::ok;
        };
    });
}

}  // namespace inference_models::cli
