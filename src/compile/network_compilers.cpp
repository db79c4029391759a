#include "compile/network_compilers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <inference_models/error.hpp>
#include <string>
#include <utility>
#include <vector>

#include "compile/python_script.hpp"
#include "engines/engine_catalog.hpp"
#include "engines/network.hpp"
#include "formats/network_checks.hpp"
#include "formats/onnx_file.hpp"
#include "hub/compiled/compiled_packages.hpp"
#include "runtime/files.hpp"

namespace inference_models::compile {
namespace {

namespace fs = std::filesystem;

/// A dimension of an ONNX network's input, and what it is to be.
struct WantedSize {
    const char* option;
    std::size_t axis;
    std::int64_t size;
};

std::vector<WantedSize> wanted_sizes(const Job& job, const formats::OnnxFile& network) {
    const formats::OnnxValue& input = network.inputs.front();
    const bool is_channels_last = input.size_of(1) != 3 && input.size_of(3) == 3;
    const std::size_t height = is_channels_last ? 1 : 2;
    std::vector<WantedSize> sizes{{"size", height, job.size.height}, {"size", height + 1, job.size.width}};
    if (job.batch) sizes.push_back({"batch_size", 0, *job.batch});
    return sizes;
}

fs::path output_of(const Job& job) {
    return job.directory / hub::compiled_form(job.engine).weights;
}

void compile_for_onnxruntime(const Job& job, const fs::path& weights) {
    const formats::OnnxFile network = formats::read_onnx_file(weights);
    const formats::OnnxValue& input = network.inputs.front();
    engines::CompileRequest request;
    request.network.format = PackageFormat::onnx;
    request.network.file = weights;
    request.network.threads = job.threads;
    request.output = output_of(job);
    for (const WantedSize& wanted : wanted_sizes(job, network)) {
        if (!input.shape || input.size_of(wanted.axis)) continue;
        // One without a name stays open: that costs a little time and no correctness.
        const std::string& name = (*input.shape)[wanted.axis].symbol;
        if (!name.empty()) request.dimensions.emplace_back(name, wanted.size);
    }
    const auto& runtime = engines::OpenedRuntime::open(
        {job.runtime.adapter, job.runtime.library, job.runtime.version, engines::traits(job.engine).adapter_is_linked});
    runtime.compile(request);
}

/// What the scripts of all engines are told.
void compile_by_script(const Job& job, const fs::path& weights) {
    const fs::path log = job.directory / "output.log";
    run_python_script(job.runtime, fmt::format("{}_compile.py", to_string(job.engine)), log,
                      {"--input", weights.string(), "--output", output_of(job).string(), "--precision",
                       std::string(to_string(job.precision)), "--batch", std::to_string(job.batch.value_or(1)),
                       "--height", std::to_string(job.size.height), "--width", std::to_string(job.size.width)});
    fs::remove(log);
}

}  // namespace

void check_dimensions(const Job& job) {
    if (job.source.format != PackageFormat::onnx) return;
    const formats::OnnxFile network = formats::read_onnx_file(job.source.weights);
    const formats::OnnxValue& input = network.inputs.front();
    for (const WantedSize& wanted : wanted_sizes(job, network)) {
        const std::optional<std::int64_t> fixed = input.size_of(wanted.axis);
        if (!fixed || *fixed == wanted.size) continue;
        throw Error(ErrorKind::invalid_argument, wanted.option,
                    fmt::format("{} of {} images of {}x{} was asked for, and the network of {} takes `{}` {} alone",
                                wanted.option, job.batch.value_or(1), job.size.height, job.size.width,
                                job.source.weights.string(), input.name, formats::shape_text(input)),
                    fmt::format("Leave {} out, or export the network with open dimensions.", wanted.option));
    }
}

void compile_network(const Job& job, const fs::path& weights) {
    if (job.engine == Engine::onnxruntime) {
        compile_for_onnxruntime(job, weights);
    } else {
        compile_by_script(job, weights);
    }
    if (runtime::file_exists(output_of(job))) return;
    throw Error(ErrorKind::engine_failure, job.source.weights.string(),
                fmt::format("{} made no network of {}", display_name(job.engine), job.source.weights.string()),
                "Look at what is logged at the level info.");
}

}  // namespace inference_models::compile
