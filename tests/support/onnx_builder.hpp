#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Small ONNX networks for tests: they run in every engine and answer what the test wants them to answer.
namespace inference_models::tests {

/// What a network answers: the same values for each image of a batch, or, where `shape` begins with a batch, one block
/// of values for each image.
struct OnnxOutput {
    std::string name = "output0";
    std::vector<std::int64_t> shape;  ///< with the batch in front: `{1, 84, 8400}`
    std::vector<float> values;        ///< as many as the shape says; NaN and infinity are fine
};

/// An input `[batch, 3, height, width]` of float32, and outputs that are `values + input_sum_factor * sum(image)`.
struct OnnxNetwork {
    std::int64_t ir_version = 8;
    std::int64_t opset = 17;  ///< 13 to 21
    std::string input_name = "images";
    std::optional<std::int64_t> batch = 1;    ///< none: the symbol `batch`
    std::optional<std::int64_t> height = 64;  ///< none: the symbol `height`
    std::optional<std::int64_t> width = 64;   ///< none: the symbol `width`
    std::vector<OnnxOutput> outputs;
    float input_sum_factor = 0;  ///< 0: the outputs do not depend on the image; yet the graph uses its input
    std::map<std::string, std::string> metadata;
};

/// The bytes of a network as an ONNX file holds them.
[[nodiscard]] std::string build_onnx(const OnnxNetwork& network);

/// The metadata that an Ultralytics export carries. `names` is a Python dictionary: `{0: 'person', 1: 'car'}`.
[[nodiscard]] std::map<std::string, std::string> ultralytics_metadata(const std::string& names);

/// Writes bytes to a file, as they are.
void write_file(const std::filesystem::path& path, const std::string& bytes);

}  // namespace inference_models::tests
