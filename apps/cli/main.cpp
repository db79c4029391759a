#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
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

int usage_error(const CLI::App& program, const CLI::ParseError& error) {
    const CLI::App* command = &program;
    if (!program.get_subcommands().empty()) command = program.get_subcommands().front();
    fmt::print(stderr, "error[usage]: {}\n", error.what());
    const std::string nearest = nearest_name(*command, program.remaining(true));
    if (!nearest.empty()) fmt::print(stderr, "hint: Did you mean {}?\n", nearest);
    const bool is_program = command == &program;
    fmt::print(stderr, "See: {}{}{} --help\n", program.get_name(), is_program ? "" : " ",
               is_program ? "" : command->get_name());
    return static_cast<int>(ExitCode::usage);
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
    try {
        program.parse(argument_count, arguments);
    } catch (const CLI::Success& answered) {  // --help, --version
        return program.exit(answered);
    } catch (const CLI::ParseError& error) {
        return usage_error(program, error);
    }
    start_log(log_level);
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
