#include <cstddef>
#include <inference_models/error.hpp>
#include <string_view>
#include <utility>

#include "common/printable.hpp"

namespace inference_models {
namespace {

/// Messages quote files, servers and users. Line by line, so that those which are several stay so.
std::string readable(std::string_view text) {
    std::string lines;
    while (true) {
        const std::size_t end = text.find('\n');
        lines += printable(text.substr(0, end));
        if (end == std::string_view::npos) return lines;
        lines += '\n';
        text.remove_prefix(end + 1);
    }
}

std::string joined(const std::string& message, const std::string& hint) {
    return hint.empty() ? message : message + "\n" + hint;
}

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): the header takes values, for callers that move
Error::Error(ErrorKind kind, std::string subject, std::string message, std::string hint)
    : std::runtime_error(joined(readable(message), readable(hint))),
      kind_(kind),
      subject_(std::move(subject)),
      message_(readable(message)),
      hint_(readable(hint)) {}

std::string_view to_string(ErrorKind kind) noexcept {
    switch (kind) {
        case ErrorKind::invalid_argument: return "invalid_argument";
        case ErrorKind::invalid_environment_variable: return "invalid_environment_variable";
        case ErrorKind::model_not_found: return "model_not_found";
        case ErrorKind::unauthorized: return "unauthorized";
        case ErrorKind::payment_required: return "payment_required";
        case ErrorKind::forbidden: return "forbidden";
        case ErrorKind::usage_paused: return "usage_paused";
        case ErrorKind::unreachable: return "unreachable";
        case ErrorKind::retrieval_failure: return "retrieval_failure";
        case ErrorKind::hash_mismatch: return "hash_mismatch";
        case ErrorKind::untrusted: return "untrusted";
        case ErrorKind::cancelled: return "cancelled";
        case ErrorKind::cache_busy: return "cache_busy";
        case ErrorKind::corrupted_package: return "corrupted_package";
        case ErrorKind::unsupported_model: return "unsupported_model";
        case ErrorKind::no_usable_backend: return "no_usable_backend";
        case ErrorKind::engine_failure: return "engine_failure";
        case ErrorKind::invalid_image: return "invalid_image";
        case ErrorKind::unreadable_image: return "unreadable_image";
        case ErrorKind::invalid_output: return "invalid_output";
        case ErrorKind::io_failure: return "io_failure";
    }
    return "unknown";
}

}  // namespace inference_models
