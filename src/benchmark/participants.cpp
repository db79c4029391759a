#include "benchmark/participants.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <inference_models/error.hpp>
#include <set>
#include <utility>

#include "agreement/loaded_as_asked.hpp"
#include "benchmark/average_precision.hpp"

namespace inference_models::benchmark {
namespace {

using agreement::Found;

/// Objects are looked for with a threshold that no comparison goes below. Less confident boxes suppress no others, so
/// what a higher threshold finds is the same without them.
constexpr double kLowestConfidence = 0.05;

/// Of a reference, to prove something.
constexpr std::size_t kEnoughObjects = 3;

/// As detectors are commonly validated: what is not found for its confidence counts as missed.
constexpr ObjectDetectionOptions kForAveragePrecision{
    .confidence = 0.001F, .iou_threshold = 0.7, .max_detections = 300, .class_agnostic_nms = false};

Found above(const Found& found, double confidence) {
    Found kept(found.size());
    for (std::size_t image = 0; image < found.size(); ++image) {
        for (std::size_t i = 0; i < found[image].size(); ++i) {
            if (found[image].confidence[i] <= confidence) continue;
            kept[image].xyxy.push_back(found[image].xyxy[i]);
            kept[image].class_id.push_back(found[image].class_id[i]);
            kept[image].confidence.push_back(found[image].confidence[i]);
        }
    }
    return kept;
}

std::size_t count(const Found& found) {
    std::size_t objects = 0;
    for (const Detections& each : found) objects += each.size();
    return objects;
}

ObjectDetectionOptions finding_all(ObjectDetectionOptions detection) {
    detection.confidence = std::min(detection.confidence, static_cast<float>(kLowestConfidence));
    return detection;
}

/// One whose package cannot be brought here has failed before it starts.
Contestant contestant_of(const Candidate& candidate, const LoadOptions& load, MeasuredModel& model,
                         const BenchmarkOptions& options) {
    Job job;
    std::optional<Error> failure;
    try {
        job = model.job_for(candidate, load);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        failure = error;
    }
    job.detection = options.detection;
    job.measured = options.measured;
    Contestant contestant(
        fmt::format("{} {} ({})", to_string(candidate.backend), to_string(*candidate.precision), candidate.package_id),
        model.worker_for(candidate), std::move(job));
    if (failure) contestant.fail(*failure);
    return contestant;
}

/// What runs in one precision and not in another is told by what it runs in.
void leave_out_what_runs(std::vector<UncomparedCandidate>& not_run, const std::vector<Candidate>& usable) {
    std::erase_if(not_run, [&](const UncomparedCandidate& each) {
        return std::ranges::any_of(usable, [&](const Candidate& runs) {
            return runs.package_id == each.package_id && runs.engine == each.engine && runs.device == each.device;
        });
    });
}

/// Rounded objects of the reference count in no gate whose margin they do not exceed.
bool proves_something(const Found& reference, double confidence) {
    const double widest_margin = agreement_gate(Precision::bf16).confidence_margin;
    return count(above(reference, confidence + widest_margin)) >= kEnoughObjects;
}

/// The confidence that was asked for or, where that proves too little, the first of its halves that proves more.
double confidence_for(const Found& reference, double asked) {
    if (count(above(reference, asked)) >= 1 && proves_something(reference, asked)) return asked;
    for (double lower = asked / 2; lower > kLowestConfidence; lower /= 2) {
        if (proves_something(reference, lower)) return lower;
    }
    return asked;
}

void choose_confidence(Participants& participants, double asked) {
    participants.confidence = asked;
    if (!participants.reference) return;
    participants.confidence = confidence_for(participants.reference->found, asked);
    participants.reference_objects = count(participants.reference_found());
    if (participants.confidence == asked) return;
    participants.notes.push_back(
        fmt::format("the reference finds too little in the images with the confidence {:.2g}, so objects are compared "
                    "above {:.2g}; images that show more objects of the model's classes would prove more",
                    asked, participants.confidence));
}

void compare(Participant& participant, const Participants& participants, std::span<const std::string> names) {
    ComparedCandidate& compared = participant.compared;
    if (const auto& failure = participant.contestant.failure()) {
        compared.verdict = AgreementVerdict::falls_short;
        compared.reason = failure->message();
        compared.remedy = failure->hint();
    } else if (!participants.reference) {
        compared.verdict = AgreementVerdict::proves_nothing;
        compared.reason = "nothing computes this model in fp32 here, so there is nothing to compare with";
    } else if (participant.is_reference) {
        const bool finds_something = participants.reference_objects > 0;
        compared.verdict = finds_something ? AgreementVerdict::passes : AgreementVerdict::proves_nothing;
    } else {
        agreement::compare(compared, participants.reference_found(), above(participant.found, participants.confidence),
                           names, participants.confidence);
    }
}

void expect_as_asked(const Candidate& asked, const LoadedAs& loaded) {
    ModelDescription description;
    description.package_id = loaded.package_id;
    description.engine = loaded.engine;
    description.device = loaded.device;
    description.precision = loaded.precision;
    if (const auto difference = agreement::difference_from(asked, description)) throw Error(*difference);
}

/// A worker that tells what a contestant finds.
using Find = std::function<JobResult(const Contestant&)>;

/// A candidate that has been run on all images once, or that cannot be.
Participant participant_of(const Candidate& candidate, Contestant contestant, const Find& find) {
    Participant participant{.candidate = candidate,
                            .compared = agreement::uncompared(candidate),
                            .contestant = std::move(contestant),
                            .loaded = {},
                            .found = {},
                            .average_precision = {}};
    try {
        JobResult result = find(participant.contestant);
        expect_as_asked(candidate, result.model);
        participant.loaded = std::move(result.model);
        participant.found = std::move(result.found);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        participant.contestant.fail(error);
    }
    return participant;
}

}  // namespace

const LoadedAs* Participants::first_loaded() const {
    const auto found =
        std::ranges::find_if(all, [](const Participant& each) { return each.loaded.network_input.width > 0; });
    return found == all.end() ? nullptr : &found->loaded;
}

Found Participants::reference_found() const {
    return reference ? above(reference->found, confidence) : Found{};
}

Participants compare_candidates(MeasuredModel& model, const BenchmarkImages& images, const BenchmarkOptions& options,
                                bool every_precision) {
    const agreement::Rank rank = [&](const LoadOptions& load) { return model.rank(load); };
    const Find find = [&](const Contestant& contestant) {
        if (options.progress) options.progress(fmt::format("comparing {}", contestant.name()));
        return contestant.find_objects(finding_all(options.detection), images.shared);
    };
    agreement::Ways ways =
        every_precision ? agreement::ways_to_run(options.load, rank) : agreement::ways_as_asked(options.load, rank);
    if (ways.usable.empty()) throw model.no_usable_backend(options.load);
    leave_out_what_runs(ways.not_run, ways.usable);

    Participants participants;
    participants.not_run = std::move(ways.not_run);
    const auto run = [&](const Candidate& candidate, const LoadOptions& load) {
        JobResult result = find(contestant_of(candidate, load, model, options));
        return agreement::CandidateRun{std::move(result.model.runtime_version), std::move(result.found)};
    };
    participants.reference = agreement::find_reference(options.load, rank, run, participants.notes);
    for (const Candidate& candidate : ways.usable) {
        Participant& added = participants.all.emplace_back(
            participant_of(candidate, contestant_of(candidate, options.load, model, options), find));
        added.is_reference = participants.reference && agreement::is_same(candidate, participants.reference->candidate);
    }
    choose_confidence(participants, options.detection.confidence);
    for (Participant& each : participants.all) compare(each, participants, images.names);
    return participants;
}

void tell_average_precision(Participants& participants, const CocoLabels& labels, const BenchmarkImages& images,
                            const BenchmarkOptions& options) {
    std::set<std::string> unknown;
    for (Participant& each : participants.all) {
        if (each.contestant.failure()) continue;
        const BenchmarkLabels of_images = labels_of(labels, images.names, each.loaded.class_names);
        unknown.insert(of_images.classes_without_model.begin(), of_images.classes_without_model.end());
        if (options.progress) options.progress(fmt::format("average precision of {}", each.contestant.name()));
        try {
            const JobResult result = each.contestant.find_objects(kForAveragePrecision, images.shared);
            each.average_precision = average_precision(of_images.images, result.found);
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::cancelled) throw;
            each.contestant.fail(error);
        }
    }
    if (unknown.empty()) return;
    participants.notes.push_back(
        fmt::format("labelled, but unknown to the model, and left out: {}", fmt::join(unknown, ", ")));
}

}  // namespace inference_models::benchmark
