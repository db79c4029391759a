#include "compile/python_script.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <inference_models/error.hpp>
#include <string_view>

#include "common/child_process.hpp"
#include "common/our_library.hpp"
#include "runtime/files.hpp"

namespace inference_models::compile {
namespace {

namespace fs = std::filesystem;

/// `PREFIX/lib/python3.12/site-packages/torch/lib/libtorch_cpu.so` belongs to `PREFIX/bin/python3`.
fs::path python_of(const fs::path& library) {
    for (fs::path place = library; place.has_relative_path(); place = place.parent_path()) {
        if (place.filename() != "site-packages" && place.filename() != "dist-packages") continue;
        const fs::path python = place.parent_path().parent_path().parent_path() / "bin/python3";
        return ::access(python.c_str(), X_OK) == 0 ? python : fs::path{};
    }
    return {};
}

fs::path needed_python(const EngineRuntime& runtime) {
    fs::path python = python_of(runtime.library);
    if (!python.empty()) return python;
    const std::string_view name = display_name(runtime.engine);
    throw Error(ErrorKind::no_usable_backend, std::string(name),
                fmt::format("{} compiles networks by its Python package, and {} is in none of an environment with a "
                            "bin/python3",
                            name, runtime.library.string()),
                fmt::format("Install {} into a virtual environment, and run this in it.", name));
}

fs::path needed_script(const std::string& name) {
    const fs::path directory = installed_directory(path_of_our_library(), "compilers");
    if (!directory.empty() && runtime::file_exists(directory / name)) return directory / name;
    throw Error(ErrorKind::no_usable_backend, name, fmt::format("{} is not installed with this product", name),
                "Install the product anew.");
}

/// Of an exception the line that names it is the last one; above it stands where it came from.
std::string last_words(const std::string& output) {
    constexpr std::size_t kMostLines = 4;
    constexpr std::size_t kLongest = 2000;
    std::vector<std::string_view> lines;
    for (const std::string_view line : runtime::lines_of(output)) {
        const std::string_view words = runtime::trimmed(line);
        if (!words.empty()) lines.push_back(words);
    }
    if (lines.empty()) return "it ended without a word";
    const std::size_t first = lines.size() - std::min(lines.size(), kMostLines);
    const std::string all =
        fmt::format("{}", fmt::join(lines.begin() + static_cast<std::ptrdiff_t>(first), lines.end(), " | "));
    return all.size() > kLongest ? all.substr(all.size() - kLongest) : all;
}

}  // namespace

void run_python_script(const EngineRuntime& runtime, const std::string& script, const fs::path& log,
                       const std::vector<std::string>& arguments) {
    const fs::path python = needed_python(runtime);
    const fs::path path = needed_script(script);
    // -I: neither the directory we are in nor the user's variables put anything before that Python's own packages.
    std::vector<std::string> command{python.string(), "-I", path.string()};
    std::ranges::copy(arguments, std::back_inserter(command));
    const auto status = run_process(command, log, "Mend that Python.");
    if (!status || *status == 0) return;  // where nothing is known of its end, what it made tells
    constexpr std::size_t kMostOutput = std::size_t{1} << 20U;
    throw Error(ErrorKind::engine_failure, path.string(),
                fmt::format("{} could not make this network: {}", display_name(runtime.engine),
                            last_words(runtime::read_text(log, kMostOutput))),
                "");
}

}  // namespace inference_models::compile
