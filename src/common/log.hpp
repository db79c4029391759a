#pragma once

#include <fmt/format.h>

#include <inference_models/log.hpp>
#include <string>

/// What our own code calls to say something; `set_log_handler` decides where it goes.
namespace inference_models::log {

[[nodiscard]] bool enabled(LogLevel level) noexcept;
void write(LogLevel level, const std::string& message);

template <class... Values>
void message(LogLevel level, fmt::format_string<Values...> format, Values&&... values) {
    if (enabled(level)) write(level, fmt::format(format, std::forward<Values>(values)...));
}

}  // namespace inference_models::log
