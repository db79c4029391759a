#include "hub/cache/choice_file.hpp"

#include <inference_models/error.hpp>
#include <nlohmann/json.hpp>

#include "common/log.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/kept_json.hpp"
#include "hub/checked_names.hpp"

namespace inference_models::hub {

std::optional<ChoiceRecord> read_choice(const std::filesystem::path& path) {
    if (!facts_of(path)) return std::nullopt;
    try {
        const formats::JsonValue root = read_kept_json(path);
        ChoiceRecord choice{root.at("package_id").text(), root.at("engine").text(), root.at("device").text(),
                            read_time(root.at("chosen_at"))};
        if (is_package_id(choice.package_id)) return choice;
    } catch (const Error& error) {
        log::message(LogLevel::debug, "A choice is not used: {}", error.message());
    }
    return std::nullopt;
}

void write_choice(const std::filesystem::path& path, const ChoiceRecord& choice) {
    const nlohmann::ordered_json root{{"format_version", kKeptFormat},
                                      {"package_id", choice.package_id},
                                      {"engine", choice.engine},
                                      {"device", choice.device},
                                      {"chosen_at", written_time(choice.chosen_at)}};
    write_durably(path, kept_text(root));
}

}  // namespace inference_models::hub
