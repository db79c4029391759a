#include "hub/figures/figures_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "formats/json_reader.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/kept_json.hpp"
#include "hub/digest.hpp"

namespace inference_models::hub {
namespace {

using formats::JsonValue;
using selection::Figures;

constexpr std::size_t kMostRecords = 1024;
constexpr std::size_t kLongestText = 4096;
constexpr double kLargest = 1e12;

constexpr formats::Choices<AgreementVerdict, 3> kVerdicts{{{"passes", AgreementVerdict::passes},
                                                           {"falls-short", AgreementVerdict::falls_short},
                                                           {"proves-nothing", AgreementVerdict::proves_nothing}}};

std::string text(const JsonValue& value) {
    const std::string& read = value.text();
    if (read.size() <= kLongestText) return read;
    throw value.error(fmt::format("has {} bytes; at most {} are read", read.size(), kLongestText));
}

template <class Parse>
auto word(const JsonValue& value, Parse parse) {
    const auto read = parse(value.text());
    if (!read) throw value.error("is not known");
    return *read;
}

double quantity(const JsonValue& value) {
    const double read = value.number();
    if (read >= 0 && read <= kLargest) return read;
    throw value.error("is no quantity");
}

FiguresRecord read_record(const JsonValue& value) {
    FiguresRecord record;
    record.package = value.at("package").text();
    if (!is_sha256(record.package)) throw value.at("package").error("is not 64 hexadecimal digits");
    const JsonValue setting = value.at("setting");
    setting.expect_object();
    record.setting = setting.compact_text();
    Figures& figures = record.figures;
    figures.package_id = text(value.at("package_id"));
    figures.engine = word(value.at("engine"), parse_engine);
    figures.device = word(value.at("device"), parse_device);
    figures.precision = word(value.at("precision"), parse_precision);
    figures.verdict = value.at("verdict").choice(kVerdicts);
    figures.shortfall = text(value.at("shortfall"));
    figures.latency_ms = quantity(value.at("latency_ms"));
    figures.startup_ms = quantity(value.at("startup_ms"));
    figures.memory_mib = quantity(value.at("memory_mib"));
    if (const auto rate = value.find("images_per_second")) figures.images_per_second = quantity(*rate);
    figures.measured_at = read_time(value.at("measured_at"));
    return record;
}

/// One line of text that a reader takes: an error's message may be long.
std::string shortened(const std::string& long_text) {
    std::string line = long_text.substr(0, kLongestText / 2);
    std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return line;
}

nlohmann::ordered_json json_of(const FiguresRecord& record) {
    const Figures& figures = record.figures;
    nlohmann::ordered_json value{
        {"package_id", figures.package_id},          {"package", record.package},
        {"engine", to_string(figures.engine)},       {"device", to_string(figures.device)},
        {"precision", to_string(figures.precision)}, {"setting", nlohmann::ordered_json::parse(record.setting)},
        {"verdict", to_string(figures.verdict)},     {"shortfall", shortened(figures.shortfall)},
        {"latency_ms", figures.latency_ms},          {"startup_ms", figures.startup_ms},
        {"memory_mib", figures.memory_mib}};
    if (figures.images_per_second) value["images_per_second"] = *figures.images_per_second;
    value["measured_at"] = written_time(figures.measured_at);
    return value;
}

}  // namespace

std::vector<FiguresRecord> read_figures_file(const std::filesystem::path& path) {
    const JsonValue root = read_kept_json(path);
    const std::vector<JsonValue> elements = root.at("figures").elements();
    if (elements.size() > kMostRecords) {
        throw root.at("figures").error(
            fmt::format("has {} elements; at most {} are read", elements.size(), kMostRecords));
    }
    std::vector<FiguresRecord> records;
    std::ranges::transform(elements, std::back_inserter(records), read_record);
    return records;
}

void write_figures_file(const std::filesystem::path& path, std::vector<FiguresRecord> records) {
    std::ranges::stable_sort(records, std::ranges::greater(),
                             [](const FiguresRecord& record) { return record.figures.measured_at; });
    if (records.size() > kMostRecords) records.resize(kMostRecords);
    nlohmann::ordered_json figures = nlohmann::ordered_json::array();
    for (const FiguresRecord& record : records) figures.push_back(json_of(record));
    write_durably(path, kept_text({{"format_version", kKeptFormat}, {"figures", std::move(figures)}}));
}

}  // namespace inference_models::hub
