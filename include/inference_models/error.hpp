#pragma once

#include <inference_models/export.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace inference_models {

/// What went wrong, for programs that decide by it. The names of the enumerators are the names in JSON.
enum class ErrorKind {
    invalid_argument,              ///< an option or parameter is out of its range, unknown or contradicts another
    invalid_environment_variable,  ///< an environment variable holds what it must not
    model_not_found,               ///< no model by this id, no file or directory at this path, or nothing in it
    unauthorized,                  ///< a provider wants an API key, or another one
    payment_required,              ///< a provider wants to be paid for this model
    forbidden,                     ///< a provider does not give this model to the owner of the API key
    usage_paused,                  ///< a provider has paused the account of the API key
    unreachable,        ///< a provider or a file's server gave no answer, or asked to come back later, time and again
    retrieval_failure,  ///< a provider's or a file server's answer makes no sense or is another refusal
    hash_mismatch,      ///< a downloaded file is not what its provider described
    untrusted,          ///< a package or file that must be allowed by name, and was not
    cancelled,          ///< the caller's progress handler said so
    cache_busy,         ///< another process is using what should be taken away
    corrupted_package,  ///< a model's file is missing, truncated, of another format, or holds wrong values
    unsupported_model,  ///< the model is whole, but this version has no implementation for it
    no_usable_backend,  ///< no (package, engine) pair can run here as asked
    engine_failure,     ///< a runtime refused a network or failed while running it
    invalid_image,      ///< the caller's pixels are unusable: zero size, wrong stride, wrong channels
    unreadable_image,   ///< an image file is missing, truncated, or of an unknown format
    invalid_output,     ///< a network's output has another shape than its model's contract, or holds NaN
    io_failure,         ///< a file could not be read or written for reasons outside of it
};

[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(ErrorKind kind) noexcept;

/// The one family of errors of this library; no other exception leaves it, apart from std::bad_alloc.
///
/// `message()` says what was wrong and where (it names the path, field or option), `hint()` what to do next (may be
/// empty), `subject()` is the offending path, field or option alone. `what()` is message and hint together. Control
/// characters and bytes that are no UTF-8 are replaced in all but the subject; line breaks stay.
class INFERENCE_MODELS_EXPORT Error : public std::runtime_error {
public:
    Error(ErrorKind kind, std::string subject, std::string message, std::string hint = {});

    [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
    [[nodiscard]] const std::string& subject() const noexcept { return subject_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

private:
    ErrorKind kind_;
    std::string subject_;
    std::string message_;
    std::string hint_;
};

}  // namespace inference_models
