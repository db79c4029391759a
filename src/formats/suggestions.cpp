#include "formats/suggestions.hpp"

#include <algorithm>
#include <numeric>

#include "formats/text.hpp"

namespace inference_models::formats {
namespace {

constexpr std::size_t kMostSuggestions = 3;
constexpr std::size_t kLongestNameCompared = 255;

/// How many letters must be inserted, removed or changed to make one text of the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

Suggestions::Suggestions(std::string_view wanted) : wanted_(lowered(wanted.substr(0, kLongestNameCompared))) {}

void Suggestions::consider(std::string_view name, std::string text) {
    if (name.size() > kLongestNameCompared) return;
    const std::string compared = lowered(name);
    const std::size_t distance = compared.starts_with(wanted_)
                                     ? std::min<std::size_t>(1, compared.size() - wanted_.size())
                                     : edit_distance(compared, wanted_);
    if (distance <= std::max<std::size_t>(1, wanted_.size() / 3)) near_.emplace_back(distance, std::move(text));
}

std::vector<std::string> Suggestions::take() {
    std::ranges::sort(near_);
    near_.resize(std::min(near_.size(), kMostSuggestions));
    std::vector<std::string> texts;
    for (auto& [distance, text] : near_) texts.push_back(std::move(text));
    return texts;
}

}  // namespace inference_models::formats
