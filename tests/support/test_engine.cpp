#include "support/test_engine.hpp"

#include <fstream>

#include "support/temporary_directory.hpp"

namespace inference_models::tests {

const engines::OpenedRuntime& test_runtime() {
    return engines::OpenedRuntime::open({INFERENCE_MODELS_TEST_ENGINE, "any", "", false});
}

std::unique_ptr<engines::Network> load_test_network(const std::string& script) {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "network.txt";
    std::ofstream(file) << script;
    return test_runtime().load({PackageFormat::onnx, file, {}, {}, 1, {}, {}});
}

}  // namespace inference_models::tests
