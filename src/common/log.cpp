#include "common/log.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <utility>

namespace inference_models {
namespace {

constexpr std::array<std::string_view, 5> kLevels{"debug", "info", "warning", "error", "off"};

struct Sink {
    std::atomic<LogLevel> least{LogLevel::off};
    std::mutex mutex;
    LogHandler handler;
};

Sink& sink() {
    // Never destroyed: threads of runtimes may still have something to say while the process ends.
    static Sink& instance = *new Sink;
    return instance;
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
    return kLevels[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> parse_log_level(std::string_view text) noexcept {
    for (std::size_t i = 0; i < kLevels.size(); ++i) {
        if (kLevels[i] == text) return static_cast<LogLevel>(i);
    }
    return std::nullopt;
}

void set_log_handler(LogLevel least, LogHandler handler) {
    Sink& out = sink();
    const std::scoped_lock lock(out.mutex);
    out.least = handler ? least : LogLevel::off;
    out.handler = std::move(handler);
}

namespace log {

bool enabled(LogLevel level) noexcept {
    return level >= sink().least.load(std::memory_order_relaxed);
}

void write(LogLevel level, const std::string& message) {
    Sink& out = sink();
    const std::scoped_lock lock(out.mutex);
    if (out.handler) out.handler(level, message);
}

}  // namespace log
}  // namespace inference_models
