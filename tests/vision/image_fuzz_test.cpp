#include <gtest/gtest.h>

#include <inference_models/error.hpp>
#include <inference_models/image.hpp>
#include <random>

#include "vision/image_bytes.hpp"

// Bytes that were right once. Decoding them may succeed or throw an Error; anything else fails the test, and the
// sanitizers see what is read or written out of bounds.

namespace inference_models {
namespace {

using tests::FileBytes;

struct Format {
    const char* name;
    FileBytes (*make)();
    /// What keeps a damaged file from being refused at the first glance.
    void (*mend)(FileBytes& bytes);
};

void leave(FileBytes&) {}

class DamagedBytes : public ::testing::TestWithParam<Format> {
protected:
    static void decode(FileBytes bytes) {
        GetParam().mend(bytes);
        try {
            const Image image = decode_image(bytes);
            EXPECT_EQ(image.format(), ColorFormat::bgr);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::unreadable_image);
            EXPECT_EQ(error.subject(), "image");
            EXPECT_FALSE(error.hint().empty());
        }
    }
};

TEST_P(DamagedBytes, NeverCrashWhenEachByteIsChanged) {
    const FileBytes whole = GetParam().make();
    std::mt19937 random(1);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const std::uint32_t value : {0U, 0xFFU, static_cast<std::uint32_t>(random())}) {
            FileBytes damaged = whole;
            damaged[at] = static_cast<std::byte>(value);
            decode(std::move(damaged));
        }
    }
}

TEST_P(DamagedBytes, NeverCrashWhenSeveralAreChangedAndSomeAreMissing) {
    const FileBytes whole = GetParam().make();
    std::mt19937 random(2);
    for (int round = 0; round < 1000; ++round) {
        FileBytes damaged = whole;
        for (std::uint32_t change = random() % 8; change > 0; --change) {
            damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        }
        if (round % 2 == 0) damaged.resize(random() % damaged.size());
        decode(std::move(damaged));
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedBytes,
    ::testing::Values(Format{"Jpeg", [] { return tests::with_exif(tests::jpeg_bytes(), tests::exif_bytes(6)); }, leave},
                      Format{"Png", tests::png_bytes, tests::mend_png_checksums},
                      Format{"Webp", tests::webp_bytes, leave},
                      Format{"AnimatedWebp", [] { return tests::animated_webp_bytes(); }, leave},
                      Format{"Bmp", [] { return tests::bmp_bytes(); }, leave}),
    [](const auto& format) { return std::string(format.param.name); });

}  // namespace
}  // namespace inference_models
