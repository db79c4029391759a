#include "agreement/agreement_json.hpp"

#include <nlohmann/json.hpp>

namespace inference_models {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json or_null(const std::optional<Value>& value) {
    return value ? Json(*value) : Json();
}

Json json_of(const AgreementReference& reference) {
    return {{"package_id", reference.package_id},    {"backend", to_string(reference.backend)},
            {"engine", to_string(reference.engine)}, {"runtime_version", reference.runtime_version},
            {"device", to_string(reference.device)}, {"precision", to_string(reference.precision)},
            {"objects", reference.objects}};
}

Json json_of(const ComparedCandidate& candidate) {
    return {{"package_id", candidate.package_id},
            {"backend", to_string(candidate.backend)},
            {"engine", to_string(candidate.engine)},
            {"device", to_string(candidate.device)},
            {"precision", to_string(candidate.precision)},
            {"gate", json_of(candidate.gate)},
            {"agreement", candidate.agreement ? json_of(*candidate.agreement) : Json()},
            {"worst_image", candidate.worst_image},
            {"verdict", to_string(candidate.verdict)},
            {"reason", candidate.reason},
            {"remedy", candidate.remedy}};
}

template <class Record>
Json array_of(const std::vector<Record>& records) {
    Json array = Json::array();
    for (const Record& record : records) array.push_back(json_of(record));
    return array;
}

}  // namespace

Json json_of(const AgreementGate& gate) {
    return {{"precision", to_string(gate.precision)},
            {"confidence_margin", gate.confidence_margin},
            {"largest_shift", or_null(gate.largest_shift)},
            {"smallest_iou", or_null(gate.smallest_iou)},
            {"largest_confidence_difference", or_null(gate.largest_confidence_difference)},
            {"smallest_matched_share", gate.smallest_matched_share},
            {"largest_extra_share", gate.largest_extra_share}};
}

Json json_of(const Agreement& agreement) {
    return {{"reference_objects", agreement.reference_objects},
            {"matched_objects", agreement.matched_objects},
            {"missing_objects", agreement.missing_objects()},
            {"extra_objects", agreement.extra_objects},
            {"borderline_objects", agreement.borderline_objects},
            {"compared_pairs", agreement.compared_pairs},
            {"largest_shift", agreement.largest_shift},
            {"mean_shift", agreement.mean_shift},
            {"smallest_iou", agreement.smallest_iou},
            {"largest_confidence_difference", agreement.largest_confidence_difference}};
}

Json json_of(const UncomparedCandidate& candidate) {
    Json precisions = Json::array();
    for (const RequestedPrecision precision : candidate.precisions) precisions.push_back(to_string(precision));
    return {{"package_id", candidate.package_id},
            {"backend", to_string(candidate.backend)},
            {"engine", candidate.engine ? Json(to_string(*candidate.engine)) : Json()},
            {"device", to_string(candidate.device)},
            {"precisions", std::move(precisions)},
            {"reason", candidate.reason},
            {"remedy", candidate.remedy}};
}

std::string to_json(const AgreementReport& report) {
    const Json document{{"model_id", report.model_id},
                        {"confidence", report.confidence},
                        {"images", report.images},
                        {"reference", json_of(report.reference)},
                        {"candidates", array_of(report.candidates)},
                        {"not_run", array_of(report.not_run)},
                        {"notes", report.notes},
                        {"verdict", to_string(report.verdict)}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace inference_models
