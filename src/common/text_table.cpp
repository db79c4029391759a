#include "common/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/printable.hpp"

namespace inference_models {
namespace {

constexpr std::size_t kLineWidth = 120;
constexpr std::string_view kColumnGap = "  ";

using Widths = std::vector<std::size_t>;

bool begins_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

/// Breaks at spaces, and within a word that is longer than a line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines(1);
    while (!text.empty()) {
        std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        if (!lines.back().empty() && width_of(lines.back()) + 1 + width_of(word) > width) lines.emplace_back();
        if (!lines.back().empty()) lines.back() += ' ';
        lines.back() += take_characters(word, width - width_of(lines.back()));
        while (!word.empty()) lines.emplace_back(take_characters(word, width));
    }
    return lines;
}

Widths widths_of(const std::vector<TableRow>& rows, const std::vector<std::size_t>& widest) {
    Widths widths(widest.size());
    for (const TableRow& row : rows) {
        for (std::size_t i = 0; i < widest.size(); ++i) {
            widths[i] = std::min(std::max(widths[i], width_of(row[i])), widest[i]);
        }
    }
    std::size_t taken = 0;
    for (const std::size_t width : widths) taken += width + kColumnGap.size();
    widths.push_back(kLineWidth - taken);
    return widths;
}

void append_row(std::string& text, const TableRow& row, const Widths& widths) {
    std::vector<std::vector<std::string>> cells;
    std::size_t height = 0;
    for (std::size_t i = 0; i < widths.size(); ++i) {
        cells.push_back(wrapped(row[i], widths[i]));
        height = std::max(height, cells.back().size());
    }
    for (std::size_t line = 0; line < height; ++line) {
        std::string out;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const std::string_view cell = line < cells[i].size() ? std::string_view(cells[i][line]) : "";
            out += cell;
            out.append(widths[i] - width_of(cell), ' ');
            out += kColumnGap;
        }
        out.erase(out.find_last_not_of(' ') + 1);
        text += out + '\n';
    }
}

}  // namespace

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string_view take_characters(std::string_view& text, std::size_t width) {
    std::size_t end = 0;
    for (std::size_t characters = 0; end < text.size(); ++end) {
        if (begins_character(text[end]) && ++characters > width) break;
    }
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(end);
    return taken;
}

void append_wrapped(std::string& text, std::string_view paragraph, std::string_view first_indent,
                    std::string_view indent) {
    std::string_view lead = first_indent;
    for (const std::string& line : wrapped(printable(paragraph), kLineWidth - indent.size())) {
        text += fmt::format("{}{}\n", lead, line);
        lead = indent;
    }
}

void append_table(std::string& text, std::vector<TableRow> rows, const std::vector<std::size_t>& widest) {
    for (TableRow& row : rows) std::ranges::transform(row, row.begin(), printable);
    const Widths widths = widths_of(rows, widest);
    for (const TableRow& row : rows) append_row(text, row, widths);
}

}  // namespace inference_models
