#include <fmt/format.h>

#include <algorithm>
#include <inference_models/benchmark.hpp>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "benchmark/report_facts.hpp"
#include "common/text_table.hpp"

namespace inference_models {
namespace {

using Json = nlohmann::ordered_json;

std::string_view unit_of(std::string_view quantity) {
    if (quantity == "peak memory") return "MiB";
    return quantity == "throughput" ? "images/s" : "ms";
}

std::string_view word_of(const BenchmarkDifference& difference) {
    if (difference.verdict == ComparedSpeed::within_noise) return "within the noise";
    const bool is_faster = difference.verdict == ComparedSpeed::faster;
    if (difference.quantity == "peak memory") return is_faster ? "LESS" : "MORE";
    return is_faster ? "FASTER" : "SLOWER";
}

void append_differences(std::string& text, const std::vector<BenchmarkDifference>& differences) {
    std::vector<TableRow> rows{{"", "", "before", "after", "", "ratio", "noise", "verdict"}};
    std::string_view last;
    for (const BenchmarkDifference& difference : differences) {
        const bool is_next = std::exchange(last, difference.name) != difference.name;
        rows.push_back({is_next ? difference.name : "", difference.quantity, told(difference.before),
                        told(difference.after), std::string(unit_of(difference.quantity)),
                        fmt::format("{:.3f}", difference.ratio), fmt::format("{:.1f} %", difference.noise * 100),
                        std::string(word_of(difference))});
    }
    append_table(text, std::move(rows), {48, 11, 8, 8, 8, 6, 8});
}

void append_list(std::string& text, std::string_view lead, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) append_wrapped(text, line, lead, "      ");
}

std::string summary(const std::vector<BenchmarkDifference>& differences) {
    const auto count = [&](ComparedSpeed verdict) {
        return std::ranges::count(differences, verdict, &BenchmarkDifference::verdict);
    };
    return fmt::format("{} better, {} worse, {} within the noise.", count(ComparedSpeed::faster),
                       count(ComparedSpeed::slower), count(ComparedSpeed::within_noise));
}

Json json_of(const BenchmarkDifference& difference) {
    return {{"name", difference.name},
            {"quantity", difference.quantity},
            {"before", difference.before},
            {"after", difference.after},
            {"ratio", difference.ratio},
            {"noise", difference.noise},
            {"verdict", to_string(difference.verdict)}};
}

}  // namespace

std::string to_text(const BenchmarkComparison& comparison) {
    std::string text;
    if (!comparison.differences.empty()) append_differences(text, comparison.differences);
    if (!comparison.differences.empty()) text += '\n';
    append_list(text, "Other environment: ", comparison.other_environment);
    append_list(text, "Only before: ", comparison.only_before);
    append_list(text, "Only after: ", comparison.only_after);
    append_list(text, "Note: ", comparison.notes);
    append_wrapped(text,
                   comparison.differences.empty() ? "The reports have nothing in common that was measured."
                                                  : summary(comparison.differences),
                   "", "");
    return text;
}

std::string to_json(const BenchmarkComparison& comparison) {
    Json differences = Json::array();
    for (const BenchmarkDifference& difference : comparison.differences) differences.push_back(json_of(difference));
    const Json document{{"other_environment", comparison.other_environment},
                        {"differences", std::move(differences)},
                        {"only_before", comparison.only_before},
                        {"only_after", comparison.only_after},
                        {"notes", comparison.notes}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace inference_models
