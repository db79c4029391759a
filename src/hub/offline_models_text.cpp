#include <fmt/format.h>

#include <algorithm>
#include <inference_models/model_cache.hpp>
#include <nlohmann/json.hpp>

#include "common/byte_size.hpp"
#include "common/printable.hpp"

namespace inference_models {
namespace {

using Json = nlohmann::ordered_json;

std::string title(const OfflineModelStatus& model) {
    std::string text = fmt::format("{} ({})", printable(model.model_id), printable(model.weights_provider));
    if (!model.architecture.empty()) {
        text += fmt::format(": {}, {}", printable(model.architecture), printable(model.task_type));
    }
    return text + '\n';
}

/// Files are named where something is wrong with them.
std::string lines_of(const OfflinePackageStatus& package, std::size_t id_width) {
    std::string text = fmt::format("  {:<{}}  {:<12}  {:>10}  {:<7}  {}\n", package.package_id, id_width,
                                   package.format.empty() ? "-" : package.format, told_size(package.size_bytes),
                                   to_string(package.state), printable(package.path.string()));
    for (const OfflineFileStatus& file : package.files) {
        if (file.state != CacheState::whole) {
            text += fmt::format("    {} {}\n", printable(file.handle), printable(file.problem));
        }
    }
    return text;
}

Json json_of(const OfflineFileStatus& file) {
    return {{"handle", file.handle},
            {"size_bytes", file.size_bytes},
            {"state", to_string(file.state)},
            {"problem", file.problem}};
}

template <class Item>
Json list_of(const std::vector<Item>& items);

Json json_of(const OfflinePackageStatus& package) {
    return {{"package_id", package.package_id}, {"format", package.format},          {"path", package.path.string()},
            {"size_bytes", package.size_bytes}, {"state", to_string(package.state)}, {"files", list_of(package.files)}};
}

Json json_of(const OfflineModelStatus& model) {
    return {{"model_id", model.model_id},
            {"weights_provider", model.weights_provider},
            {"architecture", model.architecture},
            {"task_type", model.task_type},
            {"packages", list_of(model.packages)}};
}

template <class Item>
Json list_of(const std::vector<Item>& items) {
    Json list = Json::array();
    for (const Item& item : items) list.push_back(json_of(item));
    return list;
}

}  // namespace

std::string_view to_string(CacheState state) noexcept {
    switch (state) {
        case CacheState::whole: return "whole";
        case CacheState::missing: return "missing";
        case CacheState::damaged: break;
    }
    return "damaged";
}

std::string to_text(const std::vector<OfflineModelStatus>& models) {
    std::size_t id_width = 0;
    for (const OfflineModelStatus& model : models) {
        for (const auto& package : model.packages) id_width = std::max(id_width, package.package_id.size());
    }
    std::string text;
    for (const OfflineModelStatus& model : models) {
        text += title(model);
        for (const auto& package : model.packages) text += lines_of(package, id_width);
    }
    return text;
}

std::string to_json(const std::vector<OfflineModelStatus>& models) {
    return list_of(models).dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace inference_models
