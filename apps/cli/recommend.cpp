#include <fmt/format.h>

#include <inference_models/recommendation.hpp>
#include <memory>

#include "commands.hpp"
#include "load_arguments.hpp"

namespace inference_models::cli {
namespace {

struct Arguments {
    LoadArguments load;
    bool json = false;
};

ExitCode run(const Arguments& arguments) {
    const Recommendation recommendation = recommend(arguments.load.model(), arguments.load.options());
    fmt::print("{}", arguments.json ? to_json(recommendation) + "\n" : to_text(recommendation));
    return ExitCode::ok;
}

}  // namespace

void add_recommend(CLI::App& program, Action& chosen) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command = program.add_subcommand(
        "recommend", "Say in one paragraph and one command what to use for a model here, and what would be better");
    arguments->load.add_to(*command);
    command->add_flag("--json", arguments->json, "one JSON document");
    command->callback([&chosen, arguments] { chosen = [arguments] { return run(*arguments); }; });
}

}  // namespace inference_models::cli
