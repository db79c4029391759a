#include "vision/geometry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <inference_models/error.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace inference_models::vision {
namespace {

PreProcessing letterbox(ImageSize network, LetterboxGeometry rule = LetterboxGeometry::truncate) {
    PreProcessing rules;
    rules.network_size = network;
    rules.letterbox_geometry = rule;
    return rules;
}

TEST(Geometry, RoboflowsLetterboxTruncates) {
    // 77 * (640 / 77) is a little less than 640 in double precision.
    const Geometry tall = plan_geometry({50, 77}, letterbox({640, 640}));
    EXPECT_EQ(tall.inner.size, (ImageSize{415, 639}));
    EXPECT_EQ(tall.metadata.pad_left, 112);
    EXPECT_EQ(tall.metadata.pad_top, 0);
    EXPECT_EQ(tall.metadata.scale_x, 640.0 / 77);
    EXPECT_EQ(tall.metadata.scale_y, 640.0 / 77);
}

TEST(Geometry, UltralyticsLetterboxRounds) {
    const Geometry wide = plan_geometry({657, 213}, letterbox({640, 640}, LetterboxGeometry::round));
    EXPECT_EQ(wide.inner.size, (ImageSize{640, 207}));
    EXPECT_EQ(wide.metadata.pad_left, 0);
    EXPECT_EQ(wide.metadata.pad_top, 216);  // 216.5 - 0.1
    EXPECT_EQ(wide.metadata.scale_x, 640.0 / 657);
    EXPECT_EQ(wide.metadata.scale_y, 207.0 / 213);
}

TEST(Geometry, ARectangleIsPaddedToTheNextMultipleOfTheStride) {
    PreProcessing rules = letterbox({640, 640}, LetterboxGeometry::round);
    rules.rect_stride = 32;
    const Geometry wide = plan_geometry({657, 213}, rules);
    EXPECT_EQ(wide.inner.size, (ImageSize{640, 207}));
    EXPECT_EQ(wide.metadata.network_size, (ImageSize{640, 224}));  // (640 - 207) % 32 = 17 rows are left
    EXPECT_EQ(wide.metadata.pad_left, 0);
    EXPECT_EQ(wide.metadata.pad_top, 8);  // 8.5 - 0.1
    EXPECT_EQ(wide.metadata.scale_y, 207.0 / 213);
    EXPECT_EQ(network_size_for({810, 1080}, rules), (ImageSize{480, 640}));
    // The size of the square decides the scale: 640 / 641 leaves 448 of 449 rows, which fill their input.
    EXPECT_EQ(network_size_for({641, 449}, rules), (ImageSize{640, 448}));
    EXPECT_EQ(plan_geometry({641, 449}, rules).inner.size, (ImageSize{640, 448}));
    EXPECT_EQ(network_size_for({1, kMaxImageSide}, rules), (ImageSize{32, 640}));
    rules.network_size = {600, 300};  // no multiple: the package's own size may be any
    EXPECT_EQ(network_size_for({1200, 600}, rules), (ImageSize{608, 320}));
}

TEST(Geometry, AnImageThinnerThanANetworksPixelKeepsOne) {
    for (const LetterboxGeometry rule : {LetterboxGeometry::truncate, LetterboxGeometry::round}) {
        EXPECT_EQ(plan_geometry({20'000, 1}, letterbox({640, 640}, rule)).inner.size, (ImageSize{640, 1}));
        EXPECT_EQ(plan_geometry({1, kMaxImageSide}, letterbox({640, 640}, rule)).inner.size, (ImageSize{1, 640}));
    }
}

TEST(Geometry, TheInnerImageLiesWithinTheNetworksInputAndFillsOneSide) {
    for (const LetterboxGeometry rule : {LetterboxGeometry::truncate, LetterboxGeometry::round}) {
        for (std::int32_t width = 1; width < 400; width += 7) {
            for (std::int32_t height = 1; height < 400; height += 5) {
                const Geometry geometry = plan_geometry({width, height}, letterbox({320, 192}, rule));
                const Area& inner = geometry.inner;
                ASSERT_GE(inner.x, 0);
                ASSERT_GE(inner.y, 0);
                ASSERT_LE(inner.x + inner.size.width, 320);
                ASSERT_LE(inner.y + inner.size.height, 192);
                ASSERT_TRUE(inner.size.width >= 319 || inner.size.height >= 191) << width << 'x' << height;
            }
        }
    }
}

TEST(Geometry, MetadataLeadsBackToTheCallersPixels) {
    PreProcessing rules = letterbox({320, 256}, LetterboxGeometry::round);
    rules.static_crop = StaticCrop{10, 20, 90, 70};
    for (const ResizeMode mode : {ResizeMode::stretch, ResizeMode::letterbox, ResizeMode::letterbox_reflect_edges}) {
        rules.resize_mode = mode;
        const Geometry geometry = plan_geometry({1000, 600}, rules);
        const PreProcessingMetadata& metadata = geometry.metadata;
        EXPECT_EQ(metadata.original_size, (ImageSize{1000, 600}));
        EXPECT_EQ(metadata.crop_size, (ImageSize{800, 300}));
        const double right = geometry.inner.x + geometry.inner.size.width;
        const double bottom = geometry.inner.y + geometry.inner.size.height;
        EXPECT_NEAR((geometry.inner.x - metadata.pad_left) / metadata.scale_x + metadata.crop_x, 100, 1e-9);
        EXPECT_NEAR((geometry.inner.y - metadata.pad_top) / metadata.scale_y + metadata.crop_y, 120, 1e-9);
        EXPECT_NEAR((right - metadata.pad_left) / metadata.scale_x + metadata.crop_x, 900, 1e-9);
        EXPECT_NEAR((bottom - metadata.pad_top) / metadata.scale_y + metadata.crop_y, 420, 1e-9);
    }
}

TEST(Geometry, ACenterCropThatCutsHasANegativePad) {
    PreProcessing rules = letterbox({64, 64});
    rules.resize_mode = ResizeMode::center_crop;
    const Geometry geometry = plan_geometry({101, 31}, rules);
    EXPECT_EQ(geometry.shown.x, 18);
    EXPECT_EQ(geometry.shown.size, (ImageSize{64, 31}));
    EXPECT_EQ(geometry.inner.y, 16);
    EXPECT_EQ(geometry.metadata.pad_left, -18);
    EXPECT_EQ(geometry.metadata.pad_top, 16);
    EXPECT_EQ(geometry.metadata.scale_x, 1.0);
}

TEST(Geometry, AStaticCropOfNothingNamesTheImageAndTheCrop) {
    PreProcessing rules = letterbox({64, 64});
    rules.static_crop = StaticCrop{0, 40, 100, 60};
    try {
        (void)plan_geometry({30, 1}, rules);
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid_image);
        EXPECT_THAT(error.message(), testing::AllOf(testing::HasSubstr("30x1"), testing::HasSubstr("40..60 %")));
        EXPECT_FALSE(error.hint().empty());
    }
}

}  // namespace
}  // namespace inference_models::vision
