#include "common/printable.hpp"

#include <inference_models/explanation.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

namespace inference_models {
namespace {

constexpr std::size_t kLineWidth = 120;
constexpr std::string_view kColumnGap = "  ";
constexpr std::size_t kColumns = 7;
constexpr std::size_t kPackageColumn = 1;
constexpr std::size_t kReasonColumn = kColumns - 1;
constexpr std::size_t kWidestPackage = 24;

using Row = std::array<std::string, kColumns>;
using Widths = std::array<std::size_t, kColumns>;

bool begins_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

/// In characters; UTF-8 writes some of them with several bytes.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

/// Takes the first `width` characters off the text.
std::string_view take(std::string_view& text, std::size_t width) {
    std::size_t end = 0;
    for (std::size_t characters = 0; end < text.size(); ++end) {
        if (begins_character(text[end]) && ++characters > width) break;
    }
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(end);
    return taken;
}

/// Breaks at spaces, and within a word that is longer than a line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines(1);
    while (!text.empty()) {
        std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        if (!lines.back().empty() && width_of(lines.back()) + 1 + width_of(word) > width) lines.emplace_back();
        if (!lines.back().empty()) lines.back() += ' ';
        lines.back() += take(word, width - width_of(lines.back()));
        while (!word.empty()) lines.emplace_back(take(word, width));
    }
    return lines;
}

void append_wrapped(std::string& text, std::string_view paragraph, std::string_view first_indent,
                    std::string_view indent) {
    std::string_view lead = first_indent;
    for (const std::string& line : wrapped(printable(paragraph), kLineWidth - indent.size())) {
        text += fmt::format("{}{}\n", lead, line);
        lead = indent;
    }
}

std::string_view engine_name(const Candidate& candidate) {
    return candidate.engine ? to_string(*candidate.engine) : std::string_view("-");
}

/// Names come from files: nothing in them may steer a terminal.
Row row_of(const Candidate& candidate) {
    return {std::string(to_string(candidate.status)),
            printable(candidate.package_id),
            std::string(to_string(candidate.backend)),
            std::string(engine_name(candidate)),
            to_string(candidate.device),
            std::string(candidate.quantization ? to_string(*candidate.quantization) : "-"),
            printable(candidate.reason)};
}

/// Every column as wide as its widest cell; the reason gets what is left of the line.
Widths widths_of(const std::vector<Row>& rows) {
    Widths widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < kReasonColumn; ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    }
    widths[kPackageColumn] = std::min(widths[kPackageColumn], kWidestPackage);
    const std::size_t taken = std::accumulate(widths.begin(), widths.end(), kReasonColumn * kColumnGap.size());
    widths[kReasonColumn] = kLineWidth - taken;
    return widths;
}

void append_row(std::string& text, const Row& row, const Widths& widths) {
    std::array<std::vector<std::string>, kColumns> cells;
    std::size_t height = 0;
    for (std::size_t i = 0; i < kColumns; ++i) {
        cells[i] = wrapped(row[i], widths[i]);
        height = std::max(height, cells[i].size());
    }
    for (std::size_t line = 0; line < height; ++line) {
        std::string out;
        for (std::size_t i = 0; i < kColumns; ++i) {
            const std::string_view cell = line < cells[i].size() ? std::string_view(cells[i][line]) : "";
            out += cell;
            out.append(widths[i] - width_of(cell), ' ');
            if (i != kReasonColumn) out += kColumnGap;
        }
        out.erase(out.find_last_not_of(' ') + 1);
        text += out + '\n';
    }
}

void append_table(std::string& text, const std::vector<Candidate>& candidates) {
    std::vector<Row> rows{{"status", "package", "backend", "engine", "device", "precision", "reason"}};
    std::ranges::transform(candidates, std::back_inserter(rows), row_of);
    const Widths widths = widths_of(rows);
    for (const Row& row : rows) append_row(text, row, widths);
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

}  // namespace

const Candidate* Explanation::chosen() const noexcept {
    const auto found = std::ranges::find(candidates, CandidateStatus::chosen, &Candidate::status);
    return found == candidates.end() ? nullptr : &*found;
}

std::string to_text(const Explanation& explanation) {
    std::string text;
    append_wrapped(text, fmt::format("{} ({})", explanation.model_id, explanation.location.string()), "", "");
    text += '\n';
    append_table(text, explanation.candidates);
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
             {"backend", to_string(candidate.backend)},
             {"engine", candidate.engine ? Json(to_string(*candidate.engine)) : Json()},
             {"device", to_string(candidate.device)},
             {"status", to_string(candidate.status)},
             {"reason", candidate.reason},
             {"remedy", candidate.remedy}});
    }
    const Json document{{"model_id", explanation.model_id},
                        {"weights_provider", explanation.weights_provider},
                        {"location", explanation.location.string()},
                        {"candidates", std::move(candidates)},
                        {"notes", explanation.notes}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace inference_models
