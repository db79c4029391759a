#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace inference_models::hub {

/// What was chosen for a request.
struct ChoiceRecord {
    std::string package_id;
    std::string engine;
    std::string device;
    std::chrono::system_clock::time_point chosen_at;
};

/// Nothing where there is none, or none that can be read.
[[nodiscard]] std::optional<ChoiceRecord> read_choice(const std::filesystem::path& path);

/// \throws Error `io_failure`
void write_choice(const std::filesystem::path& path, const ChoiceRecord& choice);

}  // namespace inference_models::hub
