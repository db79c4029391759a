#include "console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <inference_models/log.hpp>
#include <string>

#include "common/printable.hpp"

namespace inference_models::cli {
namespace {

/// Our own messages may have several lines; what they quote from outside is made safe to show.
std::string printable_lines(std::string_view text) {
    std::string safe;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        if (start != 0) safe += '\n';
        safe += printable(text.substr(start, end - start));
        start = end + 1;
    }
    return safe;
}

}  // namespace

ExitCode exit_code(ErrorKind kind) noexcept {
    switch (kind) {
        case ErrorKind::invalid_argument:
        case ErrorKind::invalid_environment_variable: return ExitCode::usage;
        case ErrorKind::no_usable_backend: return ExitCode::no_usable_backend;
        case ErrorKind::unreadable_image:
        case ErrorKind::invalid_image: return ExitCode::unreadable_input;
        case ErrorKind::model_not_found:
        case ErrorKind::unauthorized:
        case ErrorKind::payment_required:
        case ErrorKind::forbidden:
        case ErrorKind::usage_paused:
        case ErrorKind::unreachable:
        case ErrorKind::retrieval_failure:
        case ErrorKind::hash_mismatch:
        case ErrorKind::untrusted:
        case ErrorKind::cancelled:
        case ErrorKind::cache_busy:
        case ErrorKind::corrupted_package:
        case ErrorKind::unsupported_model:
        case ErrorKind::engine_failure:
        case ErrorKind::invalid_output:
        case ErrorKind::io_failure: return ExitCode::failure;
    }
    return ExitCode::failure;
}

void print_error(const Error& error) {
    fmt::print(stderr, "error[{}]: {}\n", to_string(error.kind()), printable_lines(error.message()));
    if (!error.hint().empty()) fmt::print(stderr, "hint: {}\n", printable_lines(error.hint()));
}

void start_log(std::string_view level) {
    const auto least = parse_log_level(level);
    if (!least) {
        throw Error(ErrorKind::invalid_argument, "--log-level", fmt::format("there is no log level `{}`", level),
                    "Use debug, info, warning, error or off.");
    }
    set_log_handler(*least, [](LogLevel message_level, std::string_view message) {
        fmt::print(stderr, "{}: {}\n", to_string(message_level), printable(message));
    });
}

ProgressBar::ProgressBar(std::size_t total) : total_(total), shown_(total > 1 && ::isatty(STDERR_FILENO) != 0) {}

void ProgressBar::clear() const {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressBar::advance() {
    ++done_;
    if (!shown_) return;
    constexpr std::size_t kWidth = 40;
    const std::size_t filled = done_ * kWidth / total_;
    fmt::print(stderr, "\r[{}{}] {}/{}", std::string(filled, '#'), std::string(kWidth - filled, '.'), done_, total_);
    std::fflush(stderr);
}

StatusLine::StatusLine() : shown_(::isatty(STDERR_FILENO) != 0) {}

void StatusLine::show(std::string_view line) const {
    if (!shown_) return;
    fmt::print(stderr, "\r\x1b[K{}", printable(line));
    std::fflush(stderr);
}

void StatusLine::clear() const {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace inference_models::cli
