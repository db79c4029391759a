#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <inference_models/benchmark.hpp>
#include <memory>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "commands.hpp"
#include "common/printable.hpp"
#include "detection_arguments.hpp"
#include "formats/text.hpp"
#include "image_arguments.hpp"
#include "load_arguments.hpp"
#include "whole_number.hpp"

namespace inference_models::cli {
namespace {

struct Arguments {
    LoadArguments load;
    std::vector<std::string> images;
    ObjectDetectionOptions detection;
    std::uint32_t rounds = BenchmarkOptions{}.rounds;
    double seconds = std::chrono::duration<double>(BenchmarkOptions{}.measured).count();
    bool no_throughput = false;
    std::string labels;
    bool peers = false;
    std::string peers_python;
    std::vector<std::string> compare;
    std::string html;
    bool json = false;
};

/// Seconds; CLI11's ranges let NaN through.
CLI::Validator from_a_hundredth_to_an_hour() {
    const auto problem_of = [](const std::string& word) -> std::string {
        constexpr double kLeast = 0.01;
        constexpr double kMost = 3600;
        const auto seconds = formats::to_number<double>(word);
        if (seconds && *seconds >= kLeast && *seconds <= kMost) return {};
        return fmt::format("`{}` is no number from {} to {}", printable(word), kLeast, kMost);
    };
    return {problem_of, ""};
}

/// The Python of the environment that holds peers: the one that was named, else the one that `make peers` makes.
std::filesystem::path peers_python(const Arguments& arguments) {
    if (!arguments.peers_python.empty()) return arguments.peers_python;
    if (!arguments.peers) return {};
    const char* const variable = std::getenv("INFERENCE_MODELS_PEERS");
    return variable != nullptr ? variable : ".venv-peers/bin/python";
}

BenchmarkOptions options_of(const Arguments& arguments, const StatusLine& status) {
    BenchmarkOptions options;
    options.load = arguments.load.options();
    options.detection = arguments.detection;
    options.rounds = arguments.rounds;
    options.measured = std::chrono::milliseconds(static_cast<std::int64_t>(arguments.seconds * 1000));
    options.throughput = !arguments.no_throughput;
    options.labels = arguments.labels;
    options.peers = peers_python(arguments);
    options.command = command_line();
    options.progress = [&status](std::string_view line) { status.show(line); };
    return options;
}

/// Written aside and renamed, so that a page is there as a whole or not at all.
void write_page(const std::filesystem::path& path, const std::string& page) {
    const std::filesystem::path aside = path.string() + ".new";
    std::ofstream file(aside, std::ios::binary);
    file << page;
    file.close();
    std::error_code problem;
    if (file) std::filesystem::rename(aside, path, problem);
    if (file && !problem) return;
    std::filesystem::remove(aside, problem);
    throw Error(ErrorKind::io_failure, path.string(), fmt::format("{} cannot be written", path.string()),
                "Name another file with --html.");
}

ExitCode compare(const std::vector<std::string>& files, bool json) {
    const BenchmarkComparison comparison =
        compare_benchmarks(read_benchmark_report(files[0]), read_benchmark_report(files[1]));
    fmt::print("{}", json ? to_json(comparison) + "\n" : to_text(comparison));
    const bool any_is_slower = std::ranges::find(comparison.differences, ComparedSpeed::slower,
                                                 &BenchmarkDifference::verdict) != comparison.differences.end();
    return any_is_slower ? ExitCode::slower : ExitCode::ok;
}

ExitCode run(const Arguments& arguments) {
    const auto images = read_images(image_paths(arguments.images));
    const StatusLine status;
    const BenchmarkReport report =
        benchmark_model(arguments.load.model(), with_names(images), options_of(arguments, status));
    status.clear();
    // First what cannot be measured again in a moment.
    fmt::print("{}", arguments.json ? to_json(report) + "\n" : to_text(report));
    if (!arguments.html.empty()) write_page(arguments.html, to_html(report));
    return ExitCode::ok;
}

}  // namespace

void add_benchmark(CLI::App& program, Action& chosen) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command = program.add_subcommand(
        "benchmark", "Measure how fast every backend and precision is here, how soon, in how much memory, how right");
    arguments->load.add_to(*command);
    CLI::Option* const model = command->get_option("MODEL")->required(false);
    command->add_option("IMAGE", arguments->images,
                        "image files that show objects, or directories of them; by default pictures of our own");
    add_thresholds(*command, arguments->detection);
    command->add_option("--rounds", arguments->rounds, "in each of which every candidate is started and measured")
        ->check(whole_number())
        ->capture_default_str();
    command->add_option("--seconds", arguments->seconds, "that each thing is measured for in a round")
        ->check(from_a_hundredth_to_an_hour())
        ->capture_default_str();
    command->add_flag("--no-throughput", arguments->no_throughput, "leave out several instances and batches");
    command->add_option("--labels", arguments->labels, "the images' objects in COCO's JSON: tells average precision");
    command->add_flag("--peers", arguments->peers,
                      "measure Ultralytics and Roboflow's inference-models too, in the environment that `make peers` "
                      "makes, .venv-peers, or that of the Python in $INFERENCE_MODELS_PEERS");
    command->add_option("--peers-python", arguments->peers_python,
                        "the same with the Python of another environment that has them");
    command->add_option("--html", arguments->html, "write a page with plots to this file");
    command->add_flag("--json", arguments->json, "one JSON document, which --compare reads");
    CLI::Option* const compared =
        command
            ->add_option("--compare", arguments->compare,
                         "compare two JSON documents of earlier benchmarks instead; the exit code is 6 where the "
                         "second is slower")
            ->expected(2)
            ->excludes(model);
    command->callback([&chosen, arguments, model, compared] {
        if (compared->count() > 0) {
            chosen = [arguments] { return compare(arguments->compare, arguments->json); };
            return;
        }
        if (model->count() == 0) throw CLI::RequiredError("MODEL");
        chosen = [arguments] { return run(*arguments); };
    });
}

}  // namespace inference_models::cli
