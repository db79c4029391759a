#include <fmt/format.h>

#include <algorithm>
#include <inference_models/engine_build.hpp>
#include <inference_models/error.hpp>
#include <memory>
#include <string>

#include "commands.hpp"

namespace inference_models::cli {

void add_engine(CLI::App& program, Action& chosen) {
    CLI::App* const engine = program.add_subcommand("engine", "Look after the adapters of engines");
    engine->require_subcommand(1);
    CLI::App* const build = engine->add_subcommand(
        "build", "Build an engine's adapter against the runtime that this machine has, and print where it lies");
    const auto name = std::make_shared<std::string>();
    // PyTorch is the one whose interface changes with each release.
    build->add_option("ENGINE", *name, "torch")->required()->check(CLI::IsMember({"torch"}));
    build->callback([&chosen, name] {  // which keeps the name while the parser writes it
        chosen = [] {
            fmt::print("{}\n", build_engine_adapter(Engine::torch).string());
            return ExitCode::ok;
        };
    });
}

}  // namespace inference_models::cli
