#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Tables and paragraphs for people. What comes from outside is made printable, and no line is wider than a terminal.
namespace inference_models {

/// In characters; UTF-8 writes some of them with several bytes.
[[nodiscard]] std::size_t width_of(std::string_view text);

/// Takes the first `width` characters off the text.
[[nodiscard]] std::string_view take_characters(std::string_view& text, std::size_t width);

/// A paragraph over as many lines of 120 characters as it needs; the first begins with another indent than the others.
void append_wrapped(std::string& text, std::string_view paragraph, std::string_view first_indent,
                    std::string_view indent);

using TableRow = std::vector<std::string>;

/// Rows of the same number of cells. Every column is as wide as its widest cell, but no wider than it may be; the last
/// one has what is left of 120 characters. Cells that are longer are wrapped.
/// \param widest  for each column but the last; together with two spaces behind each they leave room for the last one
void append_table(std::string& text, std::vector<TableRow> rows, const std::vector<std::size_t>& widest);

}  // namespace inference_models
