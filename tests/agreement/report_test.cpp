#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <inference_models/agreement.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "support/errors.hpp"

namespace inference_models {
namespace {

using testing::HasSubstr;

AgreementReport report() {
    AgreementReport report;
    report.model_id = "cars";
    report.confidence = 0.25;
    report.images = 2;
    report.reference.package_id = "onnx-fp32";
    report.reference.runtime_version = "1.32.0";
    report.reference.objects = 7;
    ComparedCandidate good;
    good.package_id = "torch-script-fp32";
    good.backend = BackendType::torch;
    good.engine = Engine::torch;
    good.gate = agreement_gate(Precision::fp32);
    good.agreement = Agreement{.reference_objects = 7,
                               .matched_objects = 7,
                               .compared_pairs = 7,
                               .largest_shift = 0.0125,
                               .mean_shift = 0.003,
                               .smallest_iou = 0.9999,
                               .largest_confidence_difference = 2e-6};
    good.worst_image = "pictures/bus.jpg";
    good.verdict = AgreementVerdict::passes;
    report.candidates = {good};
    report.not_run = {
        {"best.pt", BackendType::torch, std::nullopt, {}, {RequestedPrecision::fp32}, "a checkpoint", ""}};
    report.verdict = AgreementVerdict::passes;
    return report;
}

ComparedCandidate failed() {
    ComparedCandidate candidate;
    candidate.package_id = "broken";
    candidate.gate = agreement_gate(Precision::fp32);
    candidate.reason = "weights.onnx is truncated";
    candidate.remedy = "Download it again.";
    return candidate;
}

std::string last_line(const std::string& text) {
    std::istringstream lines(text);
    std::string last;
    for (std::string line; std::getline(lines, line);) last = line;
    return last;
}

TEST(AgreementReport, ALineForEachCandidateAndTheVerdictLast) {
    const std::string text = to_text(report());
    EXPECT_THAT(text, HasSubstr("\nReference: onnx-fp32 in ONNX Runtime 1.32.0 on cpu in fp32 finds 7 objects\n"));
    EXPECT_THAT(text, testing::ContainsRegex("pass +torch-script-fp32 +torch cpu fp32 +7/7 +0 +0.0125/0.0030 +0.9999 "
                                             "+2.0e-06 +bus.jpg\n"));
    EXPECT_THAT(text, testing::ContainsRegex("best.pt +- +cpu +fp32 +a checkpoint\n"));
    EXPECT_THAT(text, HasSubstr("Gate of fp32: objects above 0.2501, 0.1 px, confidence 0.0001\n"));
    EXPECT_EQ(last_line(text), "PASS: 1 of 1 candidates agree with the reference on 2 images.");
}

TEST(AgreementReport, WhatFailedIsThereWithItsErrorAndWhatToDo) {
    AgreementReport one = report();
    one.candidates.push_back(failed());
    one.verdict = AgreementVerdict::falls_short;
    const std::string text = to_text(one);
    EXPECT_THAT(text, testing::ContainsRegex("FAIL +broken +onnxruntime cpu fp32 +- .*see below\n"));
    EXPECT_THAT(text, HasSubstr("broken in onnxruntime cpu fp32: weights.onnx is truncated\n"));
    EXPECT_THAT(text, HasSubstr("Download it again."));
    EXPECT_EQ(last_line(text), "FAIL: 1 of 2 candidates fall short on 2 images.");
}

TEST(AgreementReport, NothingProvedIsNoPass) {
    AgreementReport one = report();
    one.verdict = AgreementVerdict::proves_nothing;
    EXPECT_THAT(last_line(to_text(one)), HasSubstr("This proves nothing: the reference finds too little"));
    one.candidates.clear();
    EXPECT_THAT(last_line(to_text(one)), HasSubstr("This proves nothing: nothing but the reference runs here."));
}

TEST(AgreementReport, TheDocumentHasEveryMemberUnderItsName) {
    AgreementReport one = report();
    one.candidates.push_back(failed());
    one.notes = {"a note"};
    const auto json = nlohmann::json::parse(to_json(one));
    EXPECT_EQ(json["model_id"], "cars");
    EXPECT_EQ(json["images"], 2);
    EXPECT_EQ(json["confidence"], 0.25);
    EXPECT_EQ(json["verdict"], "passes");
    EXPECT_EQ(json["notes"][0], "a note");
    EXPECT_EQ(json["reference"]["engine"], "onnxruntime");
    EXPECT_EQ(json["reference"]["objects"], 7);
    const auto& good = json["candidates"][0];
    EXPECT_EQ(good["precision"], "fp32");
    EXPECT_EQ(good["verdict"], "passes");
    EXPECT_EQ(good["worst_image"], "pictures/bus.jpg");
    EXPECT_EQ(good["agreement"]["matched_objects"], 7);
    EXPECT_EQ(good["agreement"]["missing_objects"], 0);
    EXPECT_EQ(good["agreement"]["largest_shift"], 0.0125);
    EXPECT_EQ(good["gate"]["largest_shift"], 0.1);
    EXPECT_TRUE(good["gate"]["smallest_iou"].is_null());
    const auto& bad = json["candidates"][1];
    EXPECT_TRUE(bad["agreement"].is_null());
    EXPECT_EQ(bad["verdict"], "falls-short");
    EXPECT_EQ(bad["reason"], "weights.onnx is truncated");
    EXPECT_TRUE(json["not_run"][0]["engine"].is_null());
    EXPECT_EQ(json["not_run"][0]["precisions"], nlohmann::json::array({"fp32"}));
}

TEST(AgreementReport, NoImagesAreAnError) {
    const Error error = tests::error_of([] { static_cast<void>(verify("codes-n-640", {})); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    EXPECT_EQ(error.subject(), "images");
}

}  // namespace
}  // namespace inference_models
