#include "hub/cache/kept_models.hpp"

#include <inference_models/error.hpp>
#include <utility>

#include "common/log.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/kept_json.hpp"
#include "hub/cache/package_manifest.hpp"
#include "hub/checked_names.hpp"

namespace inference_models::hub {

namespace fs = std::filesystem;

namespace {

bool is_real_directory(const fs::path& path) {
    const auto facts = facts_of(path);
    return facts && facts->is_directory;
}

/// Of what a reader finds, if it belongs into this directory.
template <class Read>
std::optional<ModelKey> key_from(const ModelLayout& model, Read read) {
    try {
        ModelKey key = read();
        if (directory_name(key) == model.directory().filename().string()) return key;
    } catch (const Error& error) {
        log::message(LogLevel::debug, "Whose model this is has to be found elsewhere: {}", error.message());
    }
    return std::nullopt;
}

KeptModel model_in(const ModelLayout& layout) {
    KeptModel model{layout, key_from(layout, [&] { return read_model_key(read_kept_json(layout.listing())); }), {}};
    if (!is_real_directory(layout.packages())) return model;
    for (std::string& name : names_in(layout.packages())) {
        if (!is_package_id(name)) continue;
        if (!model.key && is_real_directory(layout.package(name))) {
            model.key = key_from(layout, [&] { return read_manifest(layout.package(name)).key; });
        }
        model.package_ids.push_back(std::move(name));
    }
    return model;
}

}  // namespace

std::vector<KeptModel> kept_models(const CacheLayout& layout) {
    std::vector<KeptModel> models;
    if (!is_real_directory(layout.models())) return models;
    for (const std::string& name : names_in(layout.models())) {
        const fs::path directory = layout.models() / name;
        if (is_real_directory(directory)) models.push_back(model_in(ModelLayout(directory)));
    }
    return models;
}

}  // namespace inference_models::hub
