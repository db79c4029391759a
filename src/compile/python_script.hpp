#pragma once

#include <inference_models/runtime_description.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// What is made of networks by the Python package that a runtime comes in.
namespace inference_models::compile {

/// Runs a script that was installed with this product, in the Python that a runtime is installed in.
/// \param script    `openvino_compile.py`
/// \param log       a file for its output, which is left there where it fails
/// \param arguments what the script is given
/// \throws Error `no_usable_backend` where that Python is not there, `engine_failure` with the script's last words
void run_python_script(const EngineRuntime& runtime, const std::string& script, const std::filesystem::path& log,
                       const std::vector<std::string>& arguments);

}  // namespace inference_models::compile
