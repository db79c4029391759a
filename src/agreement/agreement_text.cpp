#include "common/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <inference_models/agreement.hpp>
#include <iterator>
#include <set>
#include <utility>

namespace inference_models {
namespace {

std::string_view short_verdict(AgreementVerdict verdict) {
    switch (verdict) {
        case AgreementVerdict::passes: return "pass";
        case AgreementVerdict::falls_short: return "FAIL";
        case AgreementVerdict::proves_nothing: return "-";
    }
    return "-";
}

std::string way_of(const ComparedCandidate& candidate) {
    return fmt::format("{} {} {}", to_string(candidate.engine), to_string(candidate.device),
                       to_string(candidate.precision));
}

std::string pixels(double distance) {
    return distance < 1 ? fmt::format("{:.4f}", distance) : fmt::format("{:.1f}", distance);
}

TableRow row_of(const ComparedCandidate& candidate) {
    TableRow row{std::string(short_verdict(candidate.verdict)), candidate.package_id, way_of(candidate)};
    if (!candidate.agreement) {
        row.insert(row.end(), {"-", "-", "-", "-", "-", "see below"});
        return row;
    }
    const Agreement& agreement = *candidate.agreement;
    row.push_back(fmt::format("{}/{}", agreement.matched_objects, agreement.reference_objects));
    row.push_back(fmt::format("{}", agreement.extra_objects));
    if (agreement.compared_pairs == 0) {
        row.insert(row.end(), {"-", "-", "-"});
    } else {
        row.push_back(pixels(agreement.largest_shift) + "/" + pixels(agreement.mean_shift));
        row.push_back(fmt::format("{:.4f}", agreement.smallest_iou));
        row.push_back(fmt::format("{:.1e}", agreement.largest_confidence_difference));
    }
    row.push_back(std::filesystem::path(candidate.worst_image).filename().string());
    return row;
}

/// Shift: the largest and the mean.
void append_candidates(std::string& text, const std::vector<ComparedCandidate>& candidates) {
    std::vector<TableRow> rows{
        {"", "package", "in", "matched", "extra", "px max/mean", "IoU", "confidence", "worst image"}};
    for (const auto& candidate : candidates) rows.push_back(row_of(candidate));
    append_table(text, std::move(rows), {4, 20, 22, 9, 5, 15, 6, 10});
}

void append_shortfalls(std::string& text, const std::vector<ComparedCandidate>& candidates) {
    std::string_view before = "\n";
    for (const ComparedCandidate& candidate : candidates) {
        if (candidate.reason.empty()) continue;
        text += std::exchange(before, "");
        const std::string where =
            candidate.worst_image.empty() ? "" : fmt::format(" (worst: {})", candidate.worst_image);
        append_wrapped(text,
                       fmt::format("{} in {}: {}{}", candidate.package_id, way_of(candidate), candidate.reason, where),
                       "  ", "      ");
        if (!candidate.remedy.empty()) append_wrapped(text, candidate.remedy, "      ", "      ");
    }
}

std::string gate_text(const AgreementGate& gate, double confidence) {
    std::string text =
        fmt::format("{}: objects above {:.4g}", to_string(gate.precision), confidence + gate.confidence_margin);
    if (gate.smallest_matched_share < 1) text += fmt::format(", {:.0f} % matched", gate.smallest_matched_share * 100);
    if (gate.largest_extra_share > 0) text += fmt::format(", {:.0f} % extra", gate.largest_extra_share * 100);
    if (gate.largest_shift) text += fmt::format(", {} px", *gate.largest_shift);
    if (gate.smallest_iou) text += fmt::format(", IoU {}", *gate.smallest_iou);
    if (gate.largest_confidence_difference) text += fmt::format(", confidence {}", *gate.largest_confidence_difference);
    return text;
}

/// Of those gates that something was judged by.
void append_gates(std::string& text, const AgreementReport& report) {
    std::set<std::string> told;
    for (const ComparedCandidate& candidate : report.candidates) {
        const std::string gate = gate_text(candidate.gate, report.confidence);
        if (told.empty()) text += '\n';
        if (told.insert(gate).second) append_wrapped(text, gate, "Gate of ", "        ");
    }
}

TableRow row_of(const UncomparedCandidate& candidate) {
    std::vector<std::string_view> precisions;
    std::ranges::transform(candidate.precisions, std::back_inserter(precisions),
                           [](RequestedPrecision precision) { return to_string(precision); });
    return {candidate.package_id, std::string(candidate.engine ? to_string(*candidate.engine) : "-"),
            to_string(candidate.device), fmt::format("{}", fmt::join(precisions, " ")), candidate.reason};
}

void append_not_run(std::string& text, const std::vector<UncomparedCandidate>& candidates) {
    if (candidates.empty()) return;
    std::vector<TableRow> rows{{"not run", "engine", "device", "precision", "reason"}};
    for (const auto& candidate : candidates) rows.push_back(row_of(candidate));
    text += '\n';
    append_table(text, std::move(rows), {24, 11, 10, 15});
}

std::string counted(std::size_t count, std::string_view singular, std::string_view plural) {
    return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

std::string verdict_text(const AgreementReport& report) {
    const std::string images = counted(report.images, "image", "images");
    const std::size_t all = report.candidates.size();
    if (all == 0) return "This proves nothing: nothing but the reference runs here.";
    const auto short_of = static_cast<std::size_t>(
        std::ranges::count(report.candidates, AgreementVerdict::falls_short, &ComparedCandidate::verdict));
    switch (report.verdict) {
        case AgreementVerdict::passes:
            return fmt::format("PASS: {} of {} candidates agree with the reference on {}.", all, all, images);
        case AgreementVerdict::falls_short:
            return fmt::format("FAIL: {} of {} candidates fall short on {}.", short_of, all, images);
        case AgreementVerdict::proves_nothing: break;
    }
    return fmt::format("This proves nothing: the reference finds too little in {}. Give one that shows objects.",
                       images);
}

}  // namespace

std::string to_text(const AgreementReport& report) {
    const AgreementReference& reference = report.reference;
    std::string text;
    append_wrapped(text,
                   fmt::format("{} on {}, with a confidence above {:.4g}", report.model_id,
                               counted(report.images, "image", "images"), report.confidence),
                   "", "");
    append_wrapped(text,
                   fmt::format("{} in {} {} on {} in {} finds {}", reference.package_id, display_name(reference.engine),
                               reference.runtime_version, to_string(reference.device), to_string(reference.precision),
                               counted(reference.objects, "object", "objects")),
                   "Reference: ", "           ");
    text += '\n';
    if (!report.candidates.empty()) append_candidates(text, report.candidates);
    append_shortfalls(text, report.candidates);
    append_gates(text, report);
    append_not_run(text, report.not_run);
    if (!report.notes.empty()) text += '\n';
    for (const std::string& note : report.notes) append_wrapped(text, note, "Note: ", "      ");
    text += '\n';
    append_wrapped(text, verdict_text(report), "", "");
    return text;
}

}  // namespace inference_models
