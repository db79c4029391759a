#include <fmt/format.h>

#include <algorithm>
#include <inference_models/model_cache.hpp>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "common/byte_size.hpp"
#include "common/printable.hpp"
#include "whole_number.hpp"

namespace inference_models::cli {
namespace {

void print(const std::vector<OfflineModelStatus>& models, bool json) {
    fmt::print("{}", json ? to_json(models) + "\n" : to_text(models));
    if (models.empty()) {
        fmt::print(stderr, "there are no downloaded models in {}\n", printable(model_cache_directory().string()));
    }
}

void add_list(CLI::App& cache, Action& chosen) {
    const auto json = std::make_shared<bool>(false);
    CLI::App* const command = cache.add_subcommand("list", "Say which models were downloaded, by sizes and times");
    command->add_flag("--json", *json, "one JSON document");
    command->callback([&chosen, json] {
        chosen = [json] {
            print(list_offline_models(), *json);
            return ExitCode::ok;
        };
    });
}

std::vector<std::string> ids_of(const std::vector<OfflineModelStatus>& models) {
    std::vector<std::string> ids;
    std::ranges::transform(models, std::back_inserter(ids), &OfflineModelStatus::model_id);
    // Several providers may have a model of one id; it is verified once, with all of them.
    const auto repeated = std::ranges::unique(ids);
    ids.erase(repeated.begin(), repeated.end());
    return ids;
}

bool is_whole(const OfflineModelStatus& model) {
    return std::ranges::all_of(model.packages, [](const auto& package) { return package.state == CacheState::whole; });
}

ExitCode verify(std::vector<std::string> ids, bool json) {
    if (ids.empty()) ids = ids_of(list_offline_models());
    std::vector<OfflineModelStatus> models;
    for (const std::string& id : ids) {
        std::vector<OfflineModelStatus> found = verify_offline_model(id, true);
        if (found.empty()) {
            throw Error(ErrorKind::model_not_found, id, fmt::format("the model {} is not in the cache", id),
                        "See: inference-models cache list");
        }
        std::ranges::move(found, std::back_inserter(models));
    }
    print(models, json);
    return std::ranges::all_of(models, is_whole) ? ExitCode::ok : ExitCode::failure;
}

void add_verification(CLI::App& cache, Action& chosen) {
    struct Arguments {
        std::vector<std::string> models;
        bool json = false;
    };
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command = cache.add_subcommand(
        "verify", "Read every byte of downloaded models; the exit code is 1 where one is not what was downloaded");
    command->add_option("MODEL", arguments->models, "ids of models; all where none is given");
    command->add_flag("--json", arguments->json, "one JSON document");
    command->callback(
        [&chosen, arguments] { chosen = [arguments] { return verify(arguments->models, arguments->json); }; });
}

void add_prune(CLI::App& cache, Action& chosen) {
    struct Arguments {
        PruneOptions options;
        std::optional<std::uint32_t> unused_days;
    };
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command =
        cache.add_subcommand("prune",
                             "Take away unfinished downloads, damaged packages, files that no package uses, what was "
                             "compiled of networks that are gone, and what is named here");
    CLI::Option* const models = command->add_option("MODEL", arguments->options.model_ids, "ids of models");
    command->add_flag("--all", arguments->options.all, "everything")->excludes(models);
    command->add_option("--unused-for", arguments->unused_days, "packages that were not loaded for so many days")
        ->type_name("DAYS")
        ->check(whole_number());
    command->callback([&chosen, arguments] {
        chosen = [arguments] {
            if (arguments->unused_days) arguments->options.unused_for = std::chrono::days(*arguments->unused_days);
            const PrunedCache pruned = prune_model_cache(arguments->options);
            fmt::print("took away {} package{} and {} other file{}: {} are free now\n", pruned.packages,
                       pruned.packages == 1 ? "" : "s", pruned.files, pruned.files == 1 ? "" : "s",
                       told_size(pruned.bytes));
            return ExitCode::ok;
        };
    });
}

void add_path(CLI::App& cache, Action& chosen) {
    CLI::App* const command = cache.add_subcommand("path", "Print the directory that downloaded models lie in");
    command->callback([&chosen] {
        chosen = [] {
            fmt::print("{}\n", model_cache_directory().string());
            return ExitCode::ok;
        };
    });
}

}  // namespace

void add_cache(CLI::App& program, Action& chosen) {
    CLI::App* const cache = program.add_subcommand("cache", "Look after downloaded models");
    cache->require_subcommand(1);
    add_list(*cache, chosen);
    add_verification(*cache, chosen);
    add_prune(*cache, chosen);
    add_path(*cache, chosen);
}

}  // namespace inference_models::cli
