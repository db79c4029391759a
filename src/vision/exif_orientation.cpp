#include "vision/exif_orientation.hpp"

#include <libexif/exif-data.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace inference_models::vision {
namespace {

constexpr std::array<std::byte, 6> kExifPrefix{std::byte{'E'}, std::byte{'x'}, std::byte{'i'},
                                               std::byte{'f'}, std::byte{0},   std::byte{0}};

/// More than JPEG can hold; PNG and WebP could hold gigabytes, which libexif would copy.
constexpr std::size_t kMaxExifBytes = std::size_t{1} << 20U;

/// The values 1 to 8 of the EXIF field, in order.
constexpr std::array<Orientation, 8> kOrientations{{{false, false, false},
                                                    {false, true, false},
                                                    {false, true, true},
                                                    {false, false, true},
                                                    {true, false, false},
                                                    {true, true, false},
                                                    {true, true, true},
                                                    {true, false, true}}};

struct ExifDataDeleter {
    void operator()(ExifData* data) const noexcept { exif_data_unref(data); }
};
using ExifDataPointer = std::unique_ptr<ExifData, ExifDataDeleter>;

ExifDataPointer parse_exif(std::span<const std::byte> exif) {
    std::vector<std::byte> prefixed;
    if (!std::ranges::equal(exif.first(std::min(exif.size(), kExifPrefix.size())), kExifPrefix)) {
        prefixed.assign(kExifPrefix.begin(), kExifPrefix.end());
        prefixed.insert(prefixed.end(), exif.begin(), exif.end());
        exif = prefixed;
    }
    ExifDataPointer data(exif_data_new());
    if (!data) return data;
    // By default libexif would mend the block and add what the specification demands.
    exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
    exif_data_load_data(data.get(), reinterpret_cast<const unsigned char*>(exif.data()),
                        static_cast<unsigned int>(exif.size()));
    return data;
}

constexpr int kPixelBytes = 3;

/// Copies one part of the upright picture. Steps are what the stored pixels' address changes by.
struct Turn {
    const std::uint8_t* first;  ///< the stored pixel that becomes the top left one
    std::ptrdiff_t column_step;
    std::ptrdiff_t row_step;
    Image* upright;

    void copy_tile(std::int32_t x_begin, std::int32_t y_begin, std::int32_t x_end, std::int32_t y_end) const {
        for (std::int32_t y = y_begin; y < y_end; ++y) {
            const std::uint8_t* from = first + y * row_step + x_begin * column_step;
            std::uint8_t* to = upright->pixels().data() + static_cast<std::size_t>(y) * upright->row_stride() +
                               static_cast<std::size_t>(x_begin) * kPixelBytes;
            for (std::int32_t x = x_begin; x < x_end; ++x, from += column_step, to += kPixelBytes) {
                std::memcpy(to, from, kPixelBytes);
            }
        }
    }
};

Turn make_turn(const Image& stored, Orientation orientation, Image& upright) {
    const auto stored_row = static_cast<std::ptrdiff_t>(stored.row_stride());
    Turn turn{.first = stored.pixels().data(),
              .column_step = orientation.transposed ? stored_row : kPixelBytes,
              .row_step = orientation.transposed ? kPixelBytes : stored_row,
              .upright = &upright};
    if (orientation.flipped_horizontally) {
        turn.first += (upright.size().width - 1) * turn.column_step;
        turn.column_step = -turn.column_step;
    }
    if (orientation.flipped_vertically) {
        turn.first += (upright.size().height - 1) * turn.row_step;
        turn.row_step = -turn.row_step;
    }
    return turn;
}

}  // namespace

Orientation read_exif_orientation(std::span<const std::byte> exif) {
    if (exif.empty() || exif.size() > kMaxExifBytes) return {};
    const ExifDataPointer data = parse_exif(exif);
    if (!data) return {};
    const ExifEntry* const entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < sizeof(ExifShort)) return {};
    const ExifShort value = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
    return value >= 1 && value <= kOrientations.size() ? kOrientations[value - 1U] : Orientation{};
}

Image apply_orientation(Image stored, Orientation orientation) {
    if (orientation == Orientation{}) return stored;
    const auto [width, height] = stored.size();
    Image upright(orientation.transposed ? ImageSize{height, width} : ImageSize{width, height});
    const Turn turn = make_turn(stored, orientation, upright);
    // Tiles, because a transposed picture is read down its columns: each cache line would be fetched again for each
    // row.
    constexpr std::int32_t kTile = 32;
    for (std::int32_t y = 0; y < upright.size().height; y += kTile) {
        for (std::int32_t x = 0; x < upright.size().width; x += kTile) {
            turn.copy_tile(x, y, std::min(x + kTile, upright.size().width), std::min(y + kTile, upright.size().height));
        }
    }
    return upright;
}

}  // namespace inference_models::vision
