#pragma once

#include <nanobind/nanobind.h>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "log.hpp"

namespace inference_models::python {

/// Runs `work`, which calls the library, without Python's lock, so that other Python threads go on meanwhile; then
/// hands over what the library logged. The lock is never held inside the library, so nothing can wait for the other.
template <class Work>
auto call_library(Work&& work) {
    std::optional<std::invoke_result_t<Work>> result;
    std::exception_ptr failure;
    {
        const nanobind::gil_scoped_release released;
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
