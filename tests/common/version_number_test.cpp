#include "common/version_number.hpp"

#include <gtest/gtest.h>

namespace inference_models {
namespace {

TEST(VersionNumber, ComparesByPartsAndIgnoresWhatFollows) {
    EXPECT_EQ(parse_version_number("1.16"), parse_version_number("1.16.0"));
    EXPECT_LT(parse_version_number("1.9.9"), parse_version_number("1.16"));
    EXPECT_LT(parse_version_number("10.9.0.33"), parse_version_number("10.9.0.34"));
    EXPECT_EQ(parse_version_number("2.13.0+cu128"), parse_version_number("2.13"));
    EXPECT_EQ(parse_version_number("2.5.0a0"), parse_version_number("2.5"));
    EXPECT_EQ(parse_version_number("1.2.rc1"), parse_version_number("1.2"));
}

TEST(VersionNumber, RefusesTextsAndAbsurdNumbers) {
    for (const char* text : {"", ".1", "v1", "x", "-1", "99999999999.1"}) {
        EXPECT_EQ(parse_version_number(text), std::nullopt) << text;
    }
}

TEST(CompareStatedParts, ComparesNumbersAndNotTexts) {
    EXPECT_TRUE(compare_stated_parts("1.9.0", "1.32.0") < 0);
    EXPECT_TRUE(compare_stated_parts("10.0", "9.9.9") > 0);
    EXPECT_TRUE(compare_stated_parts("12.8", "12.8") == 0);
}

TEST(CompareStatedParts, WhatAVersionLeavesOutIsHeldAgainstNobody) {
    EXPECT_TRUE(compare_stated_parts("10.9.0", "10.9.0.34") == 0);
    EXPECT_TRUE(compare_stated_parts("12", "12.8") == 0);
    EXPECT_TRUE(compare_stated_parts("13", "12.8") > 0);
    EXPECT_LT(parse_version_number("12"), parse_version_number("12.8"));  // the other comparison
}

TEST(CompareStatedParts, IgnoresWhatFollowsTheNumbers) {
    EXPECT_TRUE(compare_stated_parts("2.13.0+cu128", "2.13.0") == 0);
    EXPECT_TRUE(compare_stated_parts("2.5.0a0+872d972e41.nv24.08", "2.4.1") > 0);
    EXPECT_TRUE(compare_stated_parts("1.2rc9", "1.2") == 0);
    EXPECT_TRUE(compare_stated_parts("1.2.rc9", "1.2.3") == 0);
}

TEST(CompareStatedParts, AnUnknownVersionIsNeitherOlderNorNewer) {
    for (const char* unknown : {"", "unknown", "v12", ".5", "99999999999999999999999"}) {
        SCOPED_TRACE(unknown);
        EXPECT_TRUE(compare_stated_parts(unknown, "12.8") == std::partial_ordering::unordered);
        EXPECT_TRUE(compare_stated_parts("12.8", unknown) == std::partial_ordering::unordered);
        EXPECT_FALSE(stated_parts_differ("12.8", unknown));
    }
}

TEST(StatedPartsDiffer, OnlyWhereBothAreKnown) {
    EXPECT_TRUE(stated_parts_differ("10.9.0", "10.13.0"));
    EXPECT_FALSE(stated_parts_differ("10.9.0", "10.9.0.34"));
}

TEST(FirstParts, StopsAtTheDotOrAtTheEnd) {
    EXPECT_EQ(first_parts("36.4.3", 2), "36.4");
    EXPECT_EQ(first_parts("36.4.3", 1), "36");
    EXPECT_EQ(first_parts("36", 2), "36");
    EXPECT_EQ(first_parts("", 1), "");
}

}  // namespace
}  // namespace inference_models
