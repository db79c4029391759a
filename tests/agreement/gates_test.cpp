#include "agreement/gate_precision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <inference_models/agreement.hpp>
#include <optional>

namespace inference_models {
namespace {

using testing::HasSubstr;
using testing::Not;

Agreement all_of(std::size_t objects) {
    Agreement agreement;
    agreement.reference_objects = agreement.matched_objects = agreement.compared_pairs = objects;
    return agreement;
}

template <class Change>
std::string shortfall_of(Precision precision, Change change) {
    Agreement agreement = all_of(20);
    change(agreement);
    return shortfall(agreement, agreement_gate(precision));
}

TEST(Gates, NothingFallsShortOfAnyWhereNothingDiffers) {
    for (const Precision each : {Precision::fp32, Precision::bf16, Precision::fp16, Precision::int8}) {
        EXPECT_EQ(shortfall(all_of(5), agreement_gate(each)), "");
        EXPECT_EQ(agreement_gate(each).precision, each);
    }
}

TEST(Gates, Fp32MovesByATenthOfAPixelAtMost) {
    const auto moved_by = [](double shift) {
        return shortfall_of(Precision::fp32, [&](Agreement& one) { one.largest_shift = shift; });
    };
    EXPECT_EQ(moved_by(0.1), "");
    EXPECT_THAT(moved_by(0.11), HasSubstr("up to 0.11 px, 0.1 may be"));
    const auto confidence_by = [](double difference) {
        return shortfall_of(Precision::fp32, [&](Agreement& one) { one.largest_confidence_difference = difference; });
    };
    EXPECT_EQ(confidence_by(0.99e-4), "");
    EXPECT_THAT(confidence_by(1.1e-4), HasSubstr("confidences differ"));
    EXPECT_THAT(shortfall_of(Precision::fp32, [](Agreement& one) { one.matched_objects -= 1; }),
                HasSubstr("1 of the reference's 20 objects"));
    EXPECT_THAT(shortfall_of(Precision::fp32, [](Agreement& one) { one.extra_objects = 1; }),
                HasSubstr("1 objects are found that the reference does not find"));
    EXPECT_EQ(agreement_gate(Precision::fp32).confidence_margin, 1e-4);
}

TEST(Gates, HalfPrecisionKeepsAnIouOf95Percent) {
    for (const Precision half : {Precision::bf16, Precision::fp16}) {
        EXPECT_EQ(shortfall_of(half,
                               [](Agreement& one) {
                                   one.largest_shift = 5;
                                   one.smallest_iou = 0.951;
                                   one.largest_confidence_difference = 0.0199;
                               }),
                  "");
        EXPECT_THAT(shortfall_of(half, [](Agreement& one) { one.smallest_iou = 0.949; }), HasSubstr("IoU of 0.9490"));
        EXPECT_THAT(shortfall_of(half, [](Agreement& one) { one.largest_confidence_difference = 0.021; }),
                    HasSubstr("0.02 may be"));
        EXPECT_THAT(shortfall_of(half, [](Agreement& one) { one.matched_objects -= 1; }), HasSubstr("1 of"));
        EXPECT_THAT(shortfall_of(half, [](Agreement& one) { one.extra_objects = 1; }), HasSubstr("does not find"));
        EXPECT_EQ(agreement_gate(half).confidence_margin, 0.05);
    }
}

TEST(Gates, Int8IsJudgedByShares) {
    const auto with = [](std::size_t matched, std::size_t extra) {
        return shortfall_of(Precision::int8, [&](Agreement& one) {
            one.matched_objects = matched;
            one.extra_objects = extra;
            one.largest_shift = 30;
            one.smallest_iou = 0.5;
            one.largest_confidence_difference = 0.3;
        });
    };
    EXPECT_EQ(with(18, 2), "");
    EXPECT_THAT(with(17, 2), HasSubstr("3 of the reference's 20 objects are not found, 90 % must be"));
    EXPECT_THAT(with(17, 2), Not(HasSubstr(";")));
    EXPECT_THAT(with(18, 3), HasSubstr("3 objects are found that the reference does not find, 10 % of its 20 may"));
    EXPECT_THAT(with(17, 3), HasSubstr("; "));
}

TEST(Gates, TheLowerOfWhatIsStoredAndComputedDecides) {
    const auto gate = [](std::optional<Precision> stored, Precision computed) {
        Candidate candidate;
        candidate.quantization = stored;
        candidate.precision = computed;
        return agreement::gate_precision(candidate);
    };
    EXPECT_EQ(gate(Precision::fp32, Precision::fp32), Precision::fp32);
    EXPECT_EQ(gate(std::nullopt, Precision::fp32), Precision::fp32);
    EXPECT_EQ(gate(Precision::fp32, Precision::bf16), Precision::bf16);
    EXPECT_EQ(gate(std::nullopt, Precision::fp16), Precision::fp16);
    EXPECT_EQ(gate(Precision::fp16, Precision::fp32), Precision::fp16);
    EXPECT_EQ(gate(Precision::fp16, Precision::fp16), Precision::fp16);
    EXPECT_EQ(gate(Precision::int8, Precision::int8), Precision::int8);
}

TEST(Gates, WhatIsFoundWhereTheReferenceFindsNothingFallsShort) {
    Agreement agreement;
    agreement.extra_objects = 1;
    for (const Precision each : {Precision::fp32, Precision::bf16, Precision::int8}) {
        EXPECT_NE(shortfall(agreement, agreement_gate(each)), "");
    }
}

}  // namespace
}  // namespace inference_models
