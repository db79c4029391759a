#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <inference_models/benchmark.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "benchmark/report_for_tests.hpp"
#include "support/errors.hpp"
#include "support/temporary_directory.hpp"

namespace inference_models {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class BenchmarkJson : public testing::Test {
protected:
    BenchmarkReport read(const std::string& text) const {
        std::ofstream(file_) << text;
        return read_benchmark_report(file_);
    }

    /// The error that a changed report gives.
    Error error_with(const std::function<void(json&)>& change) const {
        json document = json::parse(to_json(tests::report()));
        change(document);
        return tests::error_of([&] { static_cast<void>(read(document.dump())); });
    }

    tests::TemporaryDirectory directory_;
    std::filesystem::path file_ = directory_.path() / "report.json";
};

TEST_F(BenchmarkJson, WhatIsReadIsWhatWasWritten) {
    BenchmarkReport report = tests::report();
    report.candidates[0].figures->end_to_end.p50 = 0.1 + 0.2;  // has no short decimal form
    report.environment.gpus = {"NVIDIA H100", "\xC3\xA4"};
    report.rect = true;
    const BenchmarkReport again = read(to_json(report));
    EXPECT_EQ(again.candidates[0].figures->end_to_end.p50, 0.1 + 0.2);
    EXPECT_EQ(again.candidates[0].figures->rounds[2].warm_up, 12U);
    EXPECT_EQ(again.candidates[0].figures->throughput[1].rounds, report.candidates[0].figures->throughput[1].rounds);
    EXPECT_EQ(again.candidates[0].gate.largest_shift, report.candidates[0].gate.largest_shift);
    EXPECT_EQ(again.candidates[4].agreement->missing_objects(), 2U);
    EXPECT_FALSE(again.candidates[5].figures.has_value());
    EXPECT_FALSE(again.peers[1].figures->forward.has_value());
    EXPECT_EQ(again.not_run[1].engine, std::nullopt);
    EXPECT_EQ(again.not_run[0].device, (Device{DeviceKind::cuda, 0}));
    EXPECT_EQ(again.environment.gpus, report.environment.gpus);
    EXPECT_EQ(again.environment.memory_bytes, std::uint64_t{16} << 30U);
    EXPECT_EQ(to_json(again), to_json(report)) << "nothing is lost";
    EXPECT_EQ(to_text(again), to_text(report));
}

TEST_F(BenchmarkJson, AnEmptyReportIsOneToo) {
    EXPECT_EQ(to_json(read(to_json(BenchmarkReport{}))), to_json(BenchmarkReport{}));
}

TEST_F(BenchmarkJson, EveryMemberHasItsName) {
    const json document = json::parse(to_json(tests::report()));
    EXPECT_EQ(document["format_version"], 1);
    EXPECT_EQ(document["network_input"]["height"], 640);
    EXPECT_EQ(document["candidates"][0]["figures"]["end_to_end"]["p50"], 24.6);
    EXPECT_EQ(document["candidates"][0]["average_precision"]["ap"], 0.3728125);
    EXPECT_EQ(document["candidates"][1]["is_reference"], true);
    EXPECT_TRUE(document["candidates"][1]["agreement"].is_null());
    EXPECT_EQ(document["peers"][0]["figures"]["throughput"][1]["instances"], 2);
    EXPECT_EQ(document["environment"]["instruction_sets"][0], "avx2");
}

TEST_F(BenchmarkJson, NoMemberMayBeMissing) {
    const json whole = json::parse(to_json(tests::report()));
    for (const auto& [name, value] : whole.items()) {
        const Error error = error_with([&](json& document) { document.erase(name); });
        EXPECT_EQ(error.kind(), ErrorKind::corrupted_package) << name;
        EXPECT_EQ(error.subject(), file_.string() + ": " + name);
    }
}

TEST_F(BenchmarkJson, WhatIsWrongIsNamedWithItsPlace) {
    const auto expect = [&](const std::function<void(json&)>& change, const std::string& field) {
        const Error error = error_with(change);
        EXPECT_EQ(error.kind(), ErrorKind::corrupted_package);
        EXPECT_EQ(error.subject(), file_.string() + ": " + field);
    };
    expect([](json& report) { report["format_version"] = 2; }, "format_version");
    expect([](json& report) { report["candidates"][0]["figures"]["end_to_end"]["p99"] = -1; },
           "candidates[0].figures.end_to_end.p99");
    expect([](json& report) { report["candidates"][0]["figures"]["rounds"][1]["start"] = 1e200; },
           "candidates[0].figures.rounds[1].start");
    expect([](json& report) { report["candidates"][0]["figures"]["rounds"] = 3; }, "candidates[0].figures.rounds");
    expect([](json& report) { report["candidates"][2]["backend"] = "tpu"; }, "candidates[2].backend");
    expect([](json& report) { report["candidates"][2]["device"] = "cuda:-1"; }, "candidates[2].device");
    expect([](json& report) { report["candidates"][2]["verdict"] = "fine"; }, "candidates[2].verdict");
    expect([](json& report) { report["candidates"][2]["threads"] = 4294967296; }, "candidates[2].threads");
    expect([](json& report) { report["candidates"][2]["is_reference"] = "yes"; }, "candidates[2].is_reference");
    expect([](json& report) { report["candidates"][0]["average_precision"]["ap"] = 37; },
           "candidates[0].average_precision.ap");
    expect([](json& report) { report["candidates"][4]["agreement"]["matched_objects"] = 6; },
           "candidates[4].agreement.matched_objects");
    expect([](json& report) { report["peers"][0]["figures"]["throughput"][0]["rounds"][0] = "fast"; },
           "peers[0].figures.throughput[0].rounds[0]");
    expect([](json& report) { report["not_run"][1]["precisions"][1] = "fp8"; }, "not_run[1].precisions[1]");
    expect([](json& report) { report["environment"]["memory_bytes"] = 1e30; }, "environment.memory_bytes");
    expect([](json& report) { report["network_input"]["width"] = -640; }, "network_input.width");
    expect([](json& report) { report["notes"] = "none"; }, "notes");
}

TEST_F(BenchmarkJson, WhatIsNoJsonIsRefused) {
    const std::string whole = to_json(tests::report());
    for (const std::string& text :
         {std::string(), std::string("[]"), std::string("null"), whole.substr(0, whole.size() / 2),
          std::string(100'000, '['), std::string(R"({"format_version": 1e999})"), std::string("\x89PNG\r\n\x1a\n")}) {
        const Error error = tests::error_of([&] { static_cast<void>(read(text)); });
        EXPECT_EQ(error.kind(), ErrorKind::corrupted_package);
        EXPECT_THAT(error.message(), HasSubstr(file_.string()));
    }
}

TEST_F(BenchmarkJson, AFileThatIsNotThereIsNamed) {
    const Error error = tests::error_of([&] { static_cast<void>(read_benchmark_report(directory_.path() / "none")); });
    EXPECT_EQ(error.kind(), ErrorKind::io_failure);
    EXPECT_THAT(error.message(), HasSubstr("none"));
}

}  // namespace
}  // namespace inference_models
