#pragma once

namespace inference_models::python {

/// Gives the messages that the library logged since the last time to the Python logger `inference_models`.
/// \throws nanobind::python_error what a handler of the logger raises, such as KeyboardInterrupt
void deliver_log_messages();

}  // namespace inference_models::python
