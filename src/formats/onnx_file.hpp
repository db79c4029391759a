#pragma once

#include <inference_models/tensor.hpp>
#include <inference_models/types.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What an ONNX file says about itself. Only its structure is read, never the bytes of its weights.
namespace inference_models::formats {

struct OnnxDimension {
    std::optional<std::int64_t> size;  ///< none: known only when the network runs
    std::string symbol;                ///< the name of such a dimension, where it has one
};

struct OnnxValue {
    std::string name;
    std::optional<ElementType> type;                  ///< none: texts, complex numbers, or not a tensor
    std::optional<std::vector<OnnxDimension>> shape;  ///< none: even the rank is unknown

    /// The size of a dimension that is there and fixed.
    [[nodiscard]] std::optional<std::int64_t> size_of(std::size_t axis) const;
};

struct OnnxFile {
    std::int64_t ir_version = 0;
    std::int64_t opset = 0;         ///< of the default operator set
    std::vector<OnnxValue> inputs;  ///< without those that are weights
    std::vector<OnnxValue> outputs;
    std::map<std::string, std::string> metadata;
    Precision precision = Precision::fp32;  ///< that most weights are stored in; int8 for quantised networks
    std::vector<std::filesystem::path> external_files;  ///< that hold weights: names relative to its directory
};

/// \throws Error `corrupted_package` where this is not a whole ONNX file, or its weights' files are missing or lie
///         outside of its directory; `io_failure` where it cannot be read
[[nodiscard]] OnnxFile read_onnx_file(const std::filesystem::path& path);

/// `[1, 3, height, ?]`; `of unknown rank` where there is no shape.
[[nodiscard]] std::string shape_text(const OnnxValue& value);

}  // namespace inference_models::formats
