#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <inference_models/agreement.hpp>
#include <inference_models/auto_model.hpp>
#include <inference_models/error.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "agreement/gate_precision.hpp"
#include "agreement/loaded_as_asked.hpp"

namespace inference_models {
namespace {

using Found = std::vector<Detections>;

/// What was asked of `verify`.
struct Question {
    const std::string& model;
    std::span<const NamedImage> images;
    const VerifyOptions& options;
};

Found find_objects(const ObjectDetectionModel& model, const Question& question) {
    Found found;
    for (const NamedImage& image : question.images) {
        found.push_back(model.infer(image.pixels, question.options.detection));
    }
    return found;
}

/// A candidate and no other.
std::unique_ptr<ObjectDetectionModel> load(const Candidate& candidate, LoadOptions options, const std::string& model) {
    options.model_package_id = candidate.package_id;
    options.backends = {candidate.backend};
    options.device = candidate.device;
    options.precision = requested(*candidate.precision);
    options.max_package_loading_attempts = 1;
    auto loaded = ObjectDetectionModel::from_pretrained(model, options);
    if (const auto difference = agreement::difference_from(candidate, loaded->description())) throw Error(*difference);
    return loaded;
}

std::string name_of(const Candidate& candidate) {
    return fmt::format("{} in {} on {}", candidate.package_id, display_name(*candidate.engine),
                       to_string(candidate.device));
}

bool runs_here(const Candidate& candidate) {
    return candidate.status == CandidateStatus::chosen || candidate.status == CandidateStatus::usable;
}

// --- The reference ---------------------------------------------------------------------------------------------------

/// All that can compute the model in fp32, whatever a caller compares.
LoadOptions reference_options(LoadOptions options) {
    options.backends.clear();
    options.model_package_id.clear();
    options.quantization.clear();
    options.precision = RequestedPrecision::fp32;
    options.device.reset();
    options.batch_size.reset();
    options.onnx_execution_providers.clear();
    options.required_model_features.clear();
    return options;
}

bool is_stored_in_fp32(const Candidate& candidate) {
    return candidate.quantization.value_or(Precision::fp32) == Precision::fp32;
}

bool is_fp32_in_onnxruntime(const Candidate& candidate) {
    return candidate.engine == Engine::onnxruntime && is_stored_in_fp32(candidate);
}

/// Those that can be the reference, the best first; among equals as they would be chosen.
std::vector<Candidate> possible_references(const std::vector<Candidate>& candidates) {
    std::vector<Candidate> usable;
    std::ranges::copy_if(candidates, std::back_inserter(usable), runs_here);
    std::ranges::stable_sort(usable, {}, [](const Candidate& each) {
        return std::tuple(!is_fp32_in_onnxruntime(each), !is_stored_in_fp32(each), each.device.kind != DeviceKind::cpu);
    });
    return usable;
}

struct Reference {
    Candidate candidate;
    std::string runtime_version;
    Found found;
};

/// Loads the first that can be loaded, and notes why it is not the one that it should be.
Reference run_reference(const Question& question, const LoadOptions& options, const std::vector<Candidate>& possible,
                        std::vector<std::string>& notes) {
    std::optional<Error> first_failure;
    for (const Candidate& candidate : possible) {
        std::unique_ptr<ObjectDetectionModel> model;
        try {
            model = load(candidate, options, question.model);
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::cancelled) throw;
            if (!first_failure) first_failure = error;
            notes.push_back(
                fmt::format("{} cannot be the reference, since it fails: {}", name_of(candidate), error.message()));
            continue;
        }
        if (!is_fp32_in_onnxruntime(candidate)) {
            notes.push_back(
                fmt::format("no fp32 ONNX package of this model runs in ONNX Runtime here, so the reference "
                            "is {}",
                            name_of(candidate)));
        }
        return {candidate, model->description().runtime_version, find_objects(*model, question)};
    }
    if (first_failure) throw Error(*first_failure);
    // Nothing can be computed in fp32. What loading it says of that names every candidate with its reason.
    const auto model = ObjectDetectionModel::from_pretrained(question.model, options);
    return {*model->description().explanation.chosen(), model->description().runtime_version,
            find_objects(*model, question)};
}

// --- Those that are compared with it ---------------------------------------------------------------------------------

AgreementVerdict verdict_of(const Agreement& agreement, const std::string& findings) {
    if (!findings.empty()) return AgreementVerdict::falls_short;
    return agreement.reference_objects == 0 ? AgreementVerdict::proves_nothing : AgreementVerdict::passes;
}

/// How far an image is from the reference; larger is further.
auto distance_of(const Agreement& agreement, const AgreementGate& gate) {
    return std::tuple(agreement.missing_objects() + agreement.extra_objects, !shortfall(agreement, gate).empty(),
                      agreement.largest_shift, agreement.largest_confidence_difference);
}

/// Of all images together, and the one that is furthest from the reference.
void compare(ComparedCandidate& compared, const Found& reference, const Found& found, const Question& question) {
    const AgreementGate& gate = compared.gate;
    const double counts_above = double{question.options.detection.confidence} + gate.confidence_margin;
    Agreement all;
    auto furthest = distance_of({}, gate);
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Agreement one = compare_detections(reference[i], found[i], {counts_above});
        all += one;
        const auto distance = distance_of(one, gate);
        if (distance <= furthest) continue;
        furthest = distance;
        compared.worst_image = question.images[i].name;
    }
    compared.agreement = all;
    compared.reason = shortfall(all, gate);
    compared.verdict = verdict_of(all, compared.reason);
}

ComparedCandidate run_and_compare(const Candidate& candidate, const Found& reference, const Question& question) {
    ComparedCandidate compared;
    compared.package_id = candidate.package_id;
    compared.backend = candidate.backend;
    compared.engine = *candidate.engine;
    compared.device = candidate.device;
    compared.precision = *candidate.precision;
    compared.gate = agreement_gate(agreement::gate_precision(candidate));
    try {
        const auto model = load(candidate, question.options.load, question.model);
        compare(compared, reference, find_objects(*model, question), question);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        compared.reason = error.message();
        compared.remedy = error.hint();
    }
    return compared;
}

bool is_same(const Candidate& a, const Candidate& b) {
    return a.package_id == b.package_id && a.engine == b.engine && a.device == b.device && a.precision == b.precision;
}

std::vector<RequestedPrecision> asked_precisions(const LoadOptions& options) {
    if (options.precision) return {*options.precision};
    return {RequestedPrecision::fp32, RequestedPrecision::bf16, RequestedPrecision::fp16, RequestedPrecision::int8};
}

/// int8 is a matter of packages, not of engines: that other packages are not computed in int8, and int8 ones in nothing
/// else, is nothing to tell where nobody asked for it.
bool is_worth_telling(const Candidate& candidate, RequestedPrecision precision, const LoadOptions& options) {
    const bool asks_for_int8 = precision == RequestedPrecision::int8;
    return options.precision || asks_for_int8 == (candidate.quantization == Precision::int8);
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

AgreementVerdict verdict_of(const std::vector<ComparedCandidate>& candidates) {
    const auto any = [&](AgreementVerdict verdict) {
        return std::ranges::find(candidates, verdict, &ComparedCandidate::verdict) != candidates.end();
    };
    if (any(AgreementVerdict::falls_short)) return AgreementVerdict::falls_short;
    const bool proves_nothing = candidates.empty() || any(AgreementVerdict::proves_nothing);
    return proves_nothing ? AgreementVerdict::proves_nothing : AgreementVerdict::passes;
}

}  // namespace

AgreementReport verify(const std::string& model_id_or_path, std::span<const NamedImage> images,
                       const VerifyOptions& options) {
    if (images.empty()) {
        throw Error(ErrorKind::invalid_argument, "images", "there are no images to compare candidates with",
                    "Give at least one that shows objects of the model's classes.");
    }
    const Question question{model_id_or_path, images, options};
    const LoadOptions for_reference = reference_options(options.load);
    const Explanation explanation = AutoModel::explain(model_id_or_path, for_reference);

    AgreementReport report;
    report.model_id = explanation.model_id;
    report.confidence = options.detection.confidence;
    report.images = images.size();
    report.notes = explanation.notes;
    const Reference reference =
        run_reference(question, for_reference, possible_references(explanation.candidates), report.notes);
    report.reference = {reference.candidate.package_id, reference.candidate.backend, *reference.candidate.engine,
                        reference.runtime_version,      reference.candidate.device,  *reference.candidate.precision};
    for (const Detections& found : reference.found) report.reference.objects += found.size();

    for (const RequestedPrecision precision : asked_precisions(options.load)) {
        LoadOptions asked = options.load;
        asked.precision = precision;
        for (const Candidate& candidate : AutoModel::explain(model_id_or_path, asked).candidates) {
            if (!runs_here(candidate)) {
                if (is_worth_telling(candidate, precision, options.load)) tell(report.not_run, candidate, precision);
            } else if (!is_same(candidate, reference.candidate)) {
                report.candidates.push_back(run_and_compare(candidate, reference.found, question));
            }
        }
    }
    report.verdict = verdict_of(report.candidates);
    return report;
}

}  // namespace inference_models
