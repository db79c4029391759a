#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace inference_models {

/// A program, and what it starts with. Descriptors stay the caller's.
struct ChildProcess {
    std::vector<std::string> arguments;  ///< its path and what it is given; no shell reads them
    std::vector<std::pair<std::string, std::string>> environment;  ///< variables, besides those of this process
    int input = -1;                                                ///< its standard input; negative: there is nothing
    int output = -1;                                               ///< its standard output
    int errors = -1;                                               ///< its standard error
    int data = -1;                                                 ///< its descriptor 3; negative: none
};

/// Runs a program to its end. It is killed when this process ends, however that does.
/// \returns its exit status, or 128 and the signal that ended it; nothing where this process ignores SIGCHLD, and so
///          learns nothing of how its children end
/// \throws Error `engine_failure` where it cannot be started, with this hint
[[nodiscard]] std::optional<int> run_process(const ChildProcess& process, const std::string& hint);

/// The same with nothing on its standard input, and all that it writes in a file.
[[nodiscard]] std::optional<int> run_process(std::vector<std::string> arguments, const std::filesystem::path& output,
                                             const std::string& hint);

}  // namespace inference_models
