#include "vision/contrast.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

// Each step, its precision (float32 or float64) and its rounding are those of scikit-image and numpy, whose names are
// given; what they do to an array of pixels is done here to the 256 values that a pixel can have, wherever possible.

namespace inference_models::vision {
namespace {

using Counts = std::array<std::uint64_t, 256>;
using ValueMap = std::array<std::uint8_t, 256>;

Counts count_values(std::span<const std::uint8_t> values) {
    Counts counts{};
    for (const std::uint8_t value : values) ++counts[value];
    return counts;
}

void replace_values(std::span<std::uint8_t> values, const ValueMap& map) {
    for (std::uint8_t& value : values) value = map[value];
}

/// The value at a place of the sorted list.
double order_statistic(const Counts& counts, std::uint64_t place) {
    std::uint64_t passed = 0;
    std::size_t value = 0;
    while (passed + counts[value] <= place) passed += counts[value++];
    return static_cast<double>(value);
}

/// numpy.percentile, `linear`.
double percentile(const Counts& counts, std::uint64_t size, double percent) {
    const double place = static_cast<double>(size - 1) * (percent / 100.0);
    const double below = std::floor(place);
    const auto index = static_cast<std::uint64_t>(below);
    const double low = order_statistic(counts, index);
    const double high = order_statistic(counts, std::min(index + 1, size - 1));
    const double fraction = place - below;
    return fraction >= 0.5 ? high - (high - low) * (1 - fraction) : low + (high - low) * fraction;
}

/// skimage.exposure.rescale_intensity(image, in_range=(p2, p98))
ValueMap contrast_stretching(std::span<const std::uint8_t> values) {
    const Counts counts = count_values(values);
    const double low = percentile(counts, values.size(), 2);
    const double high = percentile(counts, values.size(), 98);
    ValueMap map;
    for (std::size_t i = 0; i < 256; ++i) {
        const double clipped = std::clamp(static_cast<double>(i), low, high);
        map[i] = static_cast<std::uint8_t>(low == high ? clipped : (clipped - low) / (high - low) * 255.0);
    }
    return map;
}

/// numpy.interp at one place.
double interpolate(double x, const std::array<double, 256>& places, const std::array<double, 256>& values) {
    if (x < places.front()) return values.front();
    if (x >= places.back()) return values.back();
    const auto after = std::upper_bound(places.begin(), places.end(), x);
    const auto i = static_cast<std::size_t>(after - places.begin()) - 1;
    if (places[i] == x) return values[i];
    const double slope = (values[i + 1] - values[i]) / (places[i + 1] - places[i]);
    return slope * (x - places[i]) + values[i];
}

/// skimage.exposure.equalize_hist(image / 255) * 255, of which the histogram is numpy.histogram's in float32.
ValueMap histogram_equalization(std::span<const std::uint8_t> values) {
    constexpr std::size_t kBins = 256;
    const Counts counts = count_values(values);
    const auto present = [&](std::size_t i) { return counts[i] > 0; };
    std::size_t smallest = 0;
    while (!present(smallest)) ++smallest;
    std::size_t largest = 255;
    while (!present(largest)) --largest;

    const auto intensity = [](std::size_t value) { return static_cast<float>(value) / 255.0F; };
    const bool flat = smallest == largest;
    const float first = intensity(smallest) - (flat ? 0.5F : 0.0F);
    const float last = intensity(largest) + (flat ? 0.5F : 0.0F);
    const float range = last - first;
    std::array<float, kBins + 1> edges{};
    const float step = range / static_cast<float>(kBins);
    for (std::size_t i = 0; i < kBins; ++i) edges[i] = static_cast<float>(i) * step + first;
    edges[kBins] = last;

    std::array<std::uint64_t, kBins> histogram{};
    for (std::size_t i = smallest; i <= largest; ++i) {
        const float value = intensity(i);
        auto bin = static_cast<std::size_t>((value - first) / range * static_cast<float>(kBins));
        bin = std::min(bin, kBins - 1);
        if (value < edges[bin]) --bin;
        if (value >= edges[bin + 1] && bin != kBins - 1) ++bin;
        histogram[bin] += counts[i];
    }

    std::array<double, kBins> centers{};
    std::array<double, kBins> distribution{};
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < kBins; ++i) {
        centers[i] = static_cast<double>((edges[i] + edges[i + 1]) / 2.0F);
        passed += histogram[i];
        distribution[i] =
            static_cast<double>(static_cast<float>(static_cast<double>(passed) / static_cast<double>(values.size())));
    }

    ValueMap map;
    for (std::size_t i = 0; i < 256; ++i) {
        const double equalized = interpolate(static_cast<double>(intensity(i)), centers, distribution);
        map[i] = static_cast<std::uint8_t>(static_cast<float>(equalized) * 255.0F);
    }
    return map;
}

// ---- Adaptive equalization (CLAHE): the value of each pixel's HSV form goes through maps that tiles of the picture
// give,
// ---- mixed by the pixel's distance from the tiles' centres.

constexpr std::int32_t kLevels = 1 << 14;
constexpr std::size_t kTileBins = 256;
constexpr double kClipLimit = 0.03;

/// A plane of levels, 0..kLevels - 1.
struct Plane {
    std::size_t width;
    std::size_t height;
    std::vector<std::uint16_t> levels;
};

std::uint8_t largest_channel(const std::uint8_t* pixel) {
    return std::max({pixel[0], pixel[1], pixel[2]});
}

/// img_as_uint and rescale_intensity: from a value to its level.
std::array<std::uint16_t, 256> value_levels(std::uint8_t smallest, std::uint8_t largest) {
    const auto as_uint = [](std::size_t value) {
        return static_cast<double>(std::rint(static_cast<float>(value) / 255.0F * 65535.0F));
    };
    const double low = as_uint(smallest);
    const double high = as_uint(largest);
    std::array<std::uint16_t, 256> levels{};
    for (std::size_t i = 0; i < 256; ++i) {
        const double value = std::clamp(as_uint(i), low, high);
        const double level =
            low == high ? std::min(value, kLevels - 1.0) : (value - low) / (high - low) * (kLevels - 1);
        levels[i] = static_cast<std::uint16_t>(std::rint(level));
    }
    return levels;
}

Plane value_plane(const Image& image) {
    Plane plane{static_cast<std::size_t>(image.size().width), static_cast<std::size_t>(image.size().height), {}};
    plane.levels.resize(plane.width * plane.height);
    const std::uint8_t* const pixels = image.pixels().data();
    std::uint8_t smallest = 255;
    std::uint8_t largest = 0;
    for (std::size_t i = 0; i < plane.levels.size(); ++i) {
        const std::uint8_t value = largest_channel(pixels + i * 3);
        smallest = std::min(smallest, value);
        largest = std::max(largest, value);
    }
    const auto levels = value_levels(smallest, largest);
    for (std::size_t i = 0; i < plane.levels.size(); ++i) plane.levels[i] = levels[largest_channel(pixels + i * 3)];
    return plane;
}

/// What is beyond the plane mirrors it, the edge not repeated.
std::size_t reflected(std::size_t index, std::size_t side) {
    if (side == 1) return 0;
    const std::size_t phase = index % (2 * (side - 1));
    return phase < side ? phase : 2 * (side - 1) - phase;
}

using TileHistogram = std::array<std::int64_t, kTileBins>;
using TileMap = std::array<std::int32_t, kTileBins>;

/// clip_histogram: what is above the limit is spread over the other bins.
void clip_histogram(TileHistogram& histogram, std::int64_t limit) {
    std::int64_t excess = 0;
    for (std::int64_t& count : histogram) {
        excess += std::max<std::int64_t>(count - limit, 0);
        count = std::min(count, limit);
    }
    const std::int64_t increment = excess / static_cast<std::int64_t>(kTileBins);
    const std::int64_t upper = limit - increment;
    for (std::int64_t& count : histogram) {
        std::int64_t raised = count < upper ? count + increment : count;
        // What comes near the limit by being raised is filled up as well; the excess may become negative.
        if (raised >= upper) raised = limit;
        excess -= raised - count;
        count = raised;
    }
    while (excess > 0) {
        const std::int64_t before = excess;
        for (std::size_t index = 0; index < kTileBins && excess > 0; ++index) {
            const auto below =
                std::count_if(histogram.begin(), histogram.end(), [&](std::int64_t count) { return count < limit; });
            const auto step = static_cast<std::size_t>(std::max<std::int64_t>(1, below / excess));
            for (std::size_t i = index; i < kTileBins; i += step) {
                if (histogram[i] >= limit) continue;
                ++histogram[i];
                --excess;
            }
        }
        if (excess == before) break;
    }
}

/// map_histogram: from a bin to a level.
TileMap equalizing_map(const TileHistogram& histogram, std::size_t tile_pixels) {
    const double levels_per_pixel = static_cast<double>(kLevels - 1) / static_cast<double>(tile_pixels);
    TileMap map;
    std::int64_t passed = 0;
    for (std::size_t i = 0; i < kTileBins; ++i) {
        passed += histogram[i];
        map[i] = static_cast<std::int32_t>(std::min(static_cast<double>(passed) * levels_per_pixel, kLevels - 1.0));
    }
    return map;
}

std::size_t tile_bin(std::uint16_t level) {
    return level / (1 + kLevels / kTileBins);
}

/// One axis of the tiling: tiles of an eighth of the side, the last one completed with reflected pixels.
struct TileAxis {
    explicit TileAxis(std::size_t side_) : side(side_), tile(std::max<std::size_t>(side_ / 8, 1)) {
        count = (side + tile - 1) / tile;
    }

    struct Place {
        std::size_t before;  ///< tile whose centre is at or before the pixel, or the first one
        std::size_t after;
        double after_part;  ///< how far the pixel is on the way from `before` to `after`
    };
    [[nodiscard]] Place place(std::size_t pixel) const {
        const std::size_t shifted = pixel + tile / 2;
        const std::size_t after = shifted / tile;  // counted from a copy of the first tile that lies before it
        return {after == 0 ? 0 : after - 1, std::min(after, count - 1),
                static_cast<double>(shifted % tile) / static_cast<double>(tile)};
    }

    std::size_t side;
    std::size_t tile;
    std::size_t count;
};

std::vector<TileMap> tile_maps(const Plane& plane, const TileAxis& columns, const TileAxis& rows) {
    const std::size_t tile_pixels = columns.tile * rows.tile;
    const auto limit =
        std::max<std::int64_t>(static_cast<std::int64_t>(kClipLimit * static_cast<double>(tile_pixels)), 1);
    std::vector<TileMap> maps;
    maps.reserve(columns.count * rows.count);
    for (std::size_t row = 0; row < rows.count; ++row) {
        for (std::size_t column = 0; column < columns.count; ++column) {
            TileHistogram histogram{};
            for (std::size_t y = row * rows.tile; y < (row + 1) * rows.tile; ++y) {
                const std::uint16_t* const levels = plane.levels.data() + reflected(y, plane.height) * plane.width;
                for (std::size_t x = column * columns.tile; x < (column + 1) * columns.tile; ++x) {
                    ++histogram[tile_bin(levels[reflected(x, plane.width)])];
                }
            }
            clip_histogram(histogram, limit);
            maps.push_back(equalizing_map(histogram, tile_pixels));
        }
    }
    return maps;
}

/// _clahe
void equalize_tiles(Plane& plane) {
    const TileAxis columns(plane.width);
    const TileAxis rows(plane.height);
    const std::vector<TileMap> maps = tile_maps(plane, columns, rows);
    for (std::size_t y = 0; y < plane.height; ++y) {
        const TileAxis::Place row = rows.place(y);
        for (std::size_t x = 0; x < plane.width; ++x) {
            const TileAxis::Place column = columns.place(x);
            std::uint16_t& level = plane.levels[y * plane.width + x];
            const std::size_t bin = tile_bin(level);
            const auto part = [&](std::size_t tile_row, std::size_t tile_column, double weight) {
                return static_cast<float>(maps[tile_row * columns.count + tile_column][bin] * weight);
            };
            const double right = column.after_part;
            const double below = row.after_part;
            float sum = part(row.before, column.before, (1 - right) * (1 - below));
            sum += part(row.before, column.after, right * (1 - below));
            sum += part(row.after, column.before, (1 - right) * below);
            sum += part(row.after, column.after, right * below);
            level = static_cast<std::uint16_t>(sum);
        }
    }
}

struct Hsv {
    float hue;
    float saturation;
};

/// rgb2hsv without the value
Hsv hue_and_saturation(const std::uint8_t* pixel) {
    const float red = static_cast<float>(pixel[0]) / 255.0F;
    const float green = static_cast<float>(pixel[1]) / 255.0F;
    const float blue = static_cast<float>(pixel[2]) / 255.0F;
    const float value = std::max({red, green, blue});
    const float delta = value - std::min({red, green, blue});
    if (delta == 0.0F) return {0, 0};
    float sector = 0;
    if (blue == value) {
        sector = 4.0F + (red - green) / delta;
    } else if (green == value) {
        sector = 2.0F + (blue - red) / delta;
    } else {
        sector = (green - blue) / delta;
    }
    const float hue = sector / 6.0F;
    return {hue < 0 ? hue + 1.0F : hue, delta / value};
}

/// hsv2rgb, times 255, truncated
void write_pixel(const Hsv& color, float value, std::uint8_t* pixel) {
    const float sector = std::floor(color.hue * 6.0F);
    const float f = color.hue * 6.0F - sector;
    const auto byte = [](float part) { return static_cast<std::uint8_t>(part * 255.0F); };
    const std::uint8_t v = byte(value);
    const std::uint8_t p = byte(value * (1.0F - color.saturation));
    const std::uint8_t q = byte(value * (1.0F - f * color.saturation));
    const std::uint8_t t = byte(value * (1.0F - (1.0F - f) * color.saturation));
    const std::array<std::array<std::uint8_t, 3>, 6> sectors{
        {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}}};
    std::ranges::copy(sectors[static_cast<std::size_t>(sector) % 6], pixel);
}

/// skimage.exposure.equalize_adapthist(image / 255, clip_limit=0.03) * 255, the channels taken for red, green and blue
/// whatever they are.
void adaptive_equalization(Image& image) {
    Plane plane = value_plane(image);
    equalize_tiles(plane);
    const auto [low, high] = std::ranges::minmax(plane.levels);
    const auto range = static_cast<float>(high - low);
    std::uint8_t* pixel = image.pixels().data();
    for (const std::uint16_t level : plane.levels) {
        const float value =
            low == high ? std::min(static_cast<float>(level), 1.0F) : static_cast<float>(level - low) / range;
        write_pixel(hue_and_saturation(pixel), value, pixel);
        pixel += 3;
    }
}

}  // namespace

void adjust_contrast(Image& image, Contrast contrast) {
    switch (contrast) {
        case Contrast::adaptive_equalization: return adaptive_equalization(image);
        case Contrast::contrast_stretching: return replace_values(image.pixels(), contrast_stretching(image.pixels()));
        case Contrast::histogram_equalization:
            return replace_values(image.pixels(), histogram_equalization(image.pixels()));
    }
}

}  // namespace inference_models::vision
