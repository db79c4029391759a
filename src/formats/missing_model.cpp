#include "formats/missing_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/text.hpp"

namespace inference_models::formats {
namespace {

constexpr std::size_t kMostSuggestions = 3;
constexpr std::size_t kMostNamesLookedAt = 2000;
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

/// What somebody may have meant who wrote one name, whatever its case.
class Suggestions {
public:
    explicit Suggestions(std::string_view wanted) : wanted_(lowered(wanted.substr(0, kLongestNameCompared))) {}

    /// \param text  what is suggested if the name is like the one that is wanted
    void consider(std::string_view name, std::string text) {
        if (name.size() > kLongestNameCompared) return;
        const std::string compared = lowered(name);
        const std::size_t distance = compared.starts_with(wanted_)
                                         ? std::min<std::size_t>(1, compared.size() - wanted_.size())
                                         : edit_distance(compared, wanted_);
        if (distance <= std::max<std::size_t>(1, wanted_.size() / 3)) near_.emplace_back(distance, std::move(text));
    }

    /// The nearest first.
    [[nodiscard]] std::vector<std::string> take() {
        std::ranges::sort(near_);
        near_.resize(std::min(near_.size(), kMostSuggestions));
        std::vector<std::string> texts;
        for (auto& [distance, text] : near_) texts.push_back(std::move(text));
        return texts;
    }

private:
    std::string wanted_;
    std::vector<std::pair<std::size_t, std::string>> near_;
};

void consider_entries(const std::filesystem::path& directory, Suggestions& suggestions) {
    std::error_code problem;
    std::filesystem::directory_iterator entry(directory, problem);
    for (std::size_t seen = 0; !problem && entry != std::filesystem::directory_iterator() && seen < kMostNamesLookedAt;
         entry.increment(problem), ++seen) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with('.')) suggestions.consider(name, (directory / name).lexically_normal().string());
    }
}

/// `yolov8n-640`, `workspace/project/3`: words that are not a path to a file.
bool looks_like_model_id(const std::filesystem::path& path) {
    const std::string text = path.string();
    const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '/'; };
    return !text.starts_with('/') && !text.ends_with('/') && std::ranges::all_of(text, is_word) &&
           std::ranges::count(text, '/') <= 2;
}

/// The first part of a path that is not there, and the directory in which it is not.
std::pair<std::filesystem::path, std::string> first_missing(const std::filesystem::path& path) {
    std::filesystem::path there = path.is_absolute() ? path.root_path() : ".";
    for (const std::filesystem::path& part : path.relative_path()) {
        std::error_code ignored;
        if (!std::filesystem::exists(there / part, ignored)) return {there, part.string()};
        there /= part;
    }
    return {there, {}};
}

}  // namespace

Error missing_model(const std::filesystem::path& path, std::span<const std::string> known_ids) {
    if (path.empty()) {
        return {ErrorKind::model_not_found, "model", "the path of the model is empty",
                "Give the path of a package directory or of a model file."};
    }
    const auto [directory, name] = first_missing(path);
    std::string message = fmt::format("there is nothing at {}", path.string());
    if (path.filename() != name) {
        message += fmt::format(": {} has no `{}`", directory.lexically_normal().string(), name);
    }
    Suggestions suggestions(name);
    consider_entries(directory, suggestions);
    for (const std::string& id : known_ids) suggestions.consider(id, id);
    std::string hint;
    if (const auto meant = suggestions.take(); !meant.empty()) {
        hint = fmt::format("Did you mean {}?", fmt::join(meant, " or "));
    } else {
        hint = "Give the path of a package directory or of a model file.";
    }
    if (looks_like_model_id(path) && !known_ids.empty()) {
        hint += fmt::format(" The models that this version knows by id: {}.", fmt::join(known_ids, ", "));
    }
    return {ErrorKind::model_not_found, path.string(), std::move(message), std::move(hint)};
}

}  // namespace inference_models::formats
