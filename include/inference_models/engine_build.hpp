#pragma once

#include <inference_models/export.hpp>
#include <inference_models/types.hpp>

#include <filesystem>

namespace inference_models {

/// Builds the adapter of an engine whose C++ interface changes with each release (PyTorch), against the runtime that
/// this machine has; `from_pretrained` does it by itself the first time. It is kept in $INFERENCE_MODELS_ADAPTERS, or
/// in the user's cache directory.
/// \returns the adapter's file; one that came ready for use with this product is not built again
/// \throws Error `invalid_argument` for an engine whose adapter is not built, `no_usable_backend` where the runtime or
/// a
///         C++ compiler is missing, `engine_failure` with the compiler's words
[[nodiscard]] INFERENCE_MODELS_EXPORT std::filesystem::path build_engine_adapter(Engine engine);

}  // namespace inference_models
