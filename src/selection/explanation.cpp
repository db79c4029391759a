#include "common/text_table.hpp"

#include <inference_models/explanation.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>

namespace inference_models {
namespace {

std::string_view engine_name(const Candidate& candidate) {
    return candidate.engine ? to_string(*candidate.engine) : std::string_view("-");
}

/// What it is computed in, or would be.
std::string_view precision_name(const Candidate& candidate) {
    const auto& known = candidate.precision ? candidate.precision : candidate.quantization;
    return known ? to_string(*known) : std::string_view("-");
}

TableRow row_of(const Candidate& candidate) {
    return {std::string(to_string(candidate.status)),
            candidate.package_id,
            std::string(to_string(candidate.backend)),
            std::string(engine_name(candidate)),
            to_string(candidate.device),
            std::string(precision_name(candidate)),
            candidate.reason};
}

void append_candidates(std::string& text, const std::vector<Candidate>& candidates) {
    std::vector<TableRow> rows{{"status", "package", "backend", "engine", "device", "precision", "reason"}};
    std::ranges::transform(candidates, std::back_inserter(rows), row_of);
    append_table(text, std::move(rows), {8, 24, 12, 11, 10, 9});
}

/// Each remedy once, with the candidates that it brings in.
void append_remedies(std::string& text, const std::vector<Candidate>& candidates) {
    std::vector<std::pair<std::string_view, std::string>> remedies;
    for (const Candidate& candidate : candidates) {
        if (candidate.remedy.empty()) continue;
        auto known = std::ranges::find(remedies, candidate.remedy, &std::pair<std::string_view, std::string>::first);
        if (known == remedies.end()) known = remedies.insert(remedies.end(), {candidate.remedy, {}});
        if (!known->second.empty()) known->second += ", ";
        known->second += candidate.package_id;
        if (candidate.engine) {
            known->second += fmt::format(" in {} on {}", engine_name(candidate), to_string(candidate.device));
        }
    }
    if (remedies.empty()) return;
    text += "\nWhat would bring in more:\n";
    for (const auto& [remedy, brings] : remedies) {
        append_wrapped(text, remedy, "  ", "  ");
        append_wrapped(text, brings, "      for ", "          ");
    }
}

nlohmann::ordered_json json_of(const MeasuredFigures& figures) {
    using Json = nlohmann::ordered_json;
    return {{"verdict", to_string(figures.verdict)},
            {"shortfall", figures.shortfall},
            {"latency_ms", figures.latency_ms},
            {"startup_ms", figures.startup_ms},
            {"memory_mib", figures.memory_mib},
            {"images_per_second", figures.images_per_second ? Json(*figures.images_per_second) : Json()},
            {"measured_at", fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(figures.measured_at))}};
}

}  // namespace

const Candidate* Explanation::chosen() const noexcept {
    const auto found = std::ranges::find(candidates, CandidateStatus::chosen, &Candidate::status);
    return found == candidates.end() ? nullptr : &*found;
}

std::string to_text(const Explanation& explanation) {
    std::string text;
    const bool is_local = explanation.weights_provider == "local";
    append_wrapped(text,
                   fmt::format("{}{}{} ({})", explanation.model_id, is_local ? "" : ", ",
                               is_local ? "" : explanation.weights_provider, explanation.location.string()),
                   "", "");
    text += '\n';
    append_candidates(text, explanation.candidates);
    append_remedies(text, explanation.candidates);
    if (!explanation.notes.empty()) text += '\n';
    for (const std::string& note : explanation.notes) append_wrapped(text, note, "Note: ", "      ");
    return text;
}

std::string to_json(const Explanation& explanation) {
    using Json = nlohmann::ordered_json;
    Json candidates = Json::array();
    for (const Candidate& candidate : explanation.candidates) {
        candidates.push_back(
            {{"package_id", candidate.package_id},
             {"format", to_string(candidate.format)},
             {"quantization", candidate.quantization ? Json(to_string(*candidate.quantization)) : Json()},
             {"precision", candidate.precision ? Json(to_string(*candidate.precision)) : Json()},
             {"backend", to_string(candidate.backend)},
             {"engine", candidate.engine ? Json(to_string(*candidate.engine)) : Json()},
             {"device", to_string(candidate.device)},
             {"status", to_string(candidate.status)},
             {"reason", candidate.reason},
             {"remedy", candidate.remedy},
             {"figures", candidate.figures ? json_of(*candidate.figures) : Json()}});
    }
    const Json document{{"model_id", explanation.model_id},
                        {"weights_provider", explanation.weights_provider},
                        {"location", explanation.location.string()},
                        {"candidates", std::move(candidates)},
                        {"notes", explanation.notes}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace inference_models
