#include <fmt/format.h>

#include <inference_models/auto_model.hpp>
#include <inference_models/benchmark.hpp>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "image_arguments.hpp"
#include "load_arguments.hpp"

namespace inference_models::cli {
namespace {

struct Arguments {
    LoadArguments load;
    std::vector<std::string> images;
    bool json = false;
};

ExitCode run(const Arguments& arguments) {
    const auto images = read_images(image_paths(arguments.images));
    const LoadOptions options = arguments.load.options();
    const StatusLine status;
    const BenchmarkReport report = tune_model(arguments.load.model(), with_names(images), options,
                                              [&status](std::string_view line) { status.show(line); });
    status.clear();
    if (arguments.json) {
        fmt::print("{}\n", to_json(report));
        return ExitCode::ok;
    }
    fmt::print("{}", to_text(report));
    const Explanation now = AutoModel::explain(arguments.load.model(), options);
    if (const Candidate* const taken = now.chosen()) {
        fmt::print("\nFrom now on {} is taken: {}\n", taken->package_id, taken->reason);
    }
    return ExitCode::ok;
}

}  // namespace

void add_tune(CLI::App& program, Action& chosen) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command = program.add_subcommand(
        "tune", "Measure every backend and precision for some seconds; from then on the best one here is taken");
    arguments->load.add_to(*command);
    command->add_option("IMAGE", arguments->images,
                        "image files that show objects, or directories of them; by default pictures of our own");
    command->add_flag("--json", arguments->json, "one JSON document");
    command->callback([&chosen, arguments] { chosen = [arguments] { return run(*arguments); }; });
}

}  // namespace inference_models::cli
