#include "vision/pre_processing.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "vision/resize_pass.hpp"

namespace inference_models::vision {
namespace {

std::vector<std::uint8_t> noise(std::size_t size) {
    std::mt19937 random(static_cast<std::uint32_t>(size));
    std::vector<std::uint8_t> bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

PreProcessing stretch(ImageSize network) {
    PreProcessing rules;
    rules.resize_mode = ResizeMode::stretch;
    rules.network_size = network;
    rules.network_color = ColorFormat::bgr;
    return rules;
}

/// \param misalignment  floats by which the network's memory misses the start of a cache line
std::vector<float> run(const ImageView& image, const PreProcessing& rules, TensorLayout layout = TensorLayout::nchw,
                       std::size_t misalignment = 0) {
    const auto width = static_cast<std::size_t>(rules.network_size.width);
    const auto height = static_cast<std::size_t>(rules.network_size.height);
    CacheLineVector<float> memory(misalignment + 3 * width * height, -1.0F);
    const std::span<float> input = std::span(memory).subspan(misalignment);
    (void)pre_process(image, rules, {std::as_writable_bytes(input), ElementType::float32, layout});
    return {input.begin(), input.end()};
}

/// OpenCV's bilinear resize, written down once more and as plainly as possible: one sample of one channel.
class BilinearAxis {
public:
    BilinearAxis(std::int32_t source, std::int32_t size, bool horizontal)
        : source_(source), scale_(1.0 / (static_cast<double>(size) / source)), horizontal_(horizontal) {}

    struct Sample {
        std::int32_t indices[2];
        std::int32_t weights[2];
    };
    [[nodiscard]] Sample at(std::int32_t i) const {
        auto f = static_cast<float>((i + 0.5) * scale_ - 0.5);
        auto s = static_cast<std::int32_t>(std::floor(f));
        f -= static_cast<float>(s);
        if (horizontal_ && (s < 0 || s >= source_ - 1)) {
            s = s < 0 ? 0 : source_ - 1;
            f = 0;
        }
        return {{std::clamp(s, 0, source_ - 1), std::clamp(s + 1, 0, source_ - 1)},
                {static_cast<std::int32_t>(std::nearbyint((1 - f) * 2048)),
                 static_cast<std::int32_t>(std::nearbyint(f * 2048))}};
    }

private:
    std::int32_t source_;
    double scale_;
    bool horizontal_;
};

std::vector<float> resized(const std::vector<std::uint8_t>& pixels, ImageSize from, ImageSize to) {
    const BilinearAxis columns(from.width, to.width, true);
    const BilinearAxis rows(from.height, to.height, false);
    std::vector<float> planes;
    for (std::int32_t channel = 0; channel < 3; ++channel) {
        for (std::int32_t y = 0; y < to.height; ++y) {
            for (std::int32_t x = 0; x < to.width; ++x) {
                const auto row = rows.at(y);
                const auto column = columns.at(x);
                std::int32_t sum = 2;
                for (int r = 0; r < 2; ++r) {
                    std::int32_t across = 0;
                    for (int c = 0; c < 2; ++c) {
                        const auto pixel =
                            static_cast<std::size_t>(row.indices[r]) * static_cast<std::size_t>(from.width) +
                            static_cast<std::size_t>(column.indices[c]);
                        across += pixels[pixel * 3 + static_cast<std::size_t>(channel)] * column.weights[c];
                    }
                    sum += (row.weights[r] * (across >> 4)) >> 16;
                }
                planes.push_back(static_cast<float>(sum >> 2));
            }
        }
    }
    return planes;
}

/// Runs with one instruction set after the other.
class EveryInstructionSet : public testing::TestWithParam<std::int64_t> {
protected:
    void SetUp() override {
        hwy::SetSupportedTargetsForTest(GetParam());
        ASSERT_EQ(resize_instruction_set(), hwy::TargetName(GetParam()));
    }
    void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

INSTANTIATE_TEST_SUITE_P(Resize, EveryInstructionSet, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& target) { return std::string(hwy::TargetName(target.param)); });

TEST_P(EveryInstructionSet, ResizesAsTheFormulaSays) {
    const std::vector<std::pair<ImageSize, ImageSize>> sizes = {
        {{1, 1}, {1, 1}},     {{1, 1}, {37, 5}},      {{2, 1}, {64, 3}},      {{1, 50}, {7, 20}},
        {{3, 3}, {17, 16}},   {{64, 48}, {32, 24}},   {{65, 49}, {33, 24}},   {{31, 7}, {90, 8}},
        {{400, 30}, {19, 4}}, {{20'000, 1}, {64, 2}}, {{1, 20'000}, {3, 64}}, {{65'500, 2}, {48, 1}}};
    for (const auto& [from, to] : sizes) {
        const auto pixels = noise(static_cast<std::size_t>(from.width) * static_cast<std::size_t>(from.height) * 3);
        EXPECT_EQ(run(ImageView(pixels.data(), from), stretch(to)), resized(pixels, from, to))
            << from.width << 'x' << from.height << " to " << to.width << 'x' << to.height;
    }
}

TEST_P(EveryInstructionSet, WritesLargeInputsAlikeAtEveryPad) {
    // Large enough to be written around the caches; widths that put the image at every alignment.
    for (std::int32_t width = 300; width < 334; ++width) {
        const ImageSize size{width, 640};
        const auto pixels = noise(static_cast<std::size_t>(width) * 640 * 3);
        PreProcessing rules = stretch({640, 640});
        rules.resize_mode = ResizeMode::letterbox;
        rules.padding_value = 9;
        const std::vector<float> input = run(ImageView(pixels.data(), size), rules);
        ASSERT_EQ(input, run(ImageView(pixels.data(), size), rules, TensorLayout::nchw, 1));
        const std::int32_t left = (640 - width) / 2;
        for (std::int32_t y = 0; y < 640; y += 31) {
            for (std::int32_t x = 0; x < 640; ++x) {
                const bool inside = x >= left && x < left + width;
                const std::int32_t pixel = y * width + x - left;
                for (std::int32_t channel = 0; channel < 3; ++channel) {
                    const int expected = inside ? pixels[static_cast<std::size_t>(pixel * 3 + channel)] : 9;
                    ASSERT_EQ(input[static_cast<std::size_t>((channel * 640 + y) * 640 + x)],
                              static_cast<float>(expected))
                        << "width " << width << ", x " << x << ", y " << y;
                }
            }
        }
    }
}

TEST_P(EveryInstructionSet, ReadsAndWritesNothingBeyondTheEnds) {
    // The buffers end with the last pixel: AddressSanitizer sees a byte too much. The guard sees a float too much.
    for (std::int32_t width = 1; width < 40; ++width) {
        const auto pixels = noise(static_cast<std::size_t>(width) * 3);
        for (std::int32_t to = 1; to < 40; ++to) {
            std::vector<float> input(static_cast<std::size_t>(to) * 3 + 1, -1.0F);
            const std::span<float> slot(input.data(), input.size() - 1);
            for (const TensorLayout layout : {TensorLayout::nchw, TensorLayout::nhwc}) {
                (void)pre_process(ImageView(pixels.data(), {width, 1}), stretch({to, 1}),
                                  {std::as_writable_bytes(slot), ElementType::float32, layout});
                ASSERT_EQ(input.back(), -1.0F);
                ASSERT_GE(*std::ranges::min_element(slot), 0.0F);
            }
        }
    }
}

TEST_P(EveryInstructionSet, PixelsAreThePlanesTransposed) {
    const ImageSize size{101, 37};
    const auto pixels = noise(101 * 37 * 3);
    PreProcessing rules = stretch({61, 20});
    rules.scaling_factor = 255.0F;
    rules.network_color = ColorFormat::rgb;
    const std::vector<float> planes = run(ImageView(pixels.data(), size), rules);
    const std::vector<float> interleaved = run(ImageView(pixels.data(), size), rules, TensorLayout::nhwc);
    for (std::size_t i = 0; i < 61 * 20; ++i) {
        for (std::size_t channel = 0; channel < 3; ++channel) {
            ASSERT_EQ(interleaved[i * 3 + channel], planes[channel * 61 * 20 + i]);
        }
    }
}

TEST(PreProcessing, TheSameImageComesOutOfSeveralThreads) {
    const auto pixels = noise(301 * 203 * 3);
    const ImageView image(pixels.data(), {301, 203});
    const std::vector<float> expected = run(image, stretch({128, 96}));
    const std::vector<float> other = run(image, stretch({96, 128}));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int repetition = 0; repetition < 20; ++repetition) {
                EXPECT_EQ(run(image, stretch({128, 96})), expected);
                EXPECT_EQ(run(image, stretch({96, 128})), other);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
}

TEST(PreProcessing, HalvesAreTheNearestOnes) {
    const auto pixels = noise(64 * 64 * 3);
    PreProcessing rules = stretch({64, 64});
    rules.scaling_factor = 3.0F;
    std::vector<std::uint16_t> halves(64 * 64 * 3);
    (void)pre_process(ImageView(pixels.data(), {64, 64}), rules,
                      {std::as_writable_bytes(std::span(halves)), ElementType::float16, TensorLayout::nchw});
    const std::vector<float> floats = run(ImageView(pixels.data(), {64, 64}), rules);
    const auto value = [](std::uint16_t half) {
        return std::ldexp(static_cast<double>(half % 1024) / 1024 + 1, half / 1024 - 15);
    };
    for (std::size_t i = 0; i < floats.size(); ++i) {
        if (floats[i] == 0.0F) {
            ASSERT_EQ(halves[i], 0);
            continue;
        }
        const auto off = [&](std::uint16_t half) { return std::abs(value(half) - static_cast<double>(floats[i])); };
        ASSERT_LE(off(halves[i]), off(static_cast<std::uint16_t>(halves[i] - 1)));
        ASSERT_LE(off(halves[i]), off(static_cast<std::uint16_t>(halves[i] + 1)));
    }
}

}  // namespace
}  // namespace inference_models::vision
