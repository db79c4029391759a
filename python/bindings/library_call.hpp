#pragma once

#include <nanobind/nanobind.h>

#include <unistd.h>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "log.hpp"

namespace inference_models::python {

/// Without Python's lock while it lives.
class LockReleased {
public:
    LockReleased() : state_(PyEval_SaveThread()) {}
    ~LockReleased() {
        try {
            PyEval_RestoreThread(state_);
        } catch (...) {
            // Python is ending and ends this thread, by an exception that may not be caught and cannot pass through
            // C++ either. The thread waits for the end of the process instead, as it does from Python 3.14 on.
            while (true) ::pause();
        }
    }
    LockReleased(const LockReleased&) = delete;
    LockReleased& operator=(const LockReleased&) = delete;

private:
    PyThreadState* state_;
};

/// A call into the library. The end of Python waits for those of other threads, since the process then takes away what
/// runtimes run on. Made and ended without Python's lock.
class CallInProgress {
public:
    CallInProgress();
    ~CallInProgress();
    CallInProgress(const CallInProgress&) = delete;
    CallInProgress& operator=(const CallInProgress&) = delete;
};

/// While the library downloads or measures: lets Python's signal handlers run, of which Ctrl-C's ends it. False: stop.
/// Called inside of a library call, without Python's lock.
[[nodiscard]] bool goes_on();

/// Keeps an exception that is to reach the caller as it is, whatever becomes of this thread's call. With Python's lock.
void interrupt_with(nanobind::python_error&& raised);

/// Throws what a signal handler or a provider raised in this thread's call, if one did.
void throw_interruption();

/// Runs `work`, which calls the library, without Python's lock, so that other Python threads go on meanwhile; then
/// hands over what the library logged. The lock is never held inside the library, so nothing can wait for the other.
template <class Work>
auto call_library(Work&& work) {
    std::optional<std::invoke_result_t<Work>> result;
    std::exception_ptr failure;
    {
        const LockReleased released;
        const CallInProgress call;
        try {
            result.emplace(std::forward<Work>(work)());
        } catch (...) {
            failure = std::current_exception();
        }
    }
    throw_interruption();
    deliver_log_messages();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
}

/// Makes Python wait for calls when it ends, and forget those of its parent in a forked child.
void bind_library_call(nanobind::module_& module);

}  // namespace inference_models::python
