#include "log.hpp"

#include <deque>
#include <inference_models/log.hpp>
#include <mutex>
#include <string>
#include <utility>

#include "bindings.hpp"
#include "text.hpp"

namespace inference_models::python {
namespace {

/// What no call has come to fetch yet. A runtime's own threads may log too, so there is an end to it.
constexpr std::size_t kMostMessages = 1000;

struct Message {
    LogLevel level;
    std::string text;
};

/// Messages wait here until a call returns: whoever logs them, on whatever thread and under whatever lock of the
/// library or of a runtime, needs nothing of Python, which may just be ending.
struct Waiting {
    std::mutex mutex;
    std::deque<Message> messages;
};

Waiting& waiting() {
    // Never destroyed: threads of runtimes may still have something to say while the process ends.
    static Waiting& instance = *new Waiting;
    return instance;
}

void keep(LogLevel level, std::string_view text) {
    Waiting& queue = waiting();
    const std::scoped_lock lock(queue.mutex);
    if (queue.messages.size() == kMostMessages) queue.messages.pop_front();
    queue.messages.push_back({level, std::string(text)});
}

std::deque<Message> take() {
    Waiting& queue = waiting();
    const std::scoped_lock lock(queue.mutex);
    return std::exchange(queue.messages, {});
}

int python_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return 10;
        case LogLevel::info: return 20;
        case LogLevel::warning: return 30;
        case LogLevel::error: return 40;
        case LogLevel::off: break;
    }
    return 0;
}

}  // namespace

void deliver_log_messages() {
    nb::object logger;
    for (const Message& message : take()) {
        if (!logger.is_valid()) {
            // While nobody has imported `logging`, nobody wants to see more than warnings.
            const bool imported = nb::cast<nb::dict>(nb::module_::import_("sys").attr("modules")).contains("logging");
            if (!imported && message.level < LogLevel::warning) continue;
            logger = nb::module_::import_("logging").attr("getLogger")("inference_models");
        }
        logger.attr("log")(python_level(message.level), "%s", python_text(message.text));
    }
}

void bind_log(nb::module_&) {
    set_log_handler(LogLevel::debug, keep);
}

}  // namespace inference_models::python
