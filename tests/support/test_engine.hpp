#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "engines/network.hpp"

namespace inference_models::tests {

/// A network of the test engine (see test_adapter.cpp for its scripts).
std::unique_ptr<engines::Network> load_test_network(const std::string& script);

/// The runtime of the test engine.
const engines::OpenedRuntime& test_runtime();

}  // namespace inference_models::tests
