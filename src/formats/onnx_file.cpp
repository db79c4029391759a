#include "formats/onnx_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <protozero/pbf_reader.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "common/mapped_file.hpp"
#include "formats/file_kind.hpp"
#include "formats/package_files.hpp"
#include "formats/text.hpp"

namespace inference_models::formats {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

// Far more than any network has: what exceeds them is an attack or an accident.
constexpr std::size_t kMostValues = 1024;
constexpr std::size_t kMostDimensions = 64;
constexpr std::size_t kMostMetadata = 4096;
constexpr std::size_t kMostExternalFiles = 4096;
constexpr std::size_t kLongestName = 4096;
constexpr std::size_t kLongestMetadataValue = std::size_t{16} << 20U;
constexpr int kDeepestSubgraph = 32;

/// A field by its number in onnx.proto and its encoding: with another encoding it is another field, and skipped.
constexpr std::uint32_t number(std::uint32_t tag) {
    return protozero::tag_and_type(tag, pbf_wire_type::varint);
}
constexpr std::uint32_t content(std::uint32_t tag) {
    return protozero::tag_and_type(tag, pbf_wire_type::length_delimited);
}

std::string_view view(const protozero::data_view& bytes) {
    return {bytes.data(), bytes.size()};
}

/// Says why a file is no good; the caller knows its path.
struct Malformed {
    std::string what;
};

std::string text(pbf_reader& message, std::size_t limit = kLongestName) {
    const std::string_view bytes = view(message.get_view());
    if (bytes.size() > limit) throw Malformed{fmt::format("a name in it has {} bytes", bytes.size())};
    if (!is_valid_utf8(bytes)) throw Malformed{"a name in it is not UTF-8"};
    return std::string(bytes);
}

template <class Container>
void check_count(const Container& container, std::size_t most, std::string_view what) {
    if (container.size() >= most) throw Malformed{fmt::format("it has more than {} {}", most, what)};
}

enum class WeightType { other, fp32, fp16, bf16 };

constexpr std::size_t kWeightTypes = 4;

WeightType weight_type(std::int32_t data_type) {
    switch (data_type) {
        case 1: return WeightType::fp32;
        case 10: return WeightType::fp16;
        case 16: return WeightType::bf16;
        default: return WeightType::other;
    }
}

/// TensorProto.DataType
std::optional<ElementType> element_type(std::int32_t data_type) {
    switch (data_type) {
        case 1: return ElementType::float32;
        case 2: return ElementType::uint8;
        case 3: return ElementType::int8;
        case 4: return ElementType::uint16;
        case 5: return ElementType::int16;
        case 6: return ElementType::int32;
        case 7: return ElementType::int64;
        case 9: return ElementType::boolean;
        case 10: return ElementType::float16;
        case 11: return ElementType::float64;
        case 12: return ElementType::uint32;
        case 13: return ElementType::uint64;
        case 16: return ElementType::bfloat16;
        default: return std::nullopt;
    }
}

bool is_quantised_operation(std::string_view name) {
    constexpr std::array<std::string_view, 8> kOperations{
        "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv",
        "QLinearMatMul",  "ConvInteger",      "MatMulInteger",         "QGemm"};
    return std::ranges::find(kOperations, name) != kOperations.end();
}

/// Both factors at least 0.
std::int64_t saturating_product(std::int64_t a, std::int64_t b) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    return b != 0 && a > kMost / b ? kMost : a * b;
}

struct ExternalData {
    std::filesystem::path file;
    std::uintmax_t end = 0;  ///< the first byte behind the weights, as far as it is stated
};

std::uintmax_t offset_value(const std::string& digits) {
    if (const auto value = to_number<std::uintmax_t>(digits)) return *value;
    throw Malformed{fmt::format("it places weights at `{}` of another file", digits)};
}

/// Walks through the messages of onnx.proto and keeps what matters.
class OnnxReader {
public:
    void read_model(pbf_reader model);
    [[nodiscard]] OnnxFile finish();
    [[nodiscard]] const std::vector<ExternalData>& external_data() const { return external_data_; }

private:
    void read_operator_set(pbf_reader set);
    void read_metadata(pbf_reader entry);
    void read_main_graph(pbf_reader graph);
    void read_subgraph(pbf_reader graph, int depth);
    void read_function(pbf_reader function);
    void read_node(pbf_reader node, int depth);
    void read_attribute(pbf_reader attribute, int depth);
    std::string read_tensor(pbf_reader tensor);
    void read_external_data(const std::map<std::string, std::string>& entries);

    OnnxFile file_;
    std::set<std::string> weight_names_;  ///< of the main graph
    std::array<std::int64_t, kWeightTypes> weight_counts_{};
    bool is_quantised_ = false;
    std::vector<ExternalData> external_data_;
};

std::pair<std::string, std::string> read_entry(pbf_reader entry) {
    std::pair<std::string, std::string> read;
    while (entry.next()) {
        switch (entry.tag_and_type()) {
            case content(1): read.first = text(entry); break;
            case content(2): read.second = text(entry, kLongestMetadataValue); break;
            default: entry.skip();
        }
    }
    return read;
}

OnnxDimension read_dimension(pbf_reader dimension) {
    OnnxDimension read;
    while (dimension.next()) {
        switch (dimension.tag_and_type()) {
            case number(1): read.size = dimension.get_int64(); break;
            case content(2): read.symbol = text(dimension); break;
            default: dimension.skip();
        }
    }
    // Some exporters write 0 or -1 where they mean "not known".
    if (read.size && *read.size <= 0) read.size.reset();
    return read;
}

std::vector<OnnxDimension> read_shape(pbf_reader shape) {
    std::vector<OnnxDimension> dimensions;
    while (shape.next()) {
        if (shape.tag_and_type() == content(1)) {
            check_count(dimensions, kMostDimensions, "dimensions");
            dimensions.push_back(read_dimension(shape.get_message()));
        } else {
            shape.skip();
        }
    }
    return dimensions;
}

void read_tensor_type(pbf_reader type, OnnxValue& value) {
    while (type.next()) {
        switch (type.tag_and_type()) {
            case number(1): value.type = element_type(type.get_int32()); break;
            case content(2): value.shape = read_shape(type.get_message()); break;
            default: type.skip();
        }
    }
}

void read_type(pbf_reader type, OnnxValue& value) {
    while (type.next()) {
        if (type.tag_and_type() == content(1)) {
            read_tensor_type(type.get_message(), value);
        } else {
            type.skip();
        }
    }
}

OnnxValue read_value(pbf_reader message) {
    OnnxValue value;
    while (message.next()) {
        switch (message.tag_and_type()) {
            case content(1): value.name = text(message); break;
            case content(2): read_type(message.get_message(), value); break;
            default: message.skip();
        }
    }
    return value;
}

void OnnxReader::read_model(pbf_reader model) {
    while (model.next()) {
        switch (model.tag_and_type()) {
            case number(1): file_.ir_version = model.get_int64(); break;
            case content(7): read_main_graph(model.get_message()); break;
            case content(8): read_operator_set(model.get_message()); break;
            case content(14): read_metadata(model.get_message()); break;
            case content(25): read_function(model.get_message()); break;
            default: model.skip();
        }
    }
}

void OnnxReader::read_operator_set(pbf_reader set) {
    std::string domain;
    std::int64_t version = 0;
    while (set.next()) {
        switch (set.tag_and_type()) {
            case content(1): domain = text(set); break;
            case number(2): version = set.get_int64(); break;
            default: set.skip();
        }
    }
    if (domain.empty() || domain == "ai.onnx") file_.opset = version;
}

void OnnxReader::read_metadata(pbf_reader entry) {
    check_count(file_.metadata, kMostMetadata, "metadata entries");
    auto [key, value] = read_entry(entry);
    file_.metadata.insert_or_assign(std::move(key), std::move(value));
}

void OnnxReader::read_main_graph(pbf_reader graph) {
    while (graph.next()) {
        switch (graph.tag_and_type()) {
            case content(1): read_node(graph.get_message(), 0); break;
            case content(5): weight_names_.insert(read_tensor(graph.get_message())); break;
            case content(11):
                check_count(file_.inputs, kMostValues, "inputs");
                file_.inputs.push_back(read_value(graph.get_message()));
                break;
            case content(12):
                check_count(file_.outputs, kMostValues, "outputs");
                file_.outputs.push_back(read_value(graph.get_message()));
                break;
            default: graph.skip();
        }
    }
}

void OnnxReader::read_subgraph(pbf_reader graph, int depth) {
    if (depth > kDeepestSubgraph) throw Malformed{"its graphs are nested too deeply"};
    while (graph.next()) {
        switch (graph.tag_and_type()) {
            case content(1): read_node(graph.get_message(), depth); break;
            case content(5): read_tensor(graph.get_message()); break;
            default: graph.skip();
        }
    }
}

void OnnxReader::read_function(pbf_reader function) {
    while (function.next()) {
        if (function.tag_and_type() == content(7)) {
            read_node(function.get_message(), 0);
        } else {
            function.skip();
        }
    }
}

void OnnxReader::read_node(pbf_reader node, int depth) {
    while (node.next()) {
        switch (node.tag_and_type()) {
            case content(4): is_quantised_ |= is_quantised_operation(view(node.get_view())); break;
            case content(5): read_attribute(node.get_message(), depth); break;
            default: node.skip();
        }
    }
}

/// Exporters also keep weights in the attributes of Constant nodes, and in the graphs inside of If and Loop.
void OnnxReader::read_attribute(pbf_reader attribute, int depth) {
    while (attribute.next()) {
        switch (attribute.tag_and_type()) {
            case content(5):
            case content(10): read_tensor(attribute.get_message()); break;
            case content(6):
            case content(11): read_subgraph(attribute.get_message(), depth + 1); break;
            default: attribute.skip();
        }
    }
}

/// Counts the weights and returns their name.
std::string OnnxReader::read_tensor(pbf_reader tensor) {
    std::string name;
    std::int32_t data_type = 0;
    std::int64_t count = 1;
    std::map<std::string, std::string> external;
    const auto multiply = [&count](std::int64_t side) {
        count = saturating_product(count, std::max<std::int64_t>(side, 0));
    };
    while (tensor.next()) {
        switch (tensor.tag_and_type()) {
            case number(1): multiply(tensor.get_int64()); break;
            case content(1): std::ranges::for_each(tensor.get_packed_int64(), multiply); break;
            case number(2): data_type = tensor.get_int32(); break;
            case content(8): name = text(tensor); break;
            case content(13): external.insert(read_entry(tensor.get_message())); break;
            default: tensor.skip();
        }
    }
    std::int64_t& total = weight_counts_.at(static_cast<std::size_t>(weight_type(data_type)));
    total = total > std::numeric_limits<std::int64_t>::max() - count ? std::numeric_limits<std::int64_t>::max()
                                                                     : total + count;
    if (!external.empty()) read_external_data(external);
    return name;
}

void OnnxReader::read_external_data(const std::map<std::string, std::string>& entries) {
    const auto entry = [&entries](const char* key) {
        const auto found = entries.find(key);
        return found == entries.end() ? std::string() : found->second;
    };
    const auto place = [&entry](const char* key) {
        const std::string digits = entry(key);
        return digits.empty() ? 0 : offset_value(digits);
    };
    const std::uintmax_t offset = place("offset");
    const std::uintmax_t length = place("length");
    if (offset > std::numeric_limits<std::uintmax_t>::max() - length) {
        throw Malformed{"it places weights beyond the end of any file"};
    }
    const std::filesystem::path file = entry("location");
    const auto known = std::ranges::find(external_data_, file, &ExternalData::file);
    if (known != external_data_.end()) {
        known->end = std::max(known->end, offset + length);
        return;
    }
    check_count(external_data_, kMostExternalFiles, "files of weights");
    external_data_.push_back({file, offset + length});
}

OnnxFile OnnxReader::finish() {
    // Networks of IR version 3 and older list their weights among their inputs.
    std::erase_if(file_.inputs, [this](const OnnxValue& input) { return weight_names_.contains(input.name); });
    if (file_.ir_version <= 0) throw Malformed{"it states no IR version"};
    if (file_.opset <= 0) throw Malformed{"it states no operator set"};
    if (file_.inputs.empty()) throw Malformed{"its graph has no input"};
    if (file_.outputs.empty()) throw Malformed{"its graph has no output"};

    const auto count = [this](WeightType type) { return weight_counts_.at(static_cast<std::size_t>(type)); };
    const std::int64_t most = std::max({count(WeightType::fp32), count(WeightType::fp16), count(WeightType::bf16)});
    if (is_quantised_) {
        file_.precision = Precision::int8;
    } else if (most > count(WeightType::fp32)) {
        file_.precision = most == count(WeightType::fp16) ? Precision::fp16 : Precision::bf16;
    }
    return std::move(file_);
}

bool stays_inside(const std::filesystem::path& relative) {
    if (relative.empty() || relative.is_absolute()) return false;
    return std::ranges::none_of(relative, [](const std::filesystem::path& part) { return part == ".."; });
}

/// The weights' files must be there, whole, and in the model's own directory.
void check_external_data(const std::filesystem::path& path, const ExternalData& data) {
    if (!stays_inside(data.file)) {
        throw corrupted_file(path, fmt::format("wants weights from `{}`, outside of its directory", data.file.string()),
                             "Save the network again with its external data beside it.");
    }
    const std::filesystem::path file = path.parent_path() / data.file;
    const std::string hint = fmt::format("{} holds the weights of {}: copy both, or save the network as one file.",
                                         data.file.string(), path.filename().string());
    expect_file(file, hint);
    std::error_code problem;
    const std::uintmax_t size = std::filesystem::file_size(file, problem);
    if (!problem && size < data.end) {
        throw corrupted_file(file, fmt::format("is truncated: it has {} bytes, {} are needed", size, data.end), hint);
    }
}

Error not_an_onnx_file(const std::filesystem::path& path, std::span<const std::byte> bytes, std::string_view why) {
    const FileKind kind = recognise(bytes);
    const std::string what = kind == FileKind::unknown
                                 ? fmt::format("is truncated, or not an ONNX file: {}", why)
                                 : fmt::format("is not an ONNX file; it looks like {}", name_of(kind));
    return corrupted_file(path, what, std::string(remedy_for(kind)));
}

}  // namespace

std::optional<std::int64_t> OnnxValue::size_of(std::size_t axis) const {
    if (!shape || axis >= shape->size()) return std::nullopt;
    return (*shape)[axis].size;
}

OnnxFile read_onnx_file(const std::filesystem::path& path) {
    const MappedFile mapped(path);
    const std::span<const std::byte> bytes = mapped.bytes();
    try {
        OnnxReader reader;
        reader.read_model(pbf_reader(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
        OnnxFile file = reader.finish();
        for (const ExternalData& data : reader.external_data()) {
            check_external_data(path, data);
            file.external_files.push_back(data.file);
        }
        return file;
    } catch (const Malformed& problem) {
        throw not_an_onnx_file(path, bytes, problem.what);
    } catch (const protozero::exception&) {
        throw not_an_onnx_file(path, bytes, "its structure breaks off");
    }
}

std::string shape_text(const OnnxValue& value) {
    if (!value.shape) return "of unknown rank";
    std::string sides;
    for (const OnnxDimension& dimension : *value.shape) {
        if (!sides.empty()) sides += ", ";
        sides += dimension.size ? std::to_string(*dimension.size) : dimension.symbol.empty() ? "?" : dimension.symbol;
    }
    return "[" + sides + "]";
}

}  // namespace inference_models::formats
