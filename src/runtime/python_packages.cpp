#include "runtime/python_packages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/shell_quoting.hpp"
#include "runtime/files.hpp"

namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;
using std::string_view;

/// Directory names differ in case and separators from tool to tool; this form is the same for all.
std::string normalized(string_view name) {
    std::string text(name);
    std::ranges::transform(text, text.begin(), [](char c) {
        if (c == '-' || c == '.') return '_';
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

std::string pip(const SearchPlaces& places, string_view verb) {
    const fs::path& environment = places.our_environment;
    if (!environment.empty()) {
        if (file_exists(environment / "bin/pip")) {
            return fmt::format("{} {}", shell_quoted((environment / "bin/pip").string()), verb);
        }
        // Environments that uv makes hold no pip; their pyvenv.cfg names uv.
        if (!value_of(read_text(environment / "pyvenv.cfg"), "uv", '=').empty()) {
            return fmt::format("uv pip {} --python {}", verb, shell_quoted(environment.string()));
        }
    }
    return fmt::format("pip {}", verb);
}

}  // namespace

std::optional<Distribution> find_distribution(const fs::path& site_packages, string_view name) {
    constexpr string_view kEnding = ".dist-info";
    const std::string wanted = normalized(name);
    for (const std::string& entry : names_in(site_packages)) {
        const std::size_t dash = entry.find('-');
        if (dash == std::string::npos || !entry.ends_with(kEnding) || dash + kEnding.size() >= entry.size()) continue;
        if (normalized(string_view(entry).substr(0, dash)) != wanted) continue;
        const std::string version = entry.substr(dash + 1, entry.size() - kEnding.size() - dash - 1);
        return Distribution{std::string(name), version, site_packages / entry / "METADATA"};
    }
    return std::nullopt;
}

std::string pip_install(const SearchPlaces& places, string_view arguments) {
    return fmt::format("{} {}", pip(places, "install"), arguments);
}

std::string pip_uninstall(const SearchPlaces& places, string_view distribution) {
    const bool uv = pip(places, "").starts_with("uv ");
    return fmt::format("{} {}{}", pip(places, "uninstall"), uv ? "" : "--yes ", distribution);
}

}  // namespace inference_models::runtime
