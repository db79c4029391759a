#pragma once

#include <gtest/gtest.h>

#include <inference_models/error.hpp>

namespace inference_models::tests {

/// The error that an action throws; a failed test where it throws none.
template <class Action>
Error error_of(Action action) {
    try {
        action();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "no error was thrown";
    return {ErrorKind::io_failure, "no error was thrown", ""};
}

}  // namespace inference_models::tests
