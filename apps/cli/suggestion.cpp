#include "suggestion.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace inference_models::cli {
namespace {

/// Levenshtein's distance: how many letters must be put in, taken out or changed.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

std::vector<std::string> names(const CLI::App& app) {
    std::vector<std::string> all;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) all.push_back("--" + name);
    }
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        all.push_back(command->get_name());
    }
    return all;
}

}  // namespace

std::string nearest_name(const CLI::App& app, const std::vector<std::string>& unknown) {
    if (unknown.empty()) return {};
    const std::string word = unknown.front().substr(0, unknown.front().find('='));
    std::string nearest;
    std::size_t least = word.size() / 2;  // further away is another word, not a slip
    for (const std::string& name : names(app)) {
        const std::size_t distance = edit_distance(word, name);
        if (distance > least || (distance == least && !nearest.empty())) continue;
        least = distance;
        nearest = name;
    }
    return nearest;
}

}  // namespace inference_models::cli
