#pragma once

#include "support/errors.hpp"
#include "support/onnx_builder.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <inference_models/error.hpp>

#include <filesystem>
#include <optional>
#include <string>

/// Packages made by hand, and what the reading of a broken one says.
namespace inference_models::tests {

inline const std::string kModelConfig =
    R"({"model_architecture": "yolov8", "task_type": "object-detection", "backend_type": "onnx"})";
inline const std::string kInferenceConfig = R"({
  "network_input": {"training_input_size": {"height": 32, "width": 64}, "dynamic_spatial_size_supported": false,
                    "color_mode": "rgb", "resize_mode": "letterbox", "padding_value": 114, "input_channels": 3,
                    "scaling_factor": 255},
  "forward_pass": {"static_batch_size": 1},
  "post_processing": {"type": "nms", "fused": false}
})";
inline const std::string kTwoNames = "{0: 'person', 1: 'car'}";

/// A detector of two classes for images of 64 x 32 pixels.
inline OnnxNetwork small_detector() {
    OnnxNetwork network;
    network.height = 32;
    network.width = 64;
    network.outputs = {OnnxOutput{.name = "output0", .shape = {1, 6, 5}, .values = std::vector<float>(30, 0.0F)}};
    return network;
}

inline std::filesystem::path write_onnx_package(const std::filesystem::path& directory,
                                                const OnnxNetwork& network = small_detector()) {
    std::filesystem::create_directories(directory);
    write_file(directory / "model_config.json", kModelConfig);
    write_file(directory / "inference_config.json", kInferenceConfig);
    write_file(directory / "class_names.txt", "person\ncar\n");
    write_file(directory / "weights.onnx", build_onnx(network));
    return directory;
}

/// Replaces one piece of a text, which must be in it.
inline std::string with(std::string text, const std::string& piece, const std::string& replacement) {
    const std::size_t at = text.find(piece);
    EXPECT_NE(at, std::string::npos) << "no `" << piece << "` in " << text;
    return at == std::string::npos ? text : text.replace(at, piece.size(), replacement);
}

/// What every error about a model must have: a kind, the place, and for people a message that names it, and a way on.
inline void expect_error(const Error& error, ErrorKind kind, const std::string& subject, const std::string& part) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_EQ(error.subject(), subject) << error.what();
    EXPECT_NE(error.message().find(part), std::string::npos) << error.what();
    EXPECT_NE(error.message().find(subject), std::string::npos) << error.what();
    EXPECT_FALSE(error.hint().empty()) << error.what();
}

}  // namespace inference_models::tests
