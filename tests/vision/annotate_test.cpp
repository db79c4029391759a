#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <inference_models/detections.hpp>
#include <inference_models/error.hpp>
#include <limits>
#include <set>
#include <tuple>

#include "vision/class_colors.hpp"
#include "vision/image_bytes.hpp"

namespace inference_models {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;
using vision::Color;
using Names = std::vector<std::string>;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
const Names kNames{"cat", "dog"};

Detections one(const Box& box, std::int32_t class_id = 0, float confidence = 0.87F) {
    return {{box}, {class_id}, {confidence}};
}

Color pixel_of(const Image& image, std::int32_t x, std::int32_t y) {
    const auto pixel = image.view().row(y).subspan(static_cast<std::size_t>(3 * x), 3);
    return {pixel[2], pixel[1], pixel[0]};
}

std::size_t count_of(const Image& image, Color color) {
    std::size_t count = 0;
    for (std::int32_t y = 0; y < image.size().height; ++y) {
        for (std::int32_t x = 0; x < image.size().width; ++x) count += pixel_of(image, x, y) == color ? 1U : 0U;
    }
    return count;
}

bool are_equal(const Image& a, const Image& b) {
    return a.size() == b.size() && std::ranges::equal(a.pixels(), b.pixels());
}

TEST(DrawDetections, DrawsTheEdgesInTheColorOfTheClass) {
    const Image picture({200, 150});
    const Image drawn = draw_detections(picture, one({40, 60, 160, 120}, 1), kNames);
    const Color color = vision::color_of_class(1);
    EXPECT_EQ(pixel_of(drawn, 40, 100), color);
    EXPECT_EQ(pixel_of(drawn, 159, 100), color);
    EXPECT_EQ(pixel_of(drawn, 150, 60), color);
    EXPECT_EQ(pixel_of(drawn, 100, 119), color);
    EXPECT_EQ(pixel_of(drawn, 100, 100), Color{}) << "the inside stays as it was";
    EXPECT_EQ(pixel_of(drawn, 20, 100), Color{}) << "the outside stays as it was";
}

TEST(DrawDetections, LeavesThePictureAloneWhereNothingWasFound) {
    const Image picture = tests::sample_image();
    EXPECT_TRUE(are_equal(draw_detections(picture, {}, kNames), picture));
}

TEST(DrawDetections, MakesBgrOfAllViews) {
    const Image gray = tests::sample_image({90, 60}, ColorFormat::gray);
    const Image from_gray = draw_detections(gray, one({10, 20, 50, 50}), kNames);
    EXPECT_EQ(from_gray.format(), ColorFormat::bgr);
    EXPECT_EQ(pixel_of(from_gray, 80, 55), (Color{gray.view().row(55)[80], gray.view().row(55)[80],  //
                                                  gray.view().row(55)[80]}));

    const Image bgr = tests::sample_image({90, 60});
    Image rgb({90, 60}, ColorFormat::rgb);
    for (std::size_t i = 0; i < bgr.pixels().size(); ++i) rgb.pixels()[i] = bgr.pixels()[i / 3 * 3 + 2 - i % 3];
    const Detections detections = one({10, 20, 50, 50});
    EXPECT_TRUE(are_equal(draw_detections(rgb, detections, kNames), draw_detections(bgr, detections, kNames)));
}

TEST(DrawDetections, ReadsViewsWithGapsBetweenRows) {
    const Image picture = tests::sample_image({90, 60});
    const ImageView part(picture.pixels().data(), {70, 60}, ColorFormat::bgr, picture.row_stride());
    const Image drawn = draw_detections(part, {}, kNames);
    EXPECT_TRUE(std::ranges::equal(drawn.view().row(59), part.row(59)));
}

TEST(DrawDetections, RefusesListsOfDifferentLengths) {
    const Image picture({20, 20});
    Detections detections = one({1, 1, 9, 9});
    detections.class_id.clear();
    EXPECT_THAT(
        [&] { (void)draw_detections(picture, detections, kNames); },
        Throws<Error>(AllOf(Property(&Error::kind, ErrorKind::invalid_argument), Property(&Error::subject, "class_id"),
                            Property(&Error::message, HasSubstr("1 boxes, but 0 values in class_id")),
                            Property(&Error::hint, HasSubstr("every box")))));
    detections = one({1, 1, 9, 9});
    detections.confidence.push_back(0.5F);
    EXPECT_THAT(
        [&] { (void)draw_detections(picture, detections, kNames); },
        Throws<Error>(AllOf(Property(&Error::kind, ErrorKind::invalid_argument),
                            Property(&Error::subject, "confidence"), Property(&Error::hint, HasSubstr("every box")))));
}

TEST(DrawDetections, DrawsNothingForBoxesThatAreNowhere) {
    const Image picture = tests::sample_image({60, 40});
    for (const Box& box :
         {Box{kNan, 1, 9, 9}, Box{1, kNan, 9, 9}, Box{1, 1, kNan, 9}, Box{1, 1, 9, kNan}, Box{70, 1, 90, 9},
          Box{1, 50, 9, 60}, Box{-9, 1, -1, 9}, Box{1, -9, 9, -1}, Box{kInfinity, kInfinity, kInfinity, kInfinity}}) {
        EXPECT_TRUE(are_equal(draw_detections(picture, one(box), kNames), picture));
    }
}

TEST(DrawDetections, ClipsBoxesToThePicture) {
    const Image picture({120, 90});
    const Image whole = draw_detections(picture, one({0, 0, 120, 90}), kNames);
    EXPECT_TRUE(are_equal(draw_detections(picture, one({-1e30F, -kInfinity, 1e30F, kInfinity}), kNames), whole));
    EXPECT_TRUE(are_equal(draw_detections(picture, one({120, 90, 0, 0}), kNames), whole)) << "corners exchanged";
    EXPECT_EQ(pixel_of(whole, 119, 80), vision::color_of_class(0));
    EXPECT_EQ(pixel_of(whole, 60, 89), vision::color_of_class(0));
}

TEST(DrawDetections, WorksOnPicturesOfAnySize) {
    for (std::int32_t width = 1; width < 40; width += 3) {
        for (std::int32_t height = 1; height < 40; height += 3) {
            const Image drawn = draw_detections(Image({width, height}), one({0, 0, 20, 20}), kNames);
            EXPECT_EQ(drawn.size(), (ImageSize{width, height}));
            EXPECT_NE(pixel_of(drawn, 0, 0), Color{});
        }
    }
    EXPECT_NO_THROW((void)draw_detections(Image({20'000, 1}), one({0, 0, 20'000, 1}), kNames));
    EXPECT_NO_THROW((void)draw_detections(Image({1, 20'000}), one({0, 0, 1, 20'000}), kNames));
}

TEST(DrawDetections, PutsTheMostConfidentOnTop) {
    const Box box{20, 40, 180, 140};
    const Image picture({200, 150});
    for (const bool first_wins : {true, false}) {
        const Detections detections{{box, box}, {0, 1}, {first_wins ? 0.9F : 0.4F, first_wins ? 0.4F : 0.9F}};
        const Image drawn = draw_detections(picture, detections, kNames);
        EXPECT_EQ(pixel_of(drawn, 20, 100), vision::color_of_class(first_wins ? 0 : 1));
    }
    const Image drawn = draw_detections(picture, {{box, box}, {0, 1}, {kNan, 0.1F}}, kNames);
    EXPECT_EQ(pixel_of(drawn, 20, 100), vision::color_of_class(1)) << "NaN is the least confident";
}

TEST(DrawDetections, HidesNoLabelByAnother) {
    const Image picture({200, 150});
    const Box box{20, 50, 180, 140};
    const std::size_t alone = count_of(draw_detections(picture, one(box, 0), kNames), vision::color_of_class(0));
    // The same box again, whose lines cover all of the other's: what remains of that is its label.
    const Image both = draw_detections(picture, {{box, box}, {0, 1}, {0.4F, 0.9F}}, kNames);
    const std::size_t lines = 2 * (2 * (160 + 90) + 8);
    EXPECT_GT(count_of(both, vision::color_of_class(0)) + lines, alone);
}

TEST(DrawDetections, MovesLabelsIntoThePicture) {
    const Image picture({200, 150});
    const Color color = vision::color_of_class(0);
    const std::size_t usual = count_of(draw_detections(picture, one({60, 60, 100, 100}), kNames), color);
    for (const Box& corner : {Box{0, 0, 40, 40}, Box{160, 0, 200, 40}, Box{0, 110, 40, 150}, Box{160, 110, 200, 150}}) {
        const std::size_t count = count_of(draw_detections(picture, one(corner), kNames), color);
        EXPECT_GT(count + 200, usual) << "the label is whole; within its box it covers a part of the line";
    }
}

TEST(DrawDetections, ScalesWithThePicture) {
    const auto share = [](std::int32_t scale) {
        const auto side = static_cast<float>(scale);
        const Image drawn =
            draw_detections(Image({4 * scale, 3 * scale}), one({side, side, 3 * side, 2 * side}), kNames);
        return static_cast<double>(count_of(drawn, vision::color_of_class(0))) / (12.0 * scale * scale);
    };
    EXPECT_NEAR(share(500), share(1000), 0.1 * share(1000));
}

TEST(DrawDetections, LabelsClassesWithoutANameByTheirNumber) {
    const Image picture({200, 150});
    const Box box{20, 40, 180, 140};
    const Image expected = draw_detections(picture, one(box, 1), Names{"a", "1"});
    EXPECT_TRUE(are_equal(draw_detections(picture, one(box, 1), {}), expected));
    EXPECT_TRUE(are_equal(draw_detections(picture, one(box, 1), Names{"a", ""}), expected));
    EXPECT_NO_THROW((void)draw_detections(picture, one(box, std::numeric_limits<std::int32_t>::min()), kNames));
}

TEST(DrawDetections, ShowsConfidencesWithTwoDecimals) {
    const Image picture({200, 150});
    const Box box{20, 40, 180, 140};
    const Image drawn = draw_detections(picture, one(box, 0, 0.87F), kNames);
    EXPECT_TRUE(are_equal(drawn, draw_detections(picture, one(box, 0, 0.8701F), kNames)));
    EXPECT_FALSE(are_equal(drawn, draw_detections(picture, one(box, 0, 0.88F), kNames)));
    for (const float odd : {kNan, kInfinity, -1e38F})
        EXPECT_NO_THROW((void)draw_detections(picture, one(box, 0, odd), kNames));
}

TEST(DrawDetections, AcceptsAnyBytesAsNames) {
    const Image picture({400, 300});
    const Box box{20, 60, 380, 280};
    const auto drawn = [&](const std::string& name) { return draw_detections(picture, one(box), Names{name}); };
    EXPECT_TRUE(are_equal(drawn("a\xFF"), drawn("a\xEF\xBF\xBD"))) << "a wrong byte is the replacement character";
    EXPECT_FALSE(are_equal(drawn("Stra\xC3\x9F"
                                 "e"),
                           drawn("Strasse")));
    EXPECT_TRUE(are_equal(drawn("\xF0\x93\x80\x80"), drawn("\xF0\x93\x80\x81"))) << "both are missing: the font's box";
    EXPECT_FALSE(are_equal(drawn("\xF0\x93\x80\x80"), drawn("")));
    EXPECT_NO_THROW((void)drawn(std::string(1'000'000, 'x')));
    EXPECT_NO_THROW((void)drawn(std::string("\0\n\t\x1B", 4)));
}

TEST(DrawDetections, ShortensNamesThatAreWiderThanThePicture) {
    const Image picture({150, 100});
    const Box box{10, 40, 140, 90};
    const auto drawn = [&](const std::string& name, float confidence) {
        return draw_detections(picture, one(box, 0, confidence), Names{name});
    };
    const std::string name = "a name that is far too long for this picture";
    EXPECT_TRUE(are_equal(drawn(name, 0.87F), drawn(name + " and longer still", 0.87F)));
    EXPECT_FALSE(are_equal(drawn(name, 0.87F), drawn(name, 0.88F))) << "the confidence can still be seen";
}

double luminance(Color color) {
    const auto linear = [](std::uint8_t value) { return std::pow(value / 255.0, 2.2); };
    return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
}

TEST(ClassColors, DifferForNeighboursAndExistForAnyNumber) {
    std::set<std::tuple<int, int, int>> seen;
    for (std::int32_t id = 0; id < 21; ++id) {
        const Color color = vision::color_of_class(id);
        EXPECT_TRUE(seen.emplace(color.red, color.green, color.blue).second) << id;
    }
    EXPECT_EQ(vision::color_of_class(0), vision::color_of_class(21));
    EXPECT_NE(vision::color_of_class(-1), Color{});
}

TEST(ClassColors, HaveTextThatCanBeRead) {
    for (std::int32_t id = 0; id < 21; ++id) {
        const double background = luminance(vision::color_of_class(id));
        const double text = luminance(vision::text_color_on(vision::color_of_class(id)));
        const double contrast = (std::max(text, background) + 0.05) / (std::min(text, background) + 0.05);
        EXPECT_GT(contrast, 4.5) << id;
    }
}

}  // namespace
}  // namespace inference_models
