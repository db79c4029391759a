#include <algorithm>
#include <inference_models/agreement.hpp>
#include <inference_models/auto_model.hpp>
#include <inference_models/error.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "agreement/comparison.hpp"
#include "agreement/loaded_as_asked.hpp"
#include "selection/reference.hpp"

/// Compares candidates by running them in this process, one at a time.
namespace inference_models {
namespace {

using agreement::CandidateRun;
using agreement::Found;
using agreement::Reference;

/// What was asked of `verify`.
struct Question {
    const std::string& model;
    std::span<const NamedImage> images;
    const VerifyOptions& options;
};

CandidateRun find_objects(const ObjectDetectionModel& model, const Question& question) {
    CandidateRun run;
    run.runtime_version = model.description().runtime_version;
    for (const NamedImage& image : question.images) {
        run.found.push_back(model.infer(image.pixels, question.options.detection));
    }
    return run;
}

CandidateRun run(const Candidate& candidate, const LoadOptions& options, const Question& question) {
    const auto model = ObjectDetectionModel::from_pretrained(question.model, options);
    if (const auto difference = agreement::difference_from(candidate, model->description())) throw Error(*difference);
    return find_objects(*model, question);
}

Reference run_reference(const Question& question, const agreement::Rank& rank, std::vector<std::string>& notes) {
    const auto run_here = [&](const Candidate& candidate, const LoadOptions& options) {
        return run(candidate, options, question);
    };
    if (auto reference = agreement::find_reference(question.options.load, rank, run_here, notes)) {
        return *std::move(reference);
    }
    // Nothing can be computed in fp32. What loading it says of that names every candidate with its reason.
    const auto model =
        ObjectDetectionModel::from_pretrained(question.model, selection::reference_options(question.options.load));
    CandidateRun found = find_objects(*model, question);
    return {*model->description().explanation.chosen(), std::move(found.runtime_version), std::move(found.found)};
}

ComparedCandidate run_and_compare(const Candidate& candidate, const Found& reference,
                                  std::span<const std::string> names, const Question& question) {
    ComparedCandidate compared = agreement::uncompared(candidate);
    try {
        const LoadOptions options = agreement::options_for(candidate, question.options.load);
        agreement::compare(compared, reference, run(candidate, options, question).found, names,
                           question.options.detection.confidence);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        compared.reason = error.message();
        compared.remedy = error.hint();
    }
    return compared;
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
    std::vector<std::string> names;
    std::ranges::transform(images, std::back_inserter(names), &NamedImage::name);
    const auto rank = [&](const LoadOptions& load) { return AutoModel::explain(model_id_or_path, load).candidates; };

    const Explanation explanation = AutoModel::explain(model_id_or_path, selection::reference_options(options.load));
    AgreementReport report;
    report.model_id = explanation.model_id;
    report.confidence = options.detection.confidence;
    report.images = images.size();
    report.notes = explanation.notes;
    const Reference reference = run_reference(question, rank, report.notes);
    report.reference = {reference.candidate.package_id, reference.candidate.backend, *reference.candidate.engine,
                        reference.runtime_version,      reference.candidate.device,  *reference.candidate.precision};
    for (const Detections& found : reference.found) report.reference.objects += found.size();

    agreement::Ways ways = agreement::ways_to_run(options.load, rank);
    report.not_run = std::move(ways.not_run);
    for (const Candidate& candidate : ways.usable) {
        if (agreement::is_same(candidate, reference.candidate)) continue;
        report.candidates.push_back(run_and_compare(candidate, reference.found, names, question));
    }
    report.verdict = verdict_of(report.candidates);
    return report;
}

}  // namespace inference_models
