#pragma once

#include "engines/torch/common.hpp"

namespace inference_models::torch {

/// A TorchScript file as a network, computed in the precision that the request names, or in what the file stores, with
/// fp16 raised to fp32.
std::unique_ptr<sdk::Network> load_torch_script(const Library& library, const sdk::NetworkRequest& request);

}  // namespace inference_models::torch
