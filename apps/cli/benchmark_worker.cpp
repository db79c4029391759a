#include "benchmark/worker.hpp"
#include "commands.hpp"

namespace inference_models::cli {

void add_benchmark_worker(CLI::App& program, Action& chosen) {
    CLI::App* const command = program.add_subcommand("benchmark-worker", "measures one candidate for `benchmark`");
    command->group("");  // for the library alone, which starts it
    command->callback([&chosen] {
        chosen = [] {
            benchmark::work();
            return ExitCode::ok;
        };
    });
}

}  // namespace inference_models::cli
