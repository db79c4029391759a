#pragma once

#include <cstddef>
#include <inference_models/error.hpp>
#include <string_view>

/// What a person sees: everything here goes to standard error, results alone go to standard output.
namespace inference_models::cli {

/// Exit codes of the program.
enum class ExitCode : int {
    ok = 0,  ///< also with nothing found
    failure = 1,
    usage = 2,
    unreadable_input = 3,  ///< some images could not be read; the others are done
    no_usable_backend = 4,
    disagreement = 5,  ///< a candidate finds something else than the reference
    slower = 6,        ///< a benchmark is slower than the one before, beyond the noise
};

[[nodiscard]] ExitCode exit_code(ErrorKind kind) noexcept;

/// `error[kind]: message` and, on a line of its own, `hint: ...`.
void print_error(const Error& error);

/// Sends the library's log to standard error: messages of this level and above.
/// \throws Error `invalid_argument` for an unknown level
void start_log(std::string_view level);

/// A bar on a terminal, nothing elsewhere. Lines printed in between are not torn: clear it before, advance after.
class ProgressBar {
public:
    explicit ProgressBar(std::size_t total);
    ~ProgressBar() { clear(); }
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void clear() const;
    void advance();

private:
    std::size_t total_;
    std::size_t done_ = 0;
    bool shown_;
};

/// What is being done just now: one line on a terminal, which the next one replaces; nothing elsewhere.
class StatusLine {
public:
    StatusLine();
    ~StatusLine() { clear(); }
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;

    void show(std::string_view line) const;
    void clear() const;

private:
    bool shown_;
};

}  // namespace inference_models::cli
