#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <inference_models/benchmark.hpp>
#include <set>
#include <string>
#include <vector>

#include "benchmark/report_for_tests.hpp"

namespace inference_models {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// What is still open where the page ends, or is closed without being open; attributes must be in double quotes.
std::vector<std::string> unbalanced(const std::string& html) {
    static const std::set<std::string> kEmpty{"meta", "br", "!DOCTYPE"};
    std::vector<std::string> open;
    for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
        std::size_t end = at;
        for (bool quoted = false; end < html.size() && (quoted || html[end] != '>'); ++end) {
            if (html[end] == '"') quoted = !quoted;
        }
        const std::string tag = html.substr(at + 1, end - at - 1);
        const std::string name = tag.substr(0, tag.find_first_of(" />", 1));
        if (name.starts_with('/')) {
            if (open.empty() || open.back() != name.substr(1)) return {"unexpected " + name};
            open.pop_back();
        } else if (!tag.ends_with('/') && !kEmpty.contains(name)) {
            open.push_back(name);
        }
        at = end;
    }
    return open;
}

/// A report in which every text from outside is an attack.
BenchmarkReport hostile(const std::string& attack) {
    BenchmarkReport report = tests::report();
    report.model_id = report.command = attack;
    report.notes = report.images = {attack};
    BenchmarkEnvironment& environment = report.environment;
    environment.product_version = environment.measured_at = environment.cpu = environment.architecture = attack;
    environment.os = environment.kernel = attack;
    environment.gpus = environment.instruction_sets = {attack};
    for (auto& candidate : report.candidates) {
        candidate.package_id = candidate.runtime_version = candidate.reason = candidate.remedy = attack;
    }
    for (auto& peer : report.peers) {
        peer.product = peer.settings = peer.runtime = peer.precision = peer.shape = peer.reason = peer.remedy = attack;
    }
    for (auto& candidate : report.not_run) candidate.package_id = candidate.reason = candidate.remedy = attack;
    return report;
}

TEST(BenchmarkHtml, ThePageIsWholeAndLoadsNothing) {
    const std::string html = to_html(tests::report());
    EXPECT_THAT(unbalanced(html), IsEmpty());
    EXPECT_THAT(unbalanced(to_html(BenchmarkReport{})), IsEmpty());
    for (const char* outside : {"<script", "src=", "href=", "url(", "@import", "http://", "https://"}) {
        EXPECT_THAT(html, Not(HasSubstr(outside)));
    }
}

TEST(BenchmarkHtml, NothingFromOutsideIsMarkup) {
    for (const std::string attack : {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='x",
                                     "\" onload=\"x", "</title></style><b>", "&lt;", "\x1b[31m\x01\xff"}) {
        const std::string html = to_html(hostile(attack));
        EXPECT_THAT(html, Not(HasSubstr(attack)));
        EXPECT_THAT(unbalanced(html), IsEmpty()) << attack;
    }
}

TEST(BenchmarkHtml, WhatIsBestAndWhatIsWrongIsThere) {
    const std::string html = to_html(tests::report());
    EXPECT_THAT(html, HasSubstr("<h3>Fastest for one image</h3><p class=\"figure\">openvino fp32</p><p>24.6 ms</p>"
                                "<p class=\"faint\">In a lower precision: openvino bf16, 15.3 ms</p>"));
    EXPECT_THAT(html, HasSubstr("<h3>Least memory</h3><p class=\"figure\">onnx fp32</p><p>118 MiB</p></div>"));
    EXPECT_THAT(html, HasSubstr("<td class=\"number best\">24.6&nbsp;★</td>"));
    EXPECT_THAT(html, HasSubstr("<td class=\"words bad\">falls short: 2 of 5 objects are missing</td>"));
    EXPECT_THAT(html, HasSubstr("weights.bin is truncated<br>Download it again."));
    EXPECT_THAT(html, HasSubstr("<b>Export it first: yolo export model=best.pt format=onnx</b>"));
    EXPECT_THAT(html, HasSubstr("<pre><code>inference-models benchmark yolov8n-640 bus.jpg"));
}

TEST(BenchmarkHtml, AveragePrecisionIsThereWhereLabelsWere) {
    BenchmarkReport report = tests::report();
    EXPECT_THAT(to_html(report), HasSubstr("<td class=\"number\">0.3728</td>"));
    report.candidates[0].average_precision.reset();
    EXPECT_THAT(to_html(report), Not(HasSubstr("AP50")));
    EXPECT_THAT(to_text(report), Not(HasSubstr("AP50")));
}

TEST(BenchmarkHtml, PlotsAreSaidInWordsToo) {
    const std::string html = to_html(tests::report());
    const std::string words =
        "openvino fp32: 24.6 ms, 90 % within 25.8, 99 % within 34.4; rounds: 24.4 24.5 24.6 25.3 24.7";
    EXPECT_THAT(html, HasSubstr("aria-label=\"" + words + "\""));
    EXPECT_THAT(html, HasSubstr("<title>" + words + "</title>"));
    EXPECT_THAT(html, HasSubstr("<title>openvino fp32, 1 x 2 threads, batch 8: 42.7 images/s"));
}

TEST(BenchmarkHtml, EveryPlaceLiesWithinItsPlot) {
    BenchmarkReport report = tests::report();
    report.candidates[0].figures->end_to_end.p99 = 1e6;  // a hiccup of the machine
    report.candidates[2].figures->rounds[0].start = 1e5;
    BenchmarkReport nothing = tests::report();
    for (auto& candidate : nothing.candidates) candidate.figures = BenchmarkFigures{};  // all is zero
    for (auto& peer : nothing.peers) peer.figures.reset();
    const std::string html = to_html(report) + to_html(nothing);
    for (const std::string attribute : {"x1=\"", "x2=\"", "cx=\"", "width=\""}) {
        for (std::size_t at = html.find(attribute); at != std::string::npos; at = html.find(attribute, at + 1)) {
            const std::string value = html.substr(at + attribute.size(), 12);
            if (value.find("%\"") == std::string::npos) continue;
            const double place = std::stod(value);
            EXPECT_GE(place, 0) << value;
            EXPECT_LE(place, 100) << value;
        }
    }
    EXPECT_THAT(html, HasSubstr("99 % within 1000000"));
    EXPECT_THAT(html, Not(HasSubstr("nan%")));
    EXPECT_THAT(html, Not(HasSubstr("inf%")));
}

}  // namespace
}  // namespace inference_models
