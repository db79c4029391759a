#include "hub/cache/kept_json.hpp"

#include <nlohmann/json.hpp>

#include "formats/package_files.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/checked_names.hpp"

namespace inference_models::hub {

using formats::JsonValue;

JsonValue read_kept_json(const std::filesystem::path& path) {
    const auto facts = facts_of(path);
    if (!facts) throw formats::corrupted_file(path, "is missing");
    if (!facts->is_file) throw formats::corrupted_file(path, "is not a regular file");
    JsonValue root = formats::read_json_file(path);
    static_cast<void>(root.at("format_version").integer(kKeptFormat, kKeptFormat));
    return root;
}

ModelKey read_model_key(const JsonValue& value) {
    ModelKey key{value.at("provider").text(), value.at("host").text(), value.at("model_id").text()};
    if (!is_model_id(key.model_id)) throw value.at("model_id").error("is no model's id");
    return key;
}

std::chrono::system_clock::time_point read_time(const JsonValue& value) {
    constexpr std::int64_t kYear2200 = 7'258'118'400'000;
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(value.integer(0, kYear2200)));
}

std::int64_t written_time(std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::string kept_text(const nlohmann::ordered_json& root) {
    return root.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace inference_models::hub
