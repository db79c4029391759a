#include "formats/missing_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <utility>

#include "formats/suggestions.hpp"

namespace inference_models::formats {
namespace {

constexpr std::size_t kMostNamesLookedAt = 2000;

void consider_entries(const std::filesystem::path& directory, Suggestions& suggestions) {
    std::error_code problem;
    std::filesystem::directory_iterator entry(directory, problem);
    for (std::size_t seen = 0; !problem && entry != std::filesystem::directory_iterator() && seen < kMostNamesLookedAt;
         entry.increment(problem), ++seen) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with('.')) suggestions.consider(name, (directory / name).lexically_normal().string());
    }
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
    if (!known_ids.empty()) {
        hint += fmt::format(" Known here by id: {}.", fmt::join(known_ids, ", "));
    }
    return {ErrorKind::model_not_found, path.string(), std::move(message), std::move(hint)};
}

}  // namespace inference_models::formats
