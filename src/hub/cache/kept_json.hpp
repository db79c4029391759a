#pragma once

#include "formats/json_reader.hpp"
#include "hub/cache/cache_layout.hpp"

#include <chrono>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

/// The small JSON documents of the cache.
namespace inference_models::hub {

/// `format_version` of those that this version writes, and the only one that it reads.
inline constexpr int kKeptFormat = 1;

/// \throws Error `corrupted_package` where it is missing, no regular file, no JSON object, or of another version
[[nodiscard]] formats::JsonValue read_kept_json(const std::filesystem::path& path);

/// The members `provider`, `host` and `model_id`.
[[nodiscard]] ModelKey read_model_key(const formats::JsonValue& value);

/// Milliseconds since 1970.
[[nodiscard]] std::chrono::system_clock::time_point read_time(const formats::JsonValue& value);
[[nodiscard]] std::int64_t written_time(std::chrono::system_clock::time_point time);

/// As a text that any reader takes, whatever bytes its values have.
[[nodiscard]] std::string kept_text(const nlohmann::ordered_json& root);

}  // namespace inference_models::hub
