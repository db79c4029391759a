#include "formats/onnx_file.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "formats/package_maker.hpp"

namespace inference_models::formats {
namespace {

namespace fs = std::filesystem;
using namespace tests;
using protozero::pbf_writer;

// TensorProto.DataType
constexpr std::int32_t kFloat = 1;
constexpr std::int32_t kFloat16 = 10;
constexpr std::int32_t kBfloat16 = 16;

class OnnxFileTest : public ::testing::Test {
protected:
    [[nodiscard]] OnnxFile read(const std::string& bytes) const {
        write_file(path_, bytes);
        return read_onnx_file(path_);
    }

    [[nodiscard]] Error error(const std::string& bytes) const {
        return error_of([&] { static_cast<void>(read(bytes)); });
    }

    TemporaryDirectory temporary_;
    fs::path path_ = temporary_.path() / "network.onnx";
};

/// A graph that, behind a network's bytes, is merged with the network's own: so protocol buffers are defined.
template <class Write>
std::string graph_with(const Write& write) {
    std::string bytes;
    pbf_writer model(bytes);
    pbf_writer graph(model, 7);
    write(graph);
    graph.commit();
    return bytes;
}

std::string tensor(std::int32_t data_type, std::int64_t count,
                   const std::vector<std::pair<std::string, std::string>>& external = {}) {
    std::string bytes;
    pbf_writer message(bytes);
    message.add_int64(1, count);
    message.add_int32(2, data_type);
    message.add_string(8, "more");
    for (const auto& [key, value] : external) {
        pbf_writer entry(message, 13);
        entry.add_string(1, key);
        entry.add_string(2, value);
    }
    return bytes;
}

std::string weights(std::int32_t data_type, std::int64_t count) {
    return graph_with([&](pbf_writer& graph) { graph.add_message(5, tensor(data_type, count)); });
}

std::string external_weights(const std::vector<std::pair<std::string, std::string>>& entries) {
    return graph_with([&](pbf_writer& graph) { graph.add_message(5, tensor(kFloat, 4, entries)); });
}

/// A node with one attribute: a tensor (5) or a graph (6).
std::string node(const std::string& operation, std::uint32_t attribute_tag, const std::string& value) {
    return graph_with([&](pbf_writer& graph) {
        pbf_writer message(graph, 1);
        message.add_string(4, operation);
        pbf_writer attribute(message, 5);
        attribute.add_message(attribute_tag, value);
    });
}

/// A graph of one node, to be the attribute of another.
std::string subgraph(const std::string& operation) {
    std::string bytes;
    pbf_writer graph(bytes);
    pbf_writer message(graph, 1);
    message.add_string(4, operation);
    message.commit();
    return bytes;
}

TEST_F(OnnxFileTest, SaysWhatTheNetworkSays) {
    OnnxNetwork network = small_detector();
    network.opset = 15;
    network.batch.reset();
    network.width.reset();
    network.metadata = {{"task", "detect"}, {"", "empty key"}};
    const OnnxFile file = read(build_onnx(network));
    EXPECT_EQ(file.ir_version, 8);
    EXPECT_EQ(file.opset, 15);
    ASSERT_EQ(file.inputs.size(), 1);
    EXPECT_EQ(file.inputs[0].name, "images");
    EXPECT_EQ(file.inputs[0].type, ElementType::float32);
    EXPECT_EQ(shape_text(file.inputs[0]), "[batch, 3, 32, width]");
    EXPECT_EQ(file.inputs[0].size_of(1), 3);
    EXPECT_EQ(file.inputs[0].size_of(0), std::nullopt);
    EXPECT_EQ(file.inputs[0].size_of(4), std::nullopt);
    ASSERT_EQ(file.outputs.size(), 1);
    EXPECT_EQ(shape_text(file.outputs[0]), "[batch, 6, 5]");
    EXPECT_EQ(file.metadata, network.metadata);
    EXPECT_EQ(file.precision, Precision::fp32);
}

TEST_F(OnnxFileTest, WeightsAmongTheInputsAreNoInputs) {
    const std::string bytes = build_onnx(small_detector()) + graph_with([](pbf_writer& graph) {
                                  pbf_writer input(graph, 11);
                                  input.add_string(1, "output0_values");
                              });
    EXPECT_EQ(read(bytes).inputs.size(), 1);
}

TEST_F(OnnxFileTest, PrecisionIsThatOfMostWeights) {
    const std::string network = build_onnx(small_detector());
    EXPECT_EQ(read(network + weights(kFloat16, 10)).precision, Precision::fp32);
    EXPECT_EQ(read(network + weights(kFloat16, 1000)).precision, Precision::fp16);
    EXPECT_EQ(read(network + weights(kBfloat16, 1000)).precision, Precision::bf16);
    EXPECT_EQ(read(network + weights(kFloat16, 1000) + weights(kFloat, 2000)).precision, Precision::fp32);
    EXPECT_EQ(read(network + node("Constant", 5, tensor(kFloat16, 1000))).precision, Precision::fp16);
    // A number of elements beyond 64 bits is a lie, not an overflow.
    EXPECT_EQ(read(network + weights(kFloat16, INT64_MAX) + weights(kFloat16, INT64_MAX)).precision, Precision::fp16);
    EXPECT_EQ(read(network + weights(kFloat16, -5)).precision, Precision::fp32);
}

TEST_F(OnnxFileTest, QuantisedNetworksAreInt8) {
    const std::string network = build_onnx(small_detector());
    EXPECT_EQ(read(network + node("QLinearConv", 5, tensor(kFloat, 1))).precision, Precision::int8);
    EXPECT_EQ(read(network + node("DequantizeLinear", 5, tensor(kFloat, 1))).precision, Precision::int8);
    EXPECT_EQ(read(network + node("If", 6, subgraph("Add"))).precision, Precision::fp32);
    EXPECT_EQ(read(network + node("If", 6, subgraph("QuantizeLinear"))).precision, Precision::int8);
}

TEST_F(OnnxFileTest, GraphsNestedWithoutEndAreRefused) {
    std::string inner;
    for (int depth = 0; depth < 100; ++depth) {
        std::string outer;
        pbf_writer graph(outer);
        pbf_writer message(graph, 1);
        pbf_writer attribute(message, 5);
        attribute.add_message(6, inner);
        attribute.commit();
        message.commit();
        inner = outer;
    }
    expect_error(error(build_onnx(small_detector()) + node("If", 6, inner)), ErrorKind::corrupted_package,
                 path_.string(), "nested too deeply");
}

TEST_F(OnnxFileTest, WeightsInOtherFilesMustBeThereAndWhole) {
    const std::string network = build_onnx(small_detector()) +
                                external_weights({{"location", "network.data"}, {"offset", "16"}, {"length", "16"}}) +
                                external_weights({{"location", "network.data"}});
    expect_error(error(network), ErrorKind::corrupted_package, (temporary_.path() / "network.data").string(),
                 "is missing");
    write_file(temporary_.path() / "network.data", std::string(31, 'x'));
    expect_error(error(network), ErrorKind::corrupted_package, (temporary_.path() / "network.data").string(),
                 "has 31 bytes, 32 are needed");
    write_file(temporary_.path() / "network.data", std::string(32, 'x'));
    EXPECT_EQ(read(network).inputs.size(), 1);
}

TEST_F(OnnxFileTest, WeightsOutsideOfTheDirectoryAreRefused) {
    for (const char* const place : {"/etc/passwd", "../network.data", "a/../../network.data", ""}) {
        const Error problem = error(build_onnx(small_detector()) + external_weights({{"location", place}}));
        expect_error(problem, ErrorKind::corrupted_package, path_.string(), "outside of its directory");
    }
}

TEST_F(OnnxFileTest, PlacesInOtherFilesMustBeNumbers) {
    const std::string network = build_onnx(small_detector());
    for (const char* const offset : {"-1", "1x", "99999999999999999999999"}) {
        expect_error(error(network + external_weights({{"location", "a"}, {"offset", offset}})),
                     ErrorKind::corrupted_package, path_.string(), offset);
    }
    expect_error(error(network + external_weights({{"location", "a"},
                                                   {"offset", "18446744073709551615"},
                                                   {"length", "18446744073709551615"}})),
                 ErrorKind::corrupted_package, path_.string(), "beyond the end");
}

TEST_F(OnnxFileTest, WhatANetworkMustHave) {
    OnnxNetwork network = small_detector();
    network.opset = 0;
    expect_error(error(build_onnx(network)), ErrorKind::corrupted_package, path_.string(), "no operator set");
    network = small_detector();
    network.ir_version = 0;
    expect_error(error(build_onnx(network)), ErrorKind::corrupted_package, path_.string(), "no IR version");
    network = small_detector();
    network.outputs.clear();
    expect_error(error(build_onnx(network)), ErrorKind::corrupted_package, path_.string(), "no output");
}

TEST_F(OnnxFileTest, NamesMustBeReasonableText) {
    OnnxNetwork network = small_detector();
    network.input_name = "im\xff";
    expect_error(error(build_onnx(network)), ErrorKind::corrupted_package, path_.string(), "not UTF-8");
    network.input_name = std::string(5000, 'a');
    expect_error(error(build_onnx(network)), ErrorKind::corrupted_package, path_.string(), "5000 bytes");
    network = small_detector();
    network.metadata = {{"names", "\xff"}};
    expect_error(error(build_onnx(network)), ErrorKind::corrupted_package, path_.string(), "not UTF-8");
}

TEST_F(OnnxFileTest, AWrongDimensionIsAnUnknownOne) {
    OnnxNetwork network = small_detector();
    network.batch = -1;
    EXPECT_EQ(read(build_onnx(network)).inputs[0].size_of(0), std::nullopt);
    network.batch = 0;
    EXPECT_EQ(read(build_onnx(network)).inputs[0].size_of(0), std::nullopt);
}

}  // namespace
}  // namespace inference_models::formats
