#pragma once

#include <inference_models/compile.hpp>

#include <string>

namespace inference_models::compile {

/// \throws Error `invalid_argument` where no model could be compiled so
void check(const CompileOptions& options);

/// What is typed to have the same again, from any directory.
[[nodiscard]] std::string command_of(const std::string& model_id_or_path, const CompileOptions& options);

/// Tells whoever wants to know.
void tell(const CompileOptions& options, const std::string& line);

/// The word that a backend is asked for by, of the engines that networks are compiled for.
[[nodiscard]] BackendType backend_of(Engine engine);

}  // namespace inference_models::compile
