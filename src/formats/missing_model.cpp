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

/// Names in a directory that somebody may have meant, whatever their case, the nearest first.
std::vector<std::string> similar_names(const std::filesystem::path& directory, std::string_view name_wanted) {
    const std::string wanted = lowered(name_wanted);
    std::vector<std::pair<std::size_t, std::string>> near;
    std::error_code problem;
    std::filesystem::directory_iterator entry(directory, problem);
    for (std::size_t seen = 0; !problem && entry != std::filesystem::directory_iterator() && seen < kMostNamesLookedAt;
         entry.increment(problem), ++seen) {
        std::string name = entry->path().filename().string();
        if (name.starts_with('.') || name.size() > kLongestNameCompared) continue;
        const std::string compared = lowered(name);
        const std::size_t distance = compared.starts_with(wanted) ? 1 : edit_distance(compared, wanted);
        if (distance <= std::max<std::size_t>(1, wanted.size() / 3)) near.emplace_back(distance, std::move(name));
    }
    std::ranges::sort(near);
    near.resize(std::min(near.size(), kMostSuggestions));
    std::vector<std::string> names;
    names.reserve(near.size());
    for (const auto& [distance, name] : near) names.push_back((directory / name).lexically_normal().string());
    return names;
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

Error missing_model(const std::filesystem::path& path) {
    if (path.empty()) {
        return {ErrorKind::model_not_found, "model", "the path of the model is empty",
                "Give the path of a package directory or of a model file."};
    }
    const auto [directory, name] = first_missing(path);
    std::string message = fmt::format("there is nothing at {}", path.string());
    if (path.filename() != name) {
        message += fmt::format(": {} has no `{}`", directory.lexically_normal().string(), name);
    }
    std::string hint;
    if (const auto names = similar_names(directory, name.substr(0, kLongestNameCompared)); !names.empty()) {
        hint = fmt::format("Did you mean {}?", fmt::join(names, " or "));
    } else {
        hint = "Give the path of a package directory or of a model file.";
    }
    if (looks_like_model_id(path)) {
        hint += " Models by id are not available in this version: a path is needed.";
    }
    return {ErrorKind::model_not_found, path.string(), std::move(message), std::move(hint)};
}

}  // namespace inference_models::formats
