#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace inference_models {

/// Runs a program to its end, with its output in a file. It is killed when this process ends, however that does.
/// \param arguments  the program's path and what it is given; no shell reads them
/// \returns its exit status, or 128 and the signal that ended it; nothing where this process ignores SIGCHLD, and so
///          learns nothing of how its children end
/// \throws Error `engine_failure` where it cannot be started, with this hint
[[nodiscard]] std::optional<int> run_process(std::vector<std::string> arguments, const std::filesystem::path& output,
                                             const std::string& hint);

}  // namespace inference_models
