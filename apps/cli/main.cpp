#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <inference_models/download_progress.hpp>
#include <inference_models/version.hpp>
#include <string>

#include "commands.hpp"
#include "suggestion.hpp"

namespace inference_models::cli {
namespace {

/// Beside the library, where the program was installed with it.
std::filesystem::path cmake_directory() {
    const auto program = std::filesystem::read_symlink("/proc/self/exe");
    const auto directory = program.parent_path().parent_path() / INFERENCE_MODELS_CMAKE_DIR;
    if (std::filesystem::is_directory(directory)) return directory;
    throw Error(ErrorKind::io_failure, directory.string(),
                fmt::format("there is no CMake package in {}", directory.string()),
                "Run the program from where it was installed with its library.");
}

/// The command that was given, at whatever depth; the program itself where there is none.
const CLI::App& innermost_command(const CLI::App& program) {
    const CLI::App* command = &program;
    while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
    return *command;
}

std::string name_with_parents(const CLI::App& command) {
    const CLI::App* const parent = command.get_parent();
    return parent == nullptr ? command.get_name() : name_with_parents(*parent) + ' ' + command.get_name();
}

int usage_error(const CLI::App& program, const CLI::ParseError& error) {
    const CLI::App& command = innermost_command(program);
    fmt::print(stderr, "error[usage]: {}\n", error.what());
    const std::string nearest = nearest_name(command, program.remaining(true));
    if (!nearest.empty()) fmt::print(stderr, "hint: Did you mean {}?\n", nearest);
    fmt::print(stderr, "See: {} --help\n", name_with_parents(command));
    return static_cast<int>(ExitCode::usage);
}

/// The threads of OpenMP, with which PyTorch computes, wait for one another by spinning. On a machine that does other
/// things too each spins away the time in which the one that it waits for would run: predictions take up to thirty
/// times as long. Whoever set how they wait knows better. Read by OpenMP when PyTorch is opened.
void keep_openmp_from_spinning() {
    if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", "1000", 0);
}

int run(int argument_count, char** arguments) {
    CLI::App program("Runs computer-vision models on the fastest backend of this machine.", "inference-models");
    program.set_version_flag("--version", fmt::format("inference-models {}", kVersion));
    program
        .add_flag_callback(
            "--cmake-dir",
            [] {
                fmt::print("{}\n", cmake_directory().string());
                throw CLI::Success();
            },
            "print the directory for find_package(inference_models): CMake's inference_models_DIR")
        ->trigger_on_parse();
    program.require_subcommand(1);
    program.fallthrough();
    std::string log_level = "warning";
    program.add_option("--log-level", log_level, "debug, info, warning, error or off")
        ->envname("INFERENCE_MODELS_LOG")
        ->capture_default_str();
    Action chosen;
    add_predict(program, chosen);
    add_explain(program, chosen);
    add_describe_runtime(program, chosen);
    add_engine(program, chosen);
    add_describe(program, chosen);
    add_compile(program, chosen);
    add_cache(program, chosen);
    add_hub(program, chosen);
    add_verify(program, chosen);
    add_benchmark(program, chosen);
    add_tune(program, chosen);
    add_recommend(program, chosen);
    add_benchmark_worker(program, chosen);
    try {
        program.parse(argument_count, arguments);
    } catch (const CLI::Success& answered) {  // --help, --version
        return program.exit(answered);
    } catch (const CLI::ParseError& error) {
        return usage_error(program, error);
    }
    start_log(log_level);
    // What `benchmark` starts of others is to run as it does by itself; what it starts of ours comes here too.
    if (!program.got_subcommand("benchmark")) keep_openmp_from_spinning();
    set_download_progress_handler(print_download_progress);
    const ExitCode code = chosen();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        throw Error(ErrorKind::io_failure, "standard output", "the results could not all be written",
                    "Check that the disk is not full and that what reads them goes on.");
    }
    return static_cast<int>(code);
}

}  // namespace
}  // namespace inference_models::cli

int main(int argument_count, char** arguments) {
    using namespace inference_models;
    try {
        return cli::run(argument_count, arguments);
    } catch (const Error& error) {
        cli::print_error(error);
        return static_cast<int>(cli::exit_code(error.kind()));
    } catch (const std::exception& error) {
        fmt::print(stderr, "error[internal]: {}\n", error.what());
        return static_cast<int>(cli::ExitCode::failure);
    }
}
