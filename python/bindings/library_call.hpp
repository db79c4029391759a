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

/// Runs `work`, which calls the library, without Python's lock, so that other Python threads go on meanwhile; then
/// hands over what the library logged. The lock is never held inside the library, so nothing can wait for the other.
template <class Work>
auto call_library(Work&& work) {
    std::optional<std::invoke_result_t<Work>> result;
    std::exception_ptr failure;
    {
        const LockReleased released;
        try {
            result.emplace(std::forward<Work>(work)());
        } catch (...) {
            failure = std::current_exception();
        }
    }
    deliver_log_messages();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
}

}  // namespace inference_models::python
