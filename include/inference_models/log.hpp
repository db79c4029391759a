#pragma once

#include <inference_models/export.hpp>

#include <functional>
#include <optional>
#include <string_view>

namespace inference_models {

enum class LogLevel { debug, info, warning, error, off };

[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(LogLevel level) noexcept;
[[nodiscard]] INFERENCE_MODELS_EXPORT std::optional<LogLevel> parse_log_level(std::string_view text) noexcept;

/// Receives one message without a line end. May be called from any thread, one call at a time; must not itself call
/// `set_log_handler` or what may log.
using LogHandler = std::function<void(LogLevel level, std::string_view message)>;

/// Where messages of this level and above go. The library itself prints nothing: without a handler they are dropped.
INFERENCE_MODELS_EXPORT void set_log_handler(LogLevel least, LogHandler handler);

}  // namespace inference_models
