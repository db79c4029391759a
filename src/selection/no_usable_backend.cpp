#include "engines/engine_catalog.hpp"
#include "selection/nms_fusion.hpp"
#include "selection/requirements.hpp"
#include "selection/selection.hpp"
#include "selection/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace inference_models::selection {
namespace {

/// What was asked for, as on the command line: ` as asked (backend=trt device=cuda:0)`.
std::string asked(const LoadOptions& request) {
    std::vector<std::string> options;
    if (!request.backends.empty()) options.push_back("backend=" + listed(request.backends));
    if (!request.model_package_id.empty()) options.push_back("model_package_id=" + request.model_package_id);
    if (request.precision) options.push_back(fmt::format("precision={}", to_string(*request.precision)));
    if (!request.quantization.empty()) options.push_back("quantization=" + listed(request.quantization));
    if (request.device) options.push_back("device=" + to_string(*request.device));
    if (request.batch_size) options.push_back("batch_size=" + told(*request.batch_size));
    if (request.image_size) options.push_back("image_size=" + told(*request.image_size));
    if (request.rect) options.emplace_back("rect=True");
    if (!request.onnx_execution_providers.empty()) {
        std::vector<std::string_view> names;
        std::ranges::transform(request.onnx_execution_providers, std::back_inserter(names), &ExecutionProvider::name);
        options.push_back(fmt::format("onnx_execution_providers={}", fmt::join(names, ",")));
    }
    if (!request.required_model_features.empty()) {
        options.push_back(fmt::format("required_model_features={}", fmt::join(request.required_model_features, ",")));
    }
    if (request.nms_fusion_preferences) {
        options.push_back("nms_fusion_preferences=" + written(*request.nms_fusion_preferences));
    }
    if (!request.trt_engine_host_code_allowed) options.emplace_back("trt_engine_host_code_allowed=False");
    return options.empty() ? std::string{} : fmt::format(" as asked ({})", fmt::join(options, " "));
}

/// What this machine lacks for an engine: `TensorRT was not found`, `this machine has no NVIDIA GPU`.
void add_lacks(std::vector<std::string>& lacks, const engines::EngineTraits& traits,
               const RuntimeDescription& machine) {
    const EngineRuntime& runtime = machine.engine(traits.engine);
    if (!runtime.why_not.empty()) lacks.push_back(runtime.why_not);
    if (!runs_on(traits, DeviceKind::cpu) && gpu_count(machine) == 0) {
        lacks.emplace_back("this machine has no NVIDIA GPU");
    }
}

/// For a backend that was asked for and that no package of the model is for: what it would take.
std::string without_package(BackendType backend, const RuntimeDescription& machine) {
    std::vector<std::string_view> formats;
    std::string_view engine;
    std::vector<std::string> lacks{"this model has none"};
    for (const engines::EngineTraits& traits : engines::engine_catalog()) {
        for (const engines::FormatSupport& support : traits.formats) {
            if (support.backend != backend) continue;
            formats.push_back(to_string(support.format));
            if (engine.empty()) add_lacks(lacks, traits, machine);
            engine = display_name(traits.engine);
        }
    }
    if (formats.empty()) return fmt::format("backend={} runs nothing in this version", to_string(backend));
    return fmt::format("backend={} runs packages of the format {} in {}; {}", to_string(backend),
                       fmt::join(formats, " or "), engine, fmt::join(lacks, ", "));
}

std::string line_about(const Candidate& candidate) {
    if (!candidate.engine) return fmt::format("{}: {}", candidate.package_id, candidate.reason);
    return fmt::format("{} in {} on {}: {}", candidate.package_id, display_name(*candidate.engine),
                       to_string(candidate.device), candidate.reason);
}

std::vector<std::string> reasons(const Explanation& explanation, const RuntimeDescription& machine,
                                 const LoadOptions& request) {
    std::vector<std::string> lines;
    for (const BackendType backend : request.backends) {
        const auto serves = [&](const Candidate& each) { return each.engine && each.backend == backend; };
        if (std::ranges::none_of(explanation.candidates, serves)) lines.push_back(without_package(backend, machine));
    }
    for (const Candidate& candidate : explanation.candidates) lines.push_back(line_about(candidate));
    if (explanation.candidates.empty()) lines.emplace_back("it has no packages");
    lines.insert(lines.end(), explanation.notes.begin(), explanation.notes.end());
    return lines;
}

/// Every different remedy: those that only ask differently, then those that need something, in the candidates' order.
std::vector<std::string> remedies(const Explanation& explanation) {
    std::vector<std::string> found;
    for (const Candidate& candidate : explanation.candidates) {
        if (!candidate.remedy.empty() && std::ranges::find(found, candidate.remedy) == found.end()) {
            found.push_back(candidate.remedy);
        }
    }
    std::ranges::stable_partition(found, [](const std::string& each) { return each.ends_with(kWhichRunsHere); });
    return found;
}

constexpr const char* kNoPackages =
    "Its provider offers nothing that this version can use: ask the provider, or take a newer version.";

std::string hint_of(const std::vector<std::string>& remedies) {
    if (remedies.empty()) return {};
    if (remedies.size() == 1) return remedies.front();
    return fmt::format("One of these helps, the best first:\n  {}", fmt::join(remedies, "\n  "));
}

}  // namespace

Error no_usable_backend(const Explanation& explanation, const RuntimeDescription& machine, const LoadOptions& request) {
    return Error(ErrorKind::no_usable_backend,
                 request.backends.empty() ? explanation.model_id : listed(request.backends),
                 fmt::format("nothing here can run {}{}:\n  {}", explanation.model_id, asked(request),
                             fmt::join(reasons(explanation, machine, request), "\n  ")),
                 explanation.candidates.empty() ? kNoPackages : hint_of(remedies(explanation)));
}

}  // namespace inference_models::selection
