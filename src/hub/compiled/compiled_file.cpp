#include "hub/compiled/compiled_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>

#include "formats/json_reader.hpp"
#include "formats/limits.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/kept_json.hpp"
#include "hub/digest.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;
using formats::JsonValue;

constexpr std::size_t kLongestText = 256;  ///< in bytes
constexpr std::size_t kLongestPath = 4096;
constexpr std::size_t kLongestCommand = 65536;
constexpr std::size_t kMostInstructionSets = 256;

/// Those that packages can be compiled for.
constexpr formats::Choices<Engine, 3> kEngines{
    {{"onnxruntime", Engine::onnxruntime}, {"torch", Engine::torch}, {"openvino", Engine::openvino}}};
constexpr formats::Choices<Precision, 4> kPrecisions{
    {{"fp32", Precision::fp32}, {"fp16", Precision::fp16}, {"bf16", Precision::bf16}, {"int8", Precision::int8}}};

std::string text(const JsonValue& field, std::size_t longest = kLongestText) {
    const std::string& value = field.text();
    if (value.size() <= longest) return value;
    throw field.error(fmt::format("has {} bytes; at most {} are read", value.size(), longest));
}

CompiledFacts read_facts(const JsonValue& root) {
    CompiledFacts facts;
    facts.engine = root.at("engine").choice(kEngines);
    facts.runtime_version = text(root.at("runtime_version"));
    facts.architecture = text(root.at("architecture"));
    const JsonValue sets = root.at("instruction_sets");
    const std::vector<JsonValue> elements = sets.elements();
    if (elements.size() > kMostInstructionSets) {
        throw sets.error(fmt::format("has {} elements; at most {} are read", elements.size(), kMostInstructionSets));
    }
    for (const JsonValue& element : elements) facts.instruction_sets.push_back(text(element));
    facts.command = text(root.at("command"), kLongestCommand);
    return facts;
}

BatchRule read_batch(const JsonValue& batch) {
    BatchRule rule;
    rule.min = batch.at("min").integer(1, formats::kLargestBatch);
    rule.max.reset();
    if (const auto most = batch.find("max")) rule.max = most->integer(rule.min, formats::kLargestBatch);
    return rule;
}

std::int32_t read_side(const JsonValue& side) {
    return static_cast<std::int32_t>(side.integer(1, formats::kLargestNetworkSide));
}

CompiledSource read_source(const JsonValue& source) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    CompiledSource read;
    read.weights = text(source.at("weights"), kLongestPath);
    read.size = static_cast<std::uint64_t>(source.at("size").integer(0, kMost));
    read.modified_ns = source.at("modified_ns").integer(std::numeric_limits<std::int64_t>::min(), kMost);
    const JsonValue digest = source.at("sha256");
    read.sha256 = text(digest);
    if (!is_sha256(read.sha256)) throw digest.error("is not 64 hexadecimal digits");
    return read;
}

}  // namespace

CompiledRecord read_compiled_file(const fs::path& package) {
    const JsonValue root = read_kept_json(package / kCompiledFile);
    CompiledRecord record;
    record.facts = read_facts(root);
    record.precision = root.at("precision").choice(kPrecisions);
    record.batch = read_batch(root.at("batch"));
    const JsonValue size = root.at("network_size");
    record.network_size = {.width = read_side(size.at("width")), .height = read_side(size.at("height"))};
    record.source = read_source(root.at("source"));
    return record;
}

void write_compiled_file(const fs::path& package, const CompiledRecord& record) {
    const nlohmann::ordered_json root{
        {"format_version", kKeptFormat},
        {"engine", to_string(record.facts.engine)},
        {"runtime_version", record.facts.runtime_version},
        {"architecture", record.facts.architecture},
        {"instruction_sets", record.facts.instruction_sets},
        {"precision", to_string(record.precision)},
        {"batch",
         {{"min", record.batch.min},
          {"max", record.batch.max ? nlohmann::ordered_json(*record.batch.max) : nlohmann::ordered_json()}}},
        {"network_size", {{"width", record.network_size.width}, {"height", record.network_size.height}}},
        {"command", record.facts.command},
        {"source",
         {{"weights", record.source.weights.string()},
          {"size", record.source.size},
          {"modified_ns", record.source.modified_ns},
          {"sha256", record.source.sha256}}}};
    write_durably(package / kCompiledFile, kept_text(root));
}

CompiledSource compiled_source(const fs::path& weights) {
    std::error_code problem;
    CompiledSource source;
    source.weights = fs::canonical(weights, problem);
    const auto facts = problem ? std::nullopt : facts_of(source.weights);
    if (!facts || !facts->is_file) throw cache_failure(weights, "cannot be read", problem ? problem.value() : ENOENT);
    source.size = facts->size;
    source.modified_ns = facts->modified_ns;
    return source;
}

}  // namespace inference_models::hub
