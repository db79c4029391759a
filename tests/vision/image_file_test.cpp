#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <inference_models/error.hpp>
#include <inference_models/image.hpp>

#include "common/mapped_file.hpp"
#include "vision/image_bytes.hpp"

namespace inference_models {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Matcher;
using ::testing::Not;
using ::testing::Property;
using ::testing::Throws;
using tests::FileBytes;

/// An error about `subject` whose message and hint say these words.
Matcher<const Error&> is_error(ErrorKind kind, const std::string& subject, const std::string& message,
                               const std::string& hint) {
    return AllOf(Property("kind", &Error::kind, kind), Property("subject", &Error::subject, subject),
                 Property("message", &Error::message, AllOf(HasSubstr(subject), HasSubstr(message))),
                 Property("hint", &Error::hint, HasSubstr(hint)));
}

void expect_unreadable(const FileBytes& bytes, const std::string& message, const std::string& hint) {
    EXPECT_THAT([&] { (void)decode_image(bytes, "a.jpg"); },
                Throws<Error>(is_error(ErrorKind::unreadable_image, "a.jpg", message, hint)));
}

void expect_equal_pixels(const Image& actual, const Image& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    EXPECT_TRUE(std::ranges::equal(actual.pixels(), expected.pixels()));
}

class ImageFile : public ::testing::Test {
protected:
    ImageFile() { std::filesystem::create_directories(folder_); }
    ~ImageFile() override { std::filesystem::remove_all(folder_); }
    ImageFile(const ImageFile&) = delete;
    ImageFile& operator=(const ImageFile&) = delete;

    [[nodiscard]] std::filesystem::path write(const std::string& name, const FileBytes& bytes) const {
        write_file_atomically(folder_ / name, bytes);
        return folder_ / name;
    }

    const std::filesystem::path folder_ =
        std::filesystem::path(::testing::TempDir()) / ("pictures-" + std::to_string(::getpid()) + "-" +
                                                       ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(ImageFile, IsToldByItsBytesAndNotByItsEnding) {
    const Image expected = tests::sample_image();
    expect_equal_pixels(load_image(write("picture.jpg", tests::png_bytes())), expected);
    expect_equal_pixels(load_image(write("picture.png", tests::webp_bytes())), expected);
    expect_equal_pixels(load_image(write("picture", tests::bmp_bytes())), expected);
}

TEST_F(ImageFile, ThatIsMissingIsNamed) {
    const std::string path = folder_ / "none.jpg";
    EXPECT_THAT([&] { (void)load_image(path); },
                Throws<Error>(is_error(ErrorKind::unreadable_image, path, "does not exist", "current directory")));
}

TEST_F(ImageFile, ThatIsADirectoryIsRefused) {
    EXPECT_THAT([&] { (void)load_image(folder_); },
                Throws<Error>(is_error(ErrorKind::unreadable_image, folder_, "is a directory", "one picture")));
}

TEST_F(ImageFile, ThatIsAPipeIsRefusedWithoutWaiting) {
    const std::string path = folder_ / "pipe";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_THAT([&] { (void)load_image(path); },
                Throws<Error>(is_error(ErrorKind::unreadable_image, path, "is not a file", "into a file")));
}

TEST_F(ImageFile, BelowAFileCannotBeReached) {
    const std::string path = write("file", tests::png_bytes()) / "picture.png";
    EXPECT_THAT([&] { (void)load_image(path); },
                Throws<Error>(AllOf(Property(&Error::kind, ErrorKind::unreadable_image),
                                    Property(&Error::subject, path), Property(&Error::hint, Not(IsEmpty())))));
}

TEST_F(ImageFile, ThatIsEmptyIsRefused) {
    const std::string path = write("picture.png", {});
    EXPECT_THAT([&] { (void)load_image(path); },
                Throws<Error>(is_error(ErrorKind::unreadable_image, path, "is empty", "download it again")));
}

TEST(DecodeImage, CallsNamelessBytesAnImage) {
    EXPECT_THAT([] { (void)decode_image(tests::bytes_of("hello")); },
                Throws<Error>(is_error(ErrorKind::unreadable_image, "image", "not a picture of a known format",
                                       "JPEG, PNG, WebP and BMP are read")));
}

struct Foreign {
    std::string_view start;
    const char* name;
};

class ForeignFormat : public ::testing::TestWithParam<Foreign> {};

TEST_P(ForeignFormat, IsNamed) {
    expect_unreadable(tests::bytes_of(GetParam().start), GetParam().name, "Convert it to JPEG or PNG");
}

INSTANTIATE_TEST_SUITE_P(All, ForeignFormat,
                         ::testing::Values(Foreign{"GIF89a..", "a GIF picture"},
                                           Foreign{{"II*\0....", 8}, "a TIFF picture"},
                                           Foreign{{"MM\0*....", 8}, "a TIFF picture"},
                                           Foreign{{"\0\0\0\x18"
                                                    "ftypheic",
                                                    12},
                                                   "a HEIC picture"},
                                           Foreign{{"\0\0\0\x18"
                                                    "ftypavif",
                                                    12},
                                                   "an AVIF picture"},
                                           Foreign{{"\0\0\0\x18"
                                                    "ftypisom",
                                                    12},
                                                   "a video"},
                                           Foreign{"%PDF-1.7", "a PDF document"}));

TEST(DecodeImage, RefusesEveryTruncation) {
    for (const FileBytes& whole : {tests::jpeg_bytes(), tests::png_bytes(), tests::webp_bytes(), tests::bmp_bytes(),
                                   tests::animated_webp_bytes()}) {
        ASSERT_NO_THROW((void)decode_image(whole));
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const FileBytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_THROW((void)decode_image(part), Error) << size << " of " << whole.size() << " bytes";
        }
    }
}

TEST(DecodeImage, SaysThatAFileIsTruncated) {
    for (const FileBytes& whole : {tests::jpeg_bytes(), tests::png_bytes(), tests::webp_bytes(), tests::bmp_bytes(),
                                   tests::animated_webp_bytes()}) {
        for (const std::size_t divisor : {8U, 4U, 2U}) {
            const auto size = static_cast<std::ptrdiff_t>(whole.size() - whole.size() / divisor);
            expect_unreadable({whole.begin(), whole.begin() + size}, "is truncated", "download it again");
        }
    }
}

TEST(DecodeImage, RefusesDamage) {
    FileBytes png = tests::png_bytes();
    png[png.size() / 2] ^= std::byte{0x10};
    expect_unreadable(png, "is damaged", "save it anew as PNG");
}

TEST(DecodeImage, RefusesAJpegWithSpoiltPixels) {
    FileBytes jpeg = tests::jpeg_bytes();
    // A restart marker that does not belong there ends the compressed data too early.
    jpeg[jpeg.size() - 100] = std::byte{0xFF};
    jpeg[jpeg.size() - 99] = std::byte{0xD3};
    expect_unreadable(jpeg, "is damaged: Corrupt JPEG data", "save it anew as PNG");
}

TEST(DecodeImage, SeesATruncationBehindAHarmlessFault) {
    FileBytes jpeg = tests::jpeg_bytes();
    jpeg.resize(jpeg.size() - 50);
    constexpr std::ptrdiff_t kBehindJfif = 20;
    const FileBytes stray(3);
    jpeg.insert(jpeg.begin() + kBehindJfif, stray.begin(), stray.end());
    expect_unreadable(jpeg, "is truncated", "download it again");
}

/// Where a JPEG's frame says its height and width.
std::size_t jpeg_size_at(const FileBytes& jpeg) {
    const FileBytes marker{std::byte{0xFF}, std::byte{0xC0}};
    const auto found = std::ranges::search(jpeg, marker);
    return static_cast<std::size_t>(found.begin() - jpeg.begin()) + 5;
}

TEST(DecodeImage, RefusesMorePixelsThanTheLimits) {
    FileBytes jpeg = tests::jpeg_bytes();
    tests::put_big_endian(jpeg, jpeg_size_at(jpeg), 65'500U << 16U | 65'500U, 4);
    expect_unreadable(jpeg, "65500 x 65500 pixels", "Scale it down");

    FileBytes png = tests::png_bytes();
    tests::put_big_endian(png, 16, 2'000'000'000, 4);
    tests::mend_png_checksums(png);
    expect_unreadable(png, "2000000000 x 20 pixels", "Scale it down");

    expect_unreadable(tests::animated_webp_bytes({60'000, 60'000}), "60000 x 60000 pixels", "Scale it down");

    FileBytes bmp = tests::bmp_bytes();
    bmp[18 + 3] = std::byte{0x7F};
    expect_unreadable(bmp, "2130706456 x 20 pixels", "Scale it down");
}

TEST(DecodeImage, TakesNoMemoryForPixelsThatAFileCannotHold) {
    FileBytes png = tests::png_bytes();
    tests::put_big_endian(png, 16, 16'000, 4);
    tests::put_big_endian(png, 20, 16'000, 4);
    tests::mend_png_checksums(png);
    expect_unreadable(png, "is truncated", "download it again");

    FileBytes bmp = tests::bmp_bytes();
    bmp[18 + 1] = bmp[22 + 1] = std::byte{0x3F};
    expect_unreadable(bmp, "is truncated", "download it again");
}

TEST(DecodeImage, RefusesEmptySizes) {
    FileBytes bmp = tests::bmp_bytes();
    bmp[18] = std::byte{0};
    expect_unreadable(bmp, "has no pixels", "save it anew as PNG");
}

TEST(DecodeImage, NamesKindsOfBmpThatAreNotRead) {
    FileBytes run_length = tests::bmp_bytes();
    run_length[30] = std::byte{1};
    expect_unreadable(run_length, "run-length encoded BMP", "without compression");

    FileBytes os2 = tests::bmp_bytes();
    os2[14] = std::byte{12};
    expect_unreadable(os2, "BMP picture of OS/2", "without compression");

    FileBytes embedded = tests::bmp_bytes();
    embedded[30] = std::byte{4};
    expect_unreadable(embedded, "BMP picture of a rare compression", "without compression");
}

TEST(DecodeImage, GivesTheFirstFrameOfAnAnimation) {
    expect_equal_pixels(decode_image(tests::animated_webp_bytes()), tests::sample_image());
}

TEST_F(ImageFile, IsTurnedAsExifSays) {
    const FileBytes jpeg = vision::encode_jpeg(tests::two_halves({32, 16}));
    const Image turned = load_image(write("picture.jpg", tests::with_exif(jpeg, tests::exif_bytes(6))));
    // Turned clockwise, the left half is on top.
    ASSERT_EQ(turned.size(), (ImageSize{16, 32}));
    EXPECT_LT(turned.view().row(4).front(), 32);
    EXPECT_GT(turned.view().row(27).front(), 223);
}

class SavedImage : public ImageFile, public ::testing::WithParamInterface<const char*> {};

TEST_P(SavedImage, HasThePixelsOfEveryView) {
    const Image picture = tests::sample_image({30, 17});
    const std::filesystem::path path = folder_ / ("picture" + std::string(GetParam()));
    save_image(picture, path);
    expect_equal_pixels(load_image(path), picture);

    // A part of the picture: rows with gaps.
    const ImageView part(picture.pixels().data() + 3, {20, 9}, ColorFormat::bgr, picture.row_stride());
    save_image(part, path);
    const Image read = load_image(path);
    ASSERT_EQ(read.size(), part.size());
    for (std::int32_t y = 0; y < part.height(); ++y) EXPECT_THAT(read.view().row(y), ElementsAreArray(part.row(y)));

    save_image(ImageView(picture.pixels().data(), picture.size(), ColorFormat::rgb), path);
    EXPECT_EQ(load_image(path).pixels()[0], picture.pixels()[2]);

    const Image gray = tests::sample_image({30, 17}, ColorFormat::gray);
    save_image(gray, path);
    EXPECT_THAT(load_image(path).pixels().subspan(3, 3), ::testing::Each(gray.pixels()[1]));
}

INSTANTIATE_TEST_SUITE_P(WithoutLoss, SavedImage, ::testing::Values(".png", ".webp", ".PNG", ".WebP"));

TEST_F(ImageFile, IsSavedAsJpegByEitherEnding) {
    const Image picture = tests::two_halves({40, 24});
    for (const char* const name : {"picture.jpg", "picture.JPEG"}) {
        save_image(picture, folder_ / name);
        const MappedFile file(folder_ / name);
        EXPECT_EQ(file.bytes()[0], std::byte{0xFF});
        EXPECT_EQ(file.bytes()[1], std::byte{0xD8});
        EXPECT_EQ(load_image(folder_ / name).size(), picture.size());
    }
}

TEST_F(ImageFile, IsEncodedAsItIsSaved) {
    const Image picture = tests::two_halves({40, 24});
    for (const std::string ending : {".jpg", ".PNG", ".webp"}) {
        save_image(picture, folder_ / ("picture" + ending));
        const MappedFile file(folder_ / ("picture" + ending));
        EXPECT_THAT(encode_image(picture, ending), ElementsAreArray(file.bytes()));
    }
    EXPECT_THAT([&] { (void)encode_image(picture, ".gif"); },
                Throws<Error>(is_error(ErrorKind::invalid_argument, ".gif", "no format", ".jpg, .jpeg, .png")));
}

TEST_F(ImageFile, WithoutAKnownEndingIsNotSaved) {
    for (const char* const name : {"picture.bmp", "picture", "picture.gif", ".png"}) {
        const std::string path = folder_ / name;
        EXPECT_THAT([&] { save_image(tests::sample_image(), path); },
                    Throws<Error>(is_error(ErrorKind::invalid_argument, path, "no format", ".jpg, .jpeg, .png")));
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(ImageFile, InAMissingFolderIsNotSaved) {
    const std::string path = folder_ / "none" / "picture.png";
    EXPECT_THAT([&] { save_image(tests::sample_image(), path); },
                Throws<Error>(is_error(ErrorKind::io_failure, path, "cannot be written", "")));
}

TEST_F(ImageFile, TooLargeForWebpIsNotSaved) {
    const Image picture({16'384, 1});
    EXPECT_THAT([&] { save_image(picture, folder_ / "picture.webp"); },
                Throws<Error>(AllOf(Property(&Error::kind, ErrorKind::invalid_argument),
                                    Property(&Error::message, HasSubstr("16384 x 1 pixels is too large for WebP")),
                                    Property(&Error::hint, HasSubstr("PNG")))));
    EXPECT_NO_THROW(save_image(picture, folder_ / "picture.png"));
}

TEST_F(ImageFile, OfRowsTooFarApartIsNotSaved) {
    const std::uint8_t pixel[3]{};
    const ImageView view(pixel, {1, 1}, ColorFormat::bgr, std::size_t{1} << 32U);
    EXPECT_THAT(
        [&] { save_image(view, folder_ / "picture.jpg"); },
        Throws<Error>(AllOf(Property(&Error::kind, ErrorKind::invalid_argument), Property(&Error::subject, "image"),
                            Property(&Error::hint, HasSubstr("rows have no gaps")))));
}

}  // namespace
}  // namespace inference_models
