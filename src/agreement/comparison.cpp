#include "agreement/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <inference_models/error.hpp>
#include <iterator>
#include <tuple>
#include <utility>

#include "agreement/gate_precision.hpp"
#include "selection/reference.hpp"

namespace inference_models::agreement {
namespace {

std::vector<RequestedPrecision> asked_precisions(const LoadOptions& load) {
    if (load.precision) return {*load.precision};
    return {RequestedPrecision::fp32, RequestedPrecision::bf16, RequestedPrecision::fp16, RequestedPrecision::int8};
}

/// int8 is a matter of packages, not of engines: that other packages are not computed in int8, and int8 ones in nothing
/// else, is nothing to tell where nobody asked for it.
bool is_worth_telling(const Candidate& candidate, RequestedPrecision precision, const LoadOptions& load) {
    const bool asks_for_int8 = precision == RequestedPrecision::int8;
    return load.precision || asks_for_int8 == (candidate.quantization == Precision::int8);
}

/// Each reason once, with the precisions that it holds for.
void tell(std::vector<UncomparedCandidate>& not_run, const Candidate& candidate, RequestedPrecision precision) {
    const auto told = std::ranges::find_if(not_run, [&](const UncomparedCandidate& each) {
        return each.package_id == candidate.package_id && each.backend == candidate.backend &&
               each.engine == candidate.engine && each.device == candidate.device && each.reason == candidate.reason;
    });
    if (told != not_run.end()) {
        told->precisions.push_back(precision);
        return;
    }
    not_run.push_back({candidate.package_id,
                       candidate.backend,
                       candidate.engine,
                       candidate.device,
                       {precision},
                       candidate.reason,
                       candidate.remedy});
}

std::string name_of(const Candidate& candidate) {
    return fmt::format("{} in {} on {}", candidate.package_id, display_name(*candidate.engine),
                       to_string(candidate.device));
}

AgreementVerdict verdict_of(const Agreement& agreement, const std::string& findings) {
    if (!findings.empty()) return AgreementVerdict::falls_short;
    return agreement.reference_objects == 0 ? AgreementVerdict::proves_nothing : AgreementVerdict::passes;
}

/// How far an image is from the reference; larger is further.
auto distance_of(const Agreement& agreement, const AgreementGate& gate) {
    return std::tuple(agreement.missing_objects() + agreement.extra_objects, !shortfall(agreement, gate).empty(),
                      agreement.largest_shift, agreement.largest_confidence_difference);
}

}  // namespace

Ways ways_to_run(const LoadOptions& load, const Rank& rank) {
    Ways ways;
    for (const RequestedPrecision precision : asked_precisions(load)) {
        LoadOptions asked = load;
        asked.precision = precision;
        for (Candidate& candidate : rank(asked)) {
            if (candidate.runs_here()) {
                ways.usable.push_back(std::move(candidate));
            } else if (is_worth_telling(candidate, precision, load)) {
                tell(ways.not_run, candidate, precision);
            }
        }
    }
    return ways;
}

Ways ways_as_asked(const LoadOptions& load, const Rank& rank) {
    Ways ways;
    std::ranges::copy_if(rank(load), std::back_inserter(ways.usable), &Candidate::runs_here);
    return ways;
}

LoadOptions options_for(const Candidate& candidate, LoadOptions load) {
    load.model_package_id = candidate.package_id;
    load.backends = {candidate.backend};
    load.device = candidate.device;
    load.precision = requested(*candidate.precision);
    load.max_package_loading_attempts = 1;
    load.tune = false;
    return load;
}

bool is_same(const Candidate& a, const Candidate& b) {
    return a.package_id == b.package_id && a.engine == b.engine && a.device == b.device && a.precision == b.precision;
}

std::optional<Reference> find_reference(const LoadOptions& load, const Rank& rank, const Run& run,
                                        std::vector<std::string>& notes) {
    const LoadOptions options = selection::reference_options(load);
    std::optional<Error> first_failure;
    for (const Candidate& candidate : selection::possible_references(rank(options))) {
        CandidateRun result;
        try {
            result = run(candidate, options_for(candidate, options));
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::cancelled) throw;
            if (!first_failure) first_failure = error;
            notes.push_back(
                fmt::format("{} cannot be the reference, since it fails: {}", name_of(candidate), error.message()));
            continue;
        }
        if (!selection::is_fp32_in_onnxruntime(candidate)) {
            notes.push_back(
                fmt::format("no fp32 ONNX package of this model runs in ONNX Runtime here, so the reference "
                            "is {}",
                            name_of(candidate)));
        }
        return Reference{candidate, std::move(result.runtime_version), std::move(result.found)};
    }
    if (first_failure) throw Error(*first_failure);
    return std::nullopt;
}

ComparedCandidate uncompared(const Candidate& candidate) {
    ComparedCandidate compared;
    compared.package_id = candidate.package_id;
    compared.backend = candidate.backend;
    compared.engine = *candidate.engine;
    compared.device = candidate.device;
    compared.precision = *candidate.precision;
    compared.gate = agreement_gate(gate_precision(candidate));
    return compared;
}

void compare(ComparedCandidate& candidate, const Found& reference, const Found& found,
             std::span<const std::string> images, double confidence) {
    const AgreementGate& gate = candidate.gate;
    Agreement all;
    auto furthest = distance_of({}, gate);
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Agreement one = compare_detections(reference[i], found[i], {confidence + gate.confidence_margin});
        all += one;
        const auto distance = distance_of(one, gate);
        if (distance <= furthest) continue;
        furthest = distance;
        candidate.worst_image = images[i];
    }
    candidate.agreement = all;
    candidate.reason = shortfall(all, gate);
    candidate.verdict = verdict_of(all, candidate.reason);
}

}  // namespace inference_models::agreement
