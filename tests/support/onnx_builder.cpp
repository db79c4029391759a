#include "support/onnx_builder.hpp"

#include <fmt/format.h>

#include <fstream>
#include <protozero/pbf_writer.hpp>
#include <span>
#include <stdexcept>

// The field numbers are those of onnx.proto.
namespace inference_models::tests {
namespace {

using protozero::pbf_writer;

constexpr std::int64_t kFloat = 1;
constexpr std::int64_t kInt64 = 7;
constexpr std::int64_t kIntAttribute = 2;

using Dimensions = std::vector<std::pair<std::optional<std::int64_t>, std::string>>;

void add_value(pbf_writer& graph, std::uint32_t tag, const std::string& name, const Dimensions& dimensions) {
    pbf_writer value(graph, tag);
    value.add_string(1, name);
    pbf_writer type(value, 2);
    pbf_writer tensor(type, 1);
    tensor.add_int32(1, kFloat);
    pbf_writer shape(tensor, 2);
    for (const auto& [size, symbol] : dimensions) {
        pbf_writer dimension(shape, 1);
        if (size) {
            dimension.add_int64(1, *size);
        } else {
            dimension.add_string(2, symbol);
        }
    }
}

template <class Element>
void add_initializer(pbf_writer& graph, const std::string& name, std::int64_t type,
                     const std::vector<std::int64_t>& shape, std::span<const Element> values) {
    pbf_writer tensor(graph, 5);
    for (const std::int64_t side : shape) tensor.add_int64(1, side);
    tensor.add_int32(2, static_cast<std::int32_t>(type));
    tensor.add_string(8, name);
    tensor.add_bytes(9, reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

void add_node(pbf_writer& graph, const std::string& operation, const std::vector<std::string>& inputs,
              const std::string& output, const std::string& int_attribute = {}) {
    pbf_writer node(graph, 1);
    for (const std::string& input : inputs) node.add_string(1, input);
    node.add_string(2, output);
    node.add_string(3, output + "_" + operation);
    node.add_string(4, operation);
    if (int_attribute.empty()) return;
    pbf_writer attribute(node, 5);
    attribute.add_string(1, int_attribute);
    attribute.add_int64(3, 0);
    attribute.add_enum(20, kIntAttribute);
}

/// Ends in the tensor `signal`: for each image of the batch, its sum times the factor.
void add_signal(pbf_writer& graph, const OnnxNetwork& network) {
    const std::vector<std::int64_t> axes{1, 2, 3};
    add_initializer<std::int64_t>(graph, "image_axes", kInt64, {3}, axes);
    add_initializer<float>(graph, "input_sum_factor", kFloat, {}, std::span(&network.input_sum_factor, 1));
    add_node(graph, "ReduceSum", {network.input_name, "image_axes"}, "image_sum", "keepdims");
    add_node(graph, "Mul", {"image_sum", "input_sum_factor"}, "signal");
}

void add_output(pbf_writer& graph, const OnnxNetwork& network, const OnnxOutput& output) {
    std::vector<std::int64_t> broadcast(output.shape.size(), 1);
    broadcast.at(0) = -1;
    add_initializer<std::int64_t>(graph, output.name + "_rank", kInt64, {static_cast<std::int64_t>(broadcast.size())},
                                  broadcast);
    add_initializer<float>(graph, output.name + "_values", kFloat, output.shape, output.values);
    add_node(graph, "Reshape", {"signal", output.name + "_rank"}, output.name + "_signal");
    add_node(graph, "Add", {output.name + "_signal", output.name + "_values"}, output.name);

    Dimensions dimensions{{network.batch, "batch"}};
    for (std::size_t axis = 1; axis < output.shape.size(); ++axis) dimensions.emplace_back(output.shape[axis], "");
    add_value(graph, 12, output.name, dimensions);
}

void check(const OnnxOutput& output) {
    std::int64_t count = 1;
    for (const std::int64_t side : output.shape) count *= side;
    if (static_cast<std::size_t>(count) == output.values.size()) return;
    throw std::invalid_argument(
        fmt::format("the output {} has {} values, its shape wants {}", output.name, output.values.size(), count));
}

}  // namespace

std::string build_onnx(const OnnxNetwork& network) {
    std::string bytes;
    pbf_writer model(bytes);
    model.add_int64(1, network.ir_version);
    model.add_string(2, "onnx_builder");
    {
        pbf_writer graph(model, 7);
        add_signal(graph, network);
        for (const OnnxOutput& output : network.outputs) {
            check(output);
            add_output(graph, network, output);
        }
        graph.add_string(2, "graph");
        add_value(graph, 11, network.input_name,
                  {{network.batch, "batch"}, {3, ""}, {network.height, "height"}, {network.width, "width"}});
    }
    {
        pbf_writer operators(model, 8);
        operators.add_string(1, "");
        operators.add_int64(2, network.opset);
    }
    for (const auto& [key, value] : network.metadata) {
        pbf_writer entry(model, 14);
        entry.add_string(1, key);
        entry.add_string(2, value);
    }
    return bytes;
}

std::map<std::string, std::string> ultralytics_metadata(const std::string& names) {
    return {{"description", "Ultralytics YOLOv8n model trained on coco.yaml"},
            {"author", "Ultralytics"},
            {"stride", "32"},
            {"task", "detect"},
            {"batch", "1"},
            {"imgsz", "[64, 64]"},
            {"names", names},
            {"args", "{'batch': 1, 'half': False, 'dynamic': False, 'nms': False}"}};
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace inference_models::tests
