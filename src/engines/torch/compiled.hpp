#pragma once

#include "engines/torch/common.hpp"

namespace inference_models::torch {

/// An AOTInductor package (.pt2) as a network. It is native code: it must come from somebody who is trusted.
std::unique_ptr<sdk::Network> load_compiled(const Library& library, const sdk::NetworkRequest& request);

}  // namespace inference_models::torch
