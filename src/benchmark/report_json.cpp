#include <array>
#include <cmath>
#include <cstdint>
#include <inference_models/benchmark.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "agreement/agreement_json.hpp"
#include "formats/json_reader.hpp"

namespace inference_models {
namespace {

using formats::JsonValue;
using Json = nlohmann::ordered_json;

/// `format_version` of what this version writes, and the only one that it reads.
constexpr int kFormatVersion = 1;

constexpr double kLargestFigure = 1e15;  ///< of milliseconds, MiB, images per second: nothing is larger
constexpr std::int64_t kMost32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kMostObjects = 1'000'000'000;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 60U;
constexpr std::int64_t kLargestSide = 1'000'000;

constexpr formats::Choices<AgreementVerdict, 3> kVerdicts{{{"passes", AgreementVerdict::passes},
                                                           {"falls-short", AgreementVerdict::falls_short},
                                                           {"proves-nothing", AgreementVerdict::proves_nothing}}};

// --- Writing ---------------------------------------------------------------------------------------------------------

Json json_of(const Percentiles& percentiles) {
    return {{"p50", percentiles.p50}, {"p90", percentiles.p90}, {"p99", percentiles.p99}};
}

Json json_of(const BenchmarkRound& round) {
    return {{"start", round.start},
            {"load", round.load},
            {"first_prediction", round.first_prediction},
            {"warm_up", round.warm_up},
            {"predictions", round.predictions},
            {"end_to_end", round.end_to_end},
            {"peak_memory_mib", round.peak_memory_mib}};
}

Json json_of(const BenchmarkThroughput& throughput) {
    return {{"instances", throughput.instances},
            {"threads", throughput.threads},
            {"batch", throughput.batch},
            {"images_per_second", throughput.images_per_second},
            {"rounds", throughput.rounds}};
}

Json json_of(const BenchmarkFigures& figures);
Json json_of(const AveragePrecision& precision);
Json json_of(const BenchmarkedCandidate& candidate);
Json json_of(const BenchmarkedPeer& peer);

template <class Record>
Json array_of(const std::vector<Record>& records) {
    Json array = Json::array();
    for (const Record& record : records) array.push_back(json_of(record));
    return array;
}

template <class Record>
Json or_null(const std::optional<Record>& record) {
    return record ? json_of(*record) : Json();
}

Json json_of(const BenchmarkFigures& figures) {
    return {{"start", figures.start},
            {"load", figures.load},
            {"first_prediction", figures.first_prediction},
            {"peak_memory_mib", figures.peak_memory_mib},
            {"end_to_end", json_of(figures.end_to_end)},
            {"pre_process", or_null(figures.pre_process)},
            {"forward", or_null(figures.forward)},
            {"post_process", or_null(figures.post_process)},
            {"throughput", array_of(figures.throughput)},
            {"rounds", array_of(figures.rounds)}};
}

Json json_of(const AveragePrecision& precision) {
    return {{"ap", precision.ap}, {"ap50", precision.ap50}};
}

Json json_of(const BenchmarkedCandidate& candidate) {
    return {{"package_id", candidate.package_id},
            {"backend", to_string(candidate.backend)},
            {"engine", to_string(candidate.engine)},
            {"runtime_version", candidate.runtime_version},
            {"device", to_string(candidate.device)},
            {"precision", to_string(candidate.precision)},
            {"threads", candidate.threads},
            {"is_reference", candidate.is_reference},
            {"figures", or_null(candidate.figures)},
            {"gate", json_of(candidate.gate)},
            {"agreement", or_null(candidate.agreement)},
            {"verdict", to_string(candidate.verdict)},
            {"reason", candidate.reason},
            {"remedy", candidate.remedy},
            {"average_precision", or_null(candidate.average_precision)}};
}

Json json_of(const BenchmarkedPeer& peer) {
    return {{"product", peer.product},
            {"settings", peer.settings},
            {"runtime", peer.runtime},
            {"precision", peer.precision},
            {"shape", peer.shape},
            {"threads", peer.threads},
            {"same_settings", peer.same_settings},
            {"figures", or_null(peer.figures)},
            {"agreement", or_null(peer.agreement)},
            {"reason", peer.reason},
            {"remedy", peer.remedy}};
}

Json json_of(const BenchmarkEnvironment& environment) {
    return {{"product_version", environment.product_version},
            {"measured_at", environment.measured_at},
            {"cpu", environment.cpu},
            {"architecture", environment.architecture},
            {"instruction_sets", environment.instruction_sets},
            {"threads", environment.threads},
            {"memory_bytes", environment.memory_bytes},
            {"gpus", environment.gpus},
            {"os", environment.os},
            {"kernel", environment.kernel}};
}

// --- Reading ---------------------------------------------------------------------------------------------------------

double read_figure(const JsonValue& value) {
    const double figure = value.number();
    if (!(figure >= 0 && figure <= kLargestFigure)) {
        throw value.error(fmt::format("is {}; it must be 0 to {}", figure, kLargestFigure));
    }
    return figure;
}

double read_share(const JsonValue& value) {
    const double share = value.number();
    if (!(share >= 0 && share <= 1)) throw value.error(fmt::format("is {}; it must be 0 to 1", share));
    return share;
}

std::uint32_t read_count(const JsonValue& value) {
    return static_cast<std::uint32_t>(value.integer(0, kMost32));
}

std::size_t read_objects(const JsonValue& value) {
    return static_cast<std::size_t>(value.integer(0, kMostObjects));
}

/// A word of this product.
template <class Value>
Value read_word(const JsonValue& value, std::optional<Value> (*parse)(std::string_view) noexcept) {
    const auto word = parse(value.text());
    if (!word) throw value.error(fmt::format("is `{}`, which is not known", value.text()));
    return *word;
}

std::string read_text(const JsonValue& value) {
    return value.text();
}

template <class Record>
std::vector<Record> read_array(const JsonValue& value, Record (*read)(const JsonValue&)) {
    std::vector<Record> records;
    for (const JsonValue& element : value.elements()) records.push_back(read(element));
    return records;
}

template <class Record>
std::optional<Record> read_optional(const std::optional<JsonValue>& value, Record (*read)(const JsonValue&)) {
    if (!value) return std::nullopt;
    return read(*value);
}

Percentiles read_percentiles(const JsonValue& value) {
    return {read_figure(value.at("p50")), read_figure(value.at("p90")), read_figure(value.at("p99"))};
}

BenchmarkRound read_round(const JsonValue& value) {
    return {.start = read_figure(value.at("start")),
            .load = read_figure(value.at("load")),
            .first_prediction = read_figure(value.at("first_prediction")),
            .warm_up = read_count(value.at("warm_up")),
            .predictions = read_count(value.at("predictions")),
            .end_to_end = read_figure(value.at("end_to_end")),
            .peak_memory_mib = read_figure(value.at("peak_memory_mib"))};
}

BenchmarkThroughput read_throughput(const JsonValue& value) {
    return {.instances = read_count(value.at("instances")),
            .threads = read_count(value.at("threads")),
            .batch = read_count(value.at("batch")),
            .images_per_second = read_figure(value.at("images_per_second")),
            .rounds = read_array(value.at("rounds"), read_figure)};
}

BenchmarkFigures read_figures(const JsonValue& value) {
    return {.start = read_figure(value.at("start")),
            .load = read_figure(value.at("load")),
            .first_prediction = read_figure(value.at("first_prediction")),
            .peak_memory_mib = read_figure(value.at("peak_memory_mib")),
            .end_to_end = read_percentiles(value.at("end_to_end")),
            .pre_process = read_optional(value.find("pre_process"), read_percentiles),
            .forward = read_optional(value.find("forward"), read_percentiles),
            .post_process = read_optional(value.find("post_process"), read_percentiles),
            .throughput = read_array(value.at("throughput"), read_throughput),
            .rounds = read_array(value.at("rounds"), read_round)};
}

AgreementGate read_gate(const JsonValue& value) {
    return {.precision = read_word(value.at("precision"), parse_precision),
            .confidence_margin = read_figure(value.at("confidence_margin")),
            .largest_shift = read_optional(value.find("largest_shift"), read_figure),
            .smallest_iou = read_optional(value.find("smallest_iou"), read_figure),
            .largest_confidence_difference = read_optional(value.find("largest_confidence_difference"), read_figure),
            .smallest_matched_share = read_share(value.at("smallest_matched_share")),
            .largest_extra_share = read_figure(value.at("largest_extra_share"))};
}

Agreement read_agreement(const JsonValue& value) {
    const Agreement agreement{.reference_objects = read_objects(value.at("reference_objects")),
                              .matched_objects = read_objects(value.at("matched_objects")),
                              .extra_objects = read_objects(value.at("extra_objects")),
                              .borderline_objects = read_objects(value.at("borderline_objects")),
                              .compared_pairs = read_objects(value.at("compared_pairs")),
                              .largest_shift = read_figure(value.at("largest_shift")),
                              .mean_shift = read_figure(value.at("mean_shift")),
                              .smallest_iou = read_share(value.at("smallest_iou")),
                              .largest_confidence_difference = read_figure(value.at("largest_confidence_difference"))};
    if (agreement.matched_objects > agreement.reference_objects) {
        throw value.at("matched_objects")
            .error(fmt::format("is {}, of only {} objects", agreement.matched_objects, agreement.reference_objects));
    }
    return agreement;
}

AveragePrecision read_average_precision(const JsonValue& value) {
    return {read_share(value.at("ap")), read_share(value.at("ap50"))};
}

BenchmarkedCandidate read_candidate(const JsonValue& value) {
    return {.package_id = value.at("package_id").text(),
            .backend = read_word(value.at("backend"), parse_backend_type),
            .engine = read_word(value.at("engine"), parse_engine),
            .runtime_version = value.at("runtime_version").text(),
            .device = read_word(value.at("device"), parse_device),
            .precision = read_word(value.at("precision"), parse_precision),
            .threads = read_count(value.at("threads")),
            .is_reference = value.at("is_reference").boolean(),
            .figures = read_optional(value.find("figures"), read_figures),
            .gate = read_gate(value.at("gate")),
            .agreement = read_optional(value.find("agreement"), read_agreement),
            .verdict = value.at("verdict").choice(kVerdicts),
            .reason = value.at("reason").text(),
            .remedy = value.at("remedy").text(),
            .average_precision = read_optional(value.find("average_precision"), read_average_precision)};
}

BenchmarkedPeer read_peer(const JsonValue& value) {
    return {.product = value.at("product").text(),
            .settings = value.at("settings").text(),
            .runtime = value.at("runtime").text(),
            .precision = value.at("precision").text(),
            .shape = value.at("shape").text(),
            .threads = read_count(value.at("threads")),
            .same_settings = value.at("same_settings").boolean(),
            .figures = read_optional(value.find("figures"), read_figures),
            .agreement = read_optional(value.find("agreement"), read_agreement),
            .reason = value.at("reason").text(),
            .remedy = value.at("remedy").text()};
}

RequestedPrecision read_requested_precision(const JsonValue& value) {
    return read_word(value, parse_requested_precision);
}

Engine read_engine(const JsonValue& value) {
    return read_word(value, parse_engine);
}

UncomparedCandidate read_not_run(const JsonValue& value) {
    return {.package_id = value.at("package_id").text(),
            .backend = read_word(value.at("backend"), parse_backend_type),
            .engine = read_optional(value.find("engine"), read_engine),
            .device = read_word(value.at("device"), parse_device),
            .precisions = read_array(value.at("precisions"), read_requested_precision),
            .reason = value.at("reason").text(),
            .remedy = value.at("remedy").text()};
}

BenchmarkEnvironment read_environment(const JsonValue& value) {
    return {.product_version = value.at("product_version").text(),
            .measured_at = value.at("measured_at").text(),
            .cpu = value.at("cpu").text(),
            .architecture = value.at("architecture").text(),
            .instruction_sets = read_array(value.at("instruction_sets"), read_text),
            .threads = read_count(value.at("threads")),
            .memory_bytes = static_cast<std::uint64_t>(value.at("memory_bytes").integer(0, kMostBytes)),
            .gpus = read_array(value.at("gpus"), read_text),
            .os = value.at("os").text(),
            .kernel = value.at("kernel").text()};
}

ImageSize read_size(const JsonValue& value) {
    ImageSize size;
    size.width = static_cast<std::int32_t>(value.at("width").integer(0, kLargestSide));
    size.height = static_cast<std::int32_t>(value.at("height").integer(0, kLargestSide));
    return size;
}

}  // namespace

std::string to_json(const BenchmarkReport& report) {
    const Json document{
        {"format_version", kFormatVersion},
        {"model_id", report.model_id},
        {"command", report.command},
        {"environment", json_of(report.environment)},
        {"images", report.images},
        {"confidence", report.confidence},
        {"reference_objects", report.reference_objects},
        {"network_input", {{"width", report.network_input.width}, {"height", report.network_input.height}}},
        {"rect", report.rect},
        {"rounds", report.rounds},
        {"candidates", array_of(report.candidates)},
        {"peers", array_of(report.peers)},
        {"not_run", array_of(report.not_run)},
        {"notes", report.notes}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

BenchmarkReport read_benchmark_report(const std::filesystem::path& file) {
    const JsonValue root = formats::read_json_file(file);
    static_cast<void>(root.at("format_version").integer(kFormatVersion, kFormatVersion));
    return {.model_id = root.at("model_id").text(),
            .command = root.at("command").text(),
            .environment = read_environment(root.at("environment")),
            .images = read_array(root.at("images"), read_text),
            .confidence = read_share(root.at("confidence")),
            .reference_objects = read_objects(root.at("reference_objects")),
            .network_input = read_size(root.at("network_input")),
            .rect = root.at("rect").boolean(),
            .rounds = read_count(root.at("rounds")),
            .candidates = read_array(root.at("candidates"), read_candidate),
            .peers = read_array(root.at("peers"), read_peer),
            .not_run = read_array(root.at("not_run"), read_not_run),
            .notes = read_array(root.at("notes"), read_text)};
}

}  // namespace inference_models
