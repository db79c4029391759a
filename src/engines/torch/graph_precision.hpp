#pragma once

#include <string>

namespace torch::jit {
struct Graph;
}

/// What the frozen graph of a TorchScript module is computed in.
namespace inference_models::torch {

/// Lets a graph that was traced in half precision compute in fp32, its weights having been converted: what it holds of
/// constants and wants of types follows.
void raise_to_fp32(::torch::jit::Graph& graph);

/// Lets a graph in fp32 compute in bf16 from one convolution to the next, once an image has been reduced to an eighth
/// of its size. Before that there are few channels, over which errors of rounding do not average out; after the last
/// convolution come coordinates in pixels and probabilities, for which bf16 has too few digits. Both cost little.
/// Throws where nothing is left. `path` is for messages.
void lower_to_bf16(::torch::jit::Graph& graph, const std::string& path);

}  // namespace inference_models::torch
