#include "runtime/engine_discovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "common/shell_quoting.hpp"
#include "common/version_number.hpp"
#include "runtime/adapters.hpp"
#include "runtime/build_facts.hpp"
#include "runtime/files.hpp"
#include "runtime/library_files.hpp"
#include "runtime/python_packages.hpp"

namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;
using engines::EngineTraits;
using engines::WheelLocation;
using std::string_view;

constexpr string_view kMapped = "already in this process";

/// One search for one engine.
class Search {
public:
    Search(const EngineTraits& traits, const SearchPlaces& places, const Surroundings& surroundings)
        : traits_(traits), places_(places), surroundings_(surroundings) {}

    EngineRuntime result() {
        runtime_.engine = traits_.engine;
        const bool decided = is_mapped() || is_named_by_variable() || is_in_site_packages() || is_of_vendor() ||
                             is_where_the_loader_looks();
        if (!decided && runtime_.why_not.empty()) {
            runtime_.why_not = fmt::format("{} was not found", display_name(traits_.engine));
        }
        look_for_adapter();
        return std::move(runtime_);
    }

private:
    /// Each of the following says whether the search is over.
    bool is_mapped() {
        for (const fs::path& path : places_.mapped) {
            if (const auto file = file_of_engine(path)) {
                take(kMapped, *file, {});
                return true;
            }
        }
        return false;
    }

    bool is_named_by_variable() {
        const std::string variable(traits_.library_variable);
        const auto value = surroundings_.variable(variable.c_str());
        if (!value) return false;
        std::error_code problem;
        const fs::path path = fs::absolute(*value, problem);  // the loader takes a bare name for something to search
        const auto file = file_of_engine(path);
        if (const std::string fault = fault_of_file(path, file.has_value()); !fault.empty()) {
            refuse(variable, path, fault, fmt::format("{} is set to {}, which {}", variable, *value, fault),
                   other_value_of_variable());
        } else {
            take(variable, *file, {});
        }
        return true;
    }

    bool is_in_site_packages() {
        return std::ranges::any_of(places_.site_packages, [&](const Place& place) { return is_in_wheel(place); });
    }

    bool is_of_vendor() {
        // An environment of Conda has libraries that belong to no Python package.
        return is_below("CONDA_PREFIX") ||
               std::ranges::any_of(traits_.vendor_variables, [&](string_view variable) { return is_below(variable); });
    }

    bool is_where_the_loader_looks() {
        return std::ranges::any_of(places_.loader_directories, [&](const Place& place) { return is_in(place); });
    }

    void look_for_adapter() {
        runtime_.adapter = find_adapter(traits_, runtime_.version, surroundings_);
        if (!runtime_.adapter.empty() || !runtime_.installed || !traits_.adapter_is_linked) return;
        const std::string missing =
            fmt::format("{} {} is installed, but has no adapter", display_name(traits_.engine), runtime_.version);
        if (runtime_.version.empty() || adapter_sources(surroundings_).empty()) {
            runtime_.why_not = missing + ", and nothing is here to build it from";
            return;
        }
        if (adapter_target(traits_, runtime_.version, surroundings_).empty()) {
            runtime_.why_not = missing + ", and there is no cache directory to build it in";
            runtime_.remedy = "set INFERENCE_MODELS_ADAPTERS to a directory that this user may write to";
            return;
        }
        runtime_.adapter_compiler = find_compiler(surroundings_);
        if (!runtime_.adapter_compiler.empty()) return;
        runtime_.why_not = missing + ", and there is no C++ compiler to build it with";
        runtime_.remedy = fmt::format("install a C++ compiler (Debian, Ubuntu: apt-get install g++), then run: {}",
                                      command_that_builds());
    }

    /// A program of its own finds the same library only if it is told.
    std::string command_that_builds() const {
        const std::string build = fmt::format("inference-models engine build {}", to_string(traits_.engine));
        const bool is_found_by_all = runtime_.searched.back().origin != kMapped;
        return is_found_by_all
                   ? build
                   : fmt::format("{}={} {}", traits_.library_variable, shell_quoted(runtime_.library.string()), build);
    }

    bool is_below(string_view variable) {
        const auto directories = library_directories(surroundings_, variable);
        return std::ranges::any_of(directories, [&](const Place& place) { return is_in(place); });
    }

    bool is_in(const Place& place) {
        for (const string_view soname : traits_.sonames) {
            if (const auto file = find_library(place.path, soname)) return take(place.origin, *file, {});
        }
        record(place.origin, place.path, "nothing there");
        return false;
    }

    bool is_in_wheel(const Place& place) {
        std::vector<Distribution> installed;
        for (const WheelLocation& wheel : traits_.wheels) {
            if (auto found = find_distribution(place.path, wheel.distribution)) installed.push_back(std::move(*found));
        }
        const std::string wanted = installed.empty() ? std::string{} : installed.front().version;
        for (const WheelLocation& wheel : traits_.wheels) {
            const auto file = find_library(place.path / wheel.directory, wheel.library_prefix, wanted);
            if (file) return take(place.origin, *file, shared_directory_note(installed));
        }
        if (installed.empty()) {
            record(place.origin, place.path, "nothing there");
        } else {
            refuse_wheel_without_library(place, installed.front());
        }
        return false;
    }

    /// onnxruntime and onnxruntime-gpu write the same files: what was installed last has won, in part.
    static std::string shared_directory_note(const std::vector<Distribution>& installed) {
        if (installed.size() < 2) return {};
        return fmt::format("; {} {} and {} {} are installed over each other, uninstall one of them", installed[0].name,
                           installed[0].version, installed[1].name, installed[1].version);
    }

    void refuse_wheel_without_library(const Place& place, const Distribution& wheel) {
        const std::string fault =
            fmt::format("{} {} has no {}", wheel.name, wheel.version, traits_.wheels[0].library_prefix);
        refuse(place.origin, place.path, fault, fmt::format("{}, which this product opens", fault),
               upgrade_command(wheel.name));
    }

    /// onnxruntime-gpu is upgraded as such: onnxruntime beside it would overwrite it.
    std::string upgrade_command(string_view distribution) const {
        const bool any_release = std::ranges::find(traits_.wheels, traits_.requirement, &WheelLocation::distribution) !=
                                 traits_.wheels.end();
        const string_view wanted = any_release && !distribution.empty() ? distribution : traits_.requirement;
        return pip_install(places_, "--upgrade " + shell_quoted(wanted));
    }

    std::string other_value_of_variable() const {
        return fmt::format("unset {0}, or set {0} to the path of a {1}", traits_.library_variable,
                           traits_.sonames.front());
    }

    std::string remedy_of_old(string_view origin, const fs::path& path, string_view distribution) const {
        if (origin == traits_.library_variable) return other_value_of_variable();
        if (origin == kMapped && distribution.empty()) {
            return fmt::format("start the program without {}, or with a newer one", path.string());
        }
        return upgrade_command(distribution);
    }

    std::optional<LibraryFile> file_of_engine(const fs::path& path) const {
        for (const string_view soname : traits_.sonames) {
            if (auto file = library_file(path, soname)) return file;
        }
        return std::nullopt;
    }

    /// What is wrong with a file that the user named. Its name has to be right, since it tells the major version.
    std::string fault_of_file(const fs::path& path, bool is_named_right) const {
        if (directory_exists(path)) return "is a directory, not a file";
        if (!file_exists(path)) return "does not exist";
        if (read_text(path, 4) != "\177ELF") return "is not a shared library";
        return is_named_right ? std::string{} : fmt::format("is not named {}", traits_.sonames.front());
    }

    /// Makes this library the engine's, unless it is too old.
    bool take(string_view origin, const LibraryFile& file, string_view note) {
        const BuildFacts facts = build_facts(traits_, file, surroundings_);
        const auto version = parse_version_number(facts.version);
        if (version && *version < parse_version_number(traits_.oldest_version)) {
            const std::string fault = fmt::format("{} {} is older than {}", display_name(traits_.engine), facts.version,
                                                  traits_.oldest_version);
            refuse(origin, file.path, fault, fmt::format("{}, the oldest that this product drives", fault),
                   remedy_of_old(origin, file.path, facts.distribution));
            return false;
        }
        record(origin, file.path,
               fmt::format("found {}{}", facts.version.empty() ? "a library of unknown version" : facts.version, note));
        runtime_.installed = true;
        runtime_.why_not.clear();
        runtime_.remedy.clear();
        runtime_.library = file.path;
        runtime_.version = facts.version;
        runtime_.execution_providers = facts.execution_providers;
        runtime_.cuda_version = facts.cuda_version;
        return true;
    }

    void record(string_view origin, const fs::path& path, std::string outcome) {
        runtime_.searched.push_back({std::string(origin), path, std::move(outcome)});
    }

    /// The first refusal is told: it is of the place that comes first.
    void refuse(string_view origin, const fs::path& path, std::string outcome, std::string why_not,
                std::string remedy) {
        record(origin, path, std::move(outcome));
        if (!runtime_.why_not.empty()) return;
        runtime_.why_not = std::move(why_not);
        runtime_.remedy = std::move(remedy);
    }

    const EngineTraits& traits_;
    const SearchPlaces& places_;
    const Surroundings& surroundings_;
    EngineRuntime runtime_;
};

}  // namespace

EngineRuntime find_engine(const EngineTraits& traits, const SearchPlaces& places, const Surroundings& surroundings) {
    return Search(traits, places, surroundings).result();
}

}  // namespace inference_models::runtime
