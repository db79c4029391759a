#include "runtime/adapter_build.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <inference_models/engine_build.hpp>
#include <inference_models/error.hpp>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/child_process.hpp"
#include "common/log.hpp"
#include "common/shell_quoting.hpp"
#include "engines/engine_catalog.hpp"
#include "runtime/adapters.hpp"
#include "runtime/files.hpp"

namespace inference_models {
namespace runtime {
namespace {

namespace fs = std::filesystem;

/// A file that goes away with this object, unless it was renamed.
class TemporaryFile {
public:
    explicit TemporaryFile(fs::path path) : path_(std::move(path)) {}
    ~TemporaryFile() {
        std::error_code problem;
        fs::remove(path_, problem);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    [[nodiscard]] const fs::path& path() const noexcept { return path_; }

private:
    fs::path path_;
};

Error cannot_write(const fs::path& path, const std::string& why) {
    return {ErrorKind::io_failure, path.string(), fmt::format("{} cannot be written: {}", path.string(), why),
            "Set INFERENCE_MODELS_ADAPTERS to a directory that this user may write to."};
}

void make_directory(const fs::path& directory) {
    std::error_code problem;
    fs::create_directories(directory, problem);
    if (problem) throw cannot_write(directory, problem.message());
}

/// The wheel of torch and the archive of libtorch have the headers beside lib/.
std::vector<std::string> torch_arguments(const fs::path& library) {
    const fs::path include = library.parent_path().parent_path() / "include";
    if (!file_exists(include / "torch/csrc/jit/api/module.h")) {
        throw Error(ErrorKind::engine_failure, include.string(),
                    fmt::format("the headers of PyTorch are not in {}", include.string()),
                    "Install PyTorch from a wheel, or the complete archive of libtorch.");
    }
    return {"-isystem",    include, "-isystem", include / "torch/csrc/api/include", "-L", library.parent_path(),
            "-ltorch_cpu", "-lc10"};
}

/// The adapter's own sources, in an order that does not depend on the file system.
std::vector<std::string> sources_of(const fs::path& directory) {
    std::vector<std::string> sources;
    for (const auto& entry : fs::directory_iterator(directory)) {
        if (entry.path().extension() == ".cpp") sources.push_back(entry.path());
    }
    std::ranges::sort(sources);
    return sources;
}

std::vector<std::string> command(const EngineRuntime& runtime, const fs::path& sources, const fs::path& output) {
    const std::string engine(to_string(runtime.engine));
    std::vector<std::string> arguments{runtime.adapter_compiler,
                                       "-std=c++20",
                                       "-O2",
                                       "-fPIC",
                                       "-shared",
                                       "-fvisibility=hidden",
                                       "-w",
                                       "-I",
                                       sources,
                                       "-o",
                                       output};
    std::ranges::move(sources_of(sources / "engines" / engine), std::back_inserter(arguments));
    std::ranges::move(torch_arguments(runtime.library), std::back_inserter(arguments));
    arguments.insert(arguments.end(), {"-ldl", "-Wl,-z,now", "-Wl,--no-undefined"});
    return arguments;
}

/// The first line of a compiler's output that tells of an error, or its beginning.
std::string first_error(const std::string& output) {
    if (trimmed(output).empty()) return "the compiler failed without a word";
    for (const std::string_view line : lines_of(output)) {
        if (line.find("error") != std::string_view::npos) return std::string(trimmed(line));
    }
    return std::string(trimmed(output.substr(0, 300)));
}

}  // namespace

fs::path build_adapter(const EngineRuntime& runtime, const Surroundings& surroundings) {
    const auto& traits = engines::traits(runtime.engine);
    const fs::path target = adapter_target(traits, runtime.version, surroundings);
    make_directory(target.parent_path());
    const TemporaryFile output(target.string() + fmt::format(".{}.part", ::getpid()));
    const TemporaryFile log(target.string() + fmt::format(".{}.log", ::getpid()));
    log::message(LogLevel::warning, "building the adapter for {} {} with {}, once: this may take a minute",
                 display_name(runtime.engine), runtime.version, runtime.adapter_compiler.string());
    const auto arguments = command(runtime, adapter_sources(surroundings), output.path());
    static_cast<void>(run_process(arguments, log.path(), "Set CXX to a C++ compiler that works."));
    if (!file_exists(output.path())) {
        std::vector<std::string> quoted;
        std::ranges::transform(arguments, std::back_inserter(quoted), shell_quoted);
        throw Error(ErrorKind::engine_failure, runtime.adapter_compiler.string(),
                    fmt::format("the adapter for {} {} could not be built: {}", display_name(runtime.engine),
                                runtime.version, first_error(read_text(log.path()))),
                    fmt::format("Set CXX to a compiler for C++20. The command was: {}", fmt::join(quoted, " ")));
    }
    std::error_code problem;
    fs::rename(output.path(), target, problem);
    if (problem) throw cannot_write(target, problem.message());
    return target;
}

}  // namespace runtime

std::filesystem::path build_engine_adapter(Engine engine) {
    const auto surroundings = runtime::Surroundings::of_this_process();
    const RuntimeDescription machine = runtime::describe(surroundings);
    const EngineRuntime& found = machine.engine(engine);
    const std::string name(display_name(engine));
    if (!engines::traits(engine).adapter_is_linked) {
        throw Error(ErrorKind::invalid_argument, "engine", fmt::format("the adapter of {} is not built here", name),
                    "It works with every version of its runtime, and comes with this product.");
    }
    if (!found.installed || (found.adapter.empty() && found.adapter_compiler.empty())) {
        throw Error(ErrorKind::no_usable_backend, name, found.why_not, found.remedy);
    }
    if (found.adapter_compiler.empty()) return found.adapter;
    return runtime::build_adapter(found, surroundings);
}

}  // namespace inference_models
