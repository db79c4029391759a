#include "vision/exif_orientation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "vision/image_bytes.hpp"

namespace inference_models::vision {
namespace {

using inference_models::tests::exif_bytes;
using inference_models::tests::FileBytes;
using ::testing::ElementsAreArray;

constexpr Orientation kUpright{};

/// A picture of which each pixel is a number: "0 1 2 / 3 4 5" is 3 wide and 2 high.
Image numbered(ImageSize size, const std::vector<std::uint8_t>& numbers) {
    Image image(size);
    for (std::size_t i = 0; i < numbers.size(); ++i) std::fill_n(&image.pixels()[3 * i], 3, numbers[i]);
    return image;
}

struct Turn {
    std::uint16_t value;
    ImageSize size;
    std::vector<std::uint8_t> numbers;
};

class ExifOrientation : public ::testing::TestWithParam<Turn> {};

TEST_P(ExifOrientation, TurnsAsTheSpecificationSays) {
    const Turn& expected = GetParam();
    for (const bool big_endian : {true, false}) {
        const Orientation orientation = read_exif_orientation(exif_bytes(expected.value, big_endian));
        const Image turned = apply_orientation(numbered({3, 2}, {0, 1, 2, 3, 4, 5}), orientation);
        ASSERT_EQ(turned.size(), expected.size);
        EXPECT_THAT(turned.pixels(), ElementsAreArray(numbered(expected.size, expected.numbers).pixels()));
    }
}

INSTANTIATE_TEST_SUITE_P(All, ExifOrientation,
                         ::testing::Values(Turn{1, {3, 2}, {0, 1, 2, 3, 4, 5}},  //
                                           Turn{2, {3, 2}, {2, 1, 0, 5, 4, 3}},  //
                                           Turn{3, {3, 2}, {5, 4, 3, 2, 1, 0}},  //
                                           Turn{4, {3, 2}, {3, 4, 5, 0, 1, 2}},  //
                                           Turn{5, {2, 3}, {0, 3, 1, 4, 2, 5}},  //
                                           Turn{6, {2, 3}, {3, 0, 4, 1, 5, 2}},  //
                                           Turn{7, {2, 3}, {5, 2, 4, 1, 3, 0}},  //
                                           Turn{8, {2, 3}, {2, 5, 1, 4, 0, 3}}));

TEST(ExifOrientationOf, LargePicturesIsTheSameInEveryTile) {
    const Image picture = inference_models::tests::sample_image({101, 67});
    const Image turned = apply_orientation(picture, {.transposed = true, .flipped_horizontally = true});
    ASSERT_EQ(turned.size(), (ImageSize{67, 101}));
    for (std::int32_t y = 0; y < 101; ++y) {
        for (std::int32_t x = 0; x < 67; ++x) {
            const auto from = picture.view().row(66 - x).subspan(static_cast<std::size_t>(3 * y), 3);
            const auto to = turned.view().row(y).subspan(static_cast<std::size_t>(3 * x), 3);
            ASSERT_TRUE(std::ranges::equal(from, to)) << x << ", " << y;
        }
    }
}

TEST(ExifOrientationOf, UprightPicturesTakesNoCopy) {
    Image picture = inference_models::tests::sample_image();
    const std::uint8_t* const pixels = picture.pixels().data();
    EXPECT_EQ(apply_orientation(std::move(picture), kUpright).pixels().data(), pixels);
}

TEST(ExifOrientationOf, PrefixedBlocksIsRead) {
    FileBytes prefixed = inference_models::tests::bytes_of(std::string_view("Exif\0\0", 6));
    inference_models::tests::append(prefixed, exif_bytes(8));
    EXPECT_EQ(read_exif_orientation(prefixed), read_exif_orientation(exif_bytes(8)));
}

TEST(ExifOrientationOf, SenselessBlocksIsUpright) {
    EXPECT_EQ(read_exif_orientation({}), kUpright);
    EXPECT_EQ(read_exif_orientation(exif_bytes(0)), kUpright);
    EXPECT_EQ(read_exif_orientation(exif_bytes(9)), kUpright);
    EXPECT_EQ(read_exif_orientation(FileBytes(100)), kUpright);
    EXPECT_EQ(read_exif_orientation(FileBytes(std::size_t{3} << 20U)), kUpright);
    FileBytes text_instead_of_number = exif_bytes(6);
    text_instead_of_number[13] = std::byte{2};
    EXPECT_EQ(read_exif_orientation(text_instead_of_number), kUpright);
}

TEST(ExifOrientationOf, TruncatedBlocksIsReadWithoutCrashing) {
    const FileBytes whole = exif_bytes(6);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        (void)read_exif_orientation({whole.data(), size});
    }
}

}  // namespace
}  // namespace inference_models::vision
