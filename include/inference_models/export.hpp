#pragma once

/// Marks what the shared library exports; everything else is hidden.
#define INFERENCE_MODELS_EXPORT __attribute__((visibility("default")))
