#include "vision/label_font.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace inference_models::vision {
namespace {

TEST(DecodeUtf8, ReadsAllLengths) {
    EXPECT_EQ(decode_utf8(""), U"");
    EXPECT_EQ(decode_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), U"a\u00E9\u20AC\U0001F600");
}

TEST(DecodeUtf8, ReplacesWhatIsNotUtf8) {
    EXPECT_EQ(decode_utf8("\x80"), U"\uFFFD") << "a continuation without a start";
    EXPECT_EQ(decode_utf8("\xC3"), U"\uFFFD") << "a start without its continuation";
    EXPECT_EQ(decode_utf8("\xE2\x82z"), U"\uFFFD\uFFFDz") << "a sequence broken off";
    EXPECT_EQ(decode_utf8("\xC0\x80"), U"\uFFFD\uFFFD") << "longer than necessary";
    EXPECT_EQ(decode_utf8("\xED\xA0\x80"), U"\uFFFD\uFFFD\uFFFD") << "half of a surrogate pair";
    EXPECT_EQ(decode_utf8("\xF4\x90\x80\x80"), U"\uFFFD\uFFFD\uFFFD\uFFFD") << "beyond Unicode";
    EXPECT_EQ(decode_utf8("\xFF\xFE"), U"\uFFFD\uFFFD") << "bytes that never occur";
}

TEST(LabelFont, IsLargerInLargerSizes) {
    LabelFont small(12);
    LabelFont large(48);
    EXPECT_GE(small.line_height(), 12);
    EXPECT_NEAR(large.line_height(), 4 * small.line_height(), 4);
    EXPECT_NEAR(large.text_width(U"person"), 4 * small.text_width(U"person"), 24);
    EXPECT_EQ(small.text_width(U""), 0);
}

TEST(LabelFont, DrawsSmoothLettersWithinTheirLine) {
    LabelFont font(20);
    Image picture({200, 60});
    font.draw(picture, 10, 10, U"Aqg\u00C5|", {255, 255, 255});
    const auto is_black = [](std::uint8_t value) { return value == 0; };
    EXPECT_TRUE(std::ranges::all_of(picture.view().row(9), is_black));
    EXPECT_TRUE(std::ranges::all_of(picture.view().row(10 + font.line_height()), is_black));
    EXPECT_TRUE(std::ranges::any_of(picture.pixels(), [](std::uint8_t value) { return value == 255; }));
    EXPECT_TRUE(std::ranges::any_of(picture.pixels(), [](std::uint8_t value) { return value > 0 && value < 255; }));
}

TEST(LabelFont, LeavesOutWhatIsNotInThePicture) {
    LabelFont font(30);
    Image picture({5, 5});
    for (const std::int32_t at : {-100, -10, -1, 0, 3, 100}) {
        EXPECT_NO_THROW(font.draw(picture, at, at, U"person", {255, 255, 255}));
    }
}

}  // namespace
}  // namespace inference_models::vision
