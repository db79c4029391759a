#include "selection/measured_choice.hpp"
#include "selection/ranking.hpp"
#include "selection/requirements.hpp"
#include "selection/selection.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace inference_models::selection {
namespace {

/// The word for a package that is not in an engine: a checkpoint, or a broken one.
BackendType backend_of(PackageFormat format) {
    switch (format) {
        case PackageFormat::onnx: return BackendType::onnx;
        case PackageFormat::torch_script:
        case PackageFormat::pt2:
        case PackageFormat::torch:
        case PackageFormat::ultralytics:
        case PackageFormat::rf_detr: return BackendType::torch;
        case PackageFormat::hugging_face: return BackendType::hugging_face;
        case PackageFormat::trt_engine: return BackendType::trt;
        case PackageFormat::openvino_ir: return BackendType::openvino;
    }
    return BackendType::onnx;
}

Candidate candidate_without_engine(const formats::Package& package, const Question& question, Verdict verdict) {
    Candidate candidate;
    candidate.package_id = package.id;
    candidate.format = package.format;
    candidate.quantization = package.quantization;
    candidate.backend = backend_of(package.format);
    candidate.device = question.request.device.value_or(Device{});
    candidate.status = verdict.status;
    candidate.reason = std::move(verdict.reason);
    candidate.remedy = std::move(verdict.remedy);
    return candidate;
}

Candidate candidate_of(const Trial& trial) {
    Verdict verdict = judge(trial);
    Candidate candidate = candidate_without_engine(trial.package, trial.question, std::move(verdict));
    candidate.backend = trial.backend;
    candidate.engine = trial.traits.engine;
    candidate.device = trial.device;
    if (candidate.status != CandidateStatus::rejected) candidate.precision = planned_precision(trial);
    if (candidate.status == CandidateStatus::usable) {
        const std::string remarks = std::move(candidate.reason);
        candidate.reason =
            fmt::format("{}{}{} on {}", to_string(trial.traits.engine), trial.runtime.version.empty() ? "" : " ",
                        trial.runtime.version, to_string(trial.device));
        if (!remarks.empty()) candidate.reason += "; " + remarks;
    }
    return candidate;
}

/// The devices that an engine's candidates are made for: the one asked for, else the first GPU and the CPU.
std::vector<Device> devices_for(const engines::EngineTraits& traits, const Question& question) {
    if (question.request.device) return {*question.request.device};
    const bool may_use_cpu = runs_on(traits, DeviceKind::cpu);
    const bool may_use_gpu = runs_on(traits, DeviceKind::cuda);
    std::vector<Device> devices;
    // An engine for GPUs alone is named even where there is none, so that people see why it is out.
    if (may_use_gpu && (gpu_count(question.machine) > 0 || !may_use_cpu)) devices.push_back({DeviceKind::cuda, 0});
    if (may_use_cpu) devices.push_back({DeviceKind::cpu, 0});
    return devices;
}

std::vector<Candidate> candidates_of(const formats::Package& package, const Question& question) {
    if (package.problem) {
        return {candidate_without_engine(
            package, question, {CandidateStatus::rejected, package.problem->message(), package.problem->hint()})};
    }
    std::vector<Candidate> candidates;
    for (const engines::EngineTraits& traits : engines::engine_catalog()) {
        for (const engines::FormatSupport& support : traits.formats) {
            if (support.format != package.format) continue;
            for (const Device& device : devices_for(traits, question)) {
                candidates.push_back(candidate_of(
                    {question, package, support.backend, traits, question.machine.engine(traits.engine), device}));
            }
        }
    }
    if (candidates.empty()) {
        candidates.push_back(candidate_without_engine(package, question, judge_unopened(package, question)));
    }
    return candidates;
}

/// Tells those that would run once something is done whether the order would put them before the one that it puts first
/// now. What a checkpoint becomes once it is converted has a place that nobody knows yet.
void explain_possible(std::span<RankedCandidate> others, const Rank& first, const Question& question) {
    for (auto& [candidate, package, rank] : others) {
        if (candidate.status != CandidateStatus::possible || !candidate.engine) continue;
        Candidate mended = candidate;
        mended.status = CandidateStatus::usable;
        if (rank_of(mended, *package, question) < first) candidate.reason += "; would stand before the chosen one";
    }
}

/// Completes the reasons of those that run with their place, and of those that would with the place they would have.
void place(std::span<RankedCandidate> ranked, std::span<const Figures> figures, const Question& question) {
    const auto is_usable = [](const RankedCandidate& each) { return each.candidate.status == CandidateStatus::usable; };
    const auto usable = static_cast<std::size_t>(std::ranges::find_if_not(ranked, is_usable) - ranked.begin());
    if (usable == 0) return;
    explain_possible(ranked.subspan(usable), ranked.front().rank, question);
    choose(ranked.first(usable), figures, question.request);
}

}  // namespace

std::vector<Candidate> rank_candidates(const formats::Listing& listing, const RuntimeDescription& runtime,
                                       const LoadOptions& request, std::span<const SupportedFamily> families,
                                       std::span<const Figures> figures) {
    const Question question{runtime, request, families};
    std::vector<RankedCandidate> ranked;
    for (const formats::Package& package : listing.packages) {
        for (Candidate& candidate : candidates_of(package, question)) {
            Rank rank = rank_of(candidate, package, question);
            ranked.push_back({std::move(candidate), &package, std::move(rank)});
        }
    }
    std::ranges::sort(ranked, {}, &RankedCandidate::rank);
    place(ranked, figures, question);

    std::vector<Candidate> candidates;
    candidates.reserve(ranked.size());
    for (RankedCandidate& each : ranked) candidates.push_back(std::move(each.candidate));
    return candidates;
}

}  // namespace inference_models::selection
