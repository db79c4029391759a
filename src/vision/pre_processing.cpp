#include "vision/pre_processing.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <type_traits>
#include <vector>

#include "vision/contrast.hpp"
#include "vision/geometry.hpp"
#include "vision/pixel_rows.hpp"
#include "vision/resize_pass.hpp"

namespace inference_models::vision {
namespace {

/// What a call needs besides the image and the slot. Each thread keeps its own, so that calls allocate nothing.
struct Workspace {
    ColumnTable columns;
    std::array<CacheLineVector<std::int16_t>, 2> resized_rows;
    CacheLineVector<std::uint8_t> blended_row;
    CacheLineVector<std::byte> network_rows;
    std::vector<std::uint8_t> pixel_row;

    /// Gives everything back after an unusually wide image or network.
    void shrink() {
        constexpr std::size_t kKeptBytes = std::size_t{1} << 20;
        const std::size_t columns_bytes =
            columns.row_length() * sizeof(std::int16_t) * 5;  // weights, rows, blended row
        if (columns_bytes + network_rows.size() + pixel_row.size() > kKeptBytes) *this = Workspace();
    }
};

/// Inputs that are larger are written around the caches: they would push out the image and one another, and the
/// network reads them once, much later. Smaller ones stay where the network finds them.
constexpr std::size_t kStreamedBytes = std::size_t{2} << 20;

/// IEEE half precision, rounded to nearest, halves to even.
std::uint16_t to_half(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = bits >> 16 & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7FFF'FFFFU;
    if (magnitude >= 0x4780'0000U) {  // 65536 and more, infinity, NaN
        const bool is_nan = magnitude > 0x7F80'0000U;
        return static_cast<std::uint16_t>(sign | (is_nan ? 0x7E00U : 0x7C00U));
    }
    if (magnitude < 0x3880'0000U) {  // below the smallest normal half: adding 0.5 lets the processor round to 2^-24
        const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
        return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F00'0000U));
    }
    const std::uint32_t rebiased = magnitude - 0x3800'0000U;
    return static_cast<std::uint16_t>(sign | ((rebiased + 0x0FFFU + (rebiased >> 13 & 1U)) >> 13));
}

template <class Element>
Element to_element(float value) {
    if constexpr (std::is_same_v<Element, float>) {
        return value;
    } else {
        return to_half(value);
    }
}

float network_value(float value, const PreProcessing& rules, std::size_t channel) {
    if (rules.scaling_factor) value /= *rules.scaling_factor;
    if (rules.normalization) {
        value = (value - rules.normalization->mean[channel]) / rules.normalization->deviation[channel];
    }
    return value;
}

/// What each of the 256 values of a channel becomes, channels in the network's order.
template <class Element>
using ValueTables = std::array<std::array<Element, 256>, 3>;

template <class Element>
ValueTables<Element> value_tables(const PreProcessing& rules) {
    ValueTables<Element> tables;
    for (std::size_t channel = 0; channel < 3; ++channel) {
        for (std::size_t value = 0; value < 256; ++value) {
            tables[channel][value] = to_element<Element>(network_value(static_cast<float>(value), rules, channel));
        }
    }
    return tables;
}

/// The factor that makes exactly this table, where there is one.
std::optional<Factor> exact_factor(const PreProcessing& rules) {
    if (rules.normalization) return std::nullopt;
    if (!rules.scaling_factor) return Factor{};
    const double factor = 1.0 / static_cast<double>(*rules.scaling_factor);
    constexpr std::uint32_t kSixteenBits = 0xFFFF'FF00U;
    const auto coarse = std::bit_cast<float>(std::bit_cast<std::uint32_t>(static_cast<float>(factor)) & kSixteenBits);
    const auto fine = static_cast<float>(factor - static_cast<double>(coarse));
    for (int i = 0; i < 256; ++i) {
        const auto value = static_cast<float>(i);
        if (value * coarse + value * fine != value / *rules.scaling_factor) return std::nullopt;
    }
    return Factor{coarse, fine};
}

/// As OpenCV's BORDER_REFLECT_101: where a place before or after `size` elements is seen in a mirror. The outermost
/// element is not repeated.
std::size_t mirrored(std::ptrdiff_t place, std::size_t size) {
    if (size == 1) return 0;
    const auto period = static_cast<std::ptrdiff_t>(2 * (size - 1));
    const auto phase = static_cast<std::size_t>((place % period + period) % period);
    return phase < size ? phase : 2 * (size - 1) - phase;
}

/// Writes a slot row by row. The usual input, float32 planes, is written straight from the registers and around the
/// caches. Every other one is composed a row at a time in cached memory and copied from there.
template <class Element>
class Pass {
public:
    Pass(const PixelRows& source, const Geometry& geometry, const PreProcessing& rules, const NetworkInputSlot& slot,
         bool reversed, Workspace& workspace)
        : source_(source),
          rules_(rules),
          slot_(slot),
          reversed_(reversed),
          tables_(value_tables<Element>(rules)),
          factor_(std::is_same_v<Element, float> ? exact_factor(rules) : std::nullopt),
          workspace_(workspace),
          planar_(slot.layout == TensorLayout::nchw),
          streaming_(slot.memory.size() > kStreamedBytes),
          width_(static_cast<std::size_t>(geometry.metadata.network_size.width)),
          height_(static_cast<std::size_t>(geometry.metadata.network_size.height)),
          left_(static_cast<std::size_t>(geometry.inner.x)),
          top_(static_cast<std::size_t>(geometry.inner.y)),
          inner_width_(static_cast<std::size_t>(geometry.inner.size.width)),
          inner_height_(static_cast<std::size_t>(geometry.inner.size.height)),
          straight_(goes_straight()) {
        const std::size_t lead = straight_ ? left_ % columns_at_once() : 0;
        const std::int32_t columns = geometry.inner.size.width;
        if (!workspace.columns.is_for(source.size().width, columns, lead)) {
            workspace.columns = ColumnTable(source.size().width, columns, lead);
        }
        for (auto& row : workspace.resized_rows) row.resize(workspace.columns.row_length());
        workspace.blended_row.resize(workspace.columns.row_length());
        workspace.network_rows.resize(width_ * 3 * sizeof(Element));
    }

    void run() {
        pad(0, width_);
        if (rules_.resize_mode == ResizeMode::letterbox_reflect_edges) {
            for (std::size_t y = 0; y < height_; ++y) {
                compose(mirrored(static_cast<std::ptrdiff_t>(y) - static_cast<std::ptrdiff_t>(top_), inner_height_));
                mirror_sides();
                send(y, 0, width_);
            }
        } else {
            for (std::size_t y = 0; y < top_; ++y) send(y, 0, width_);
            for (std::size_t y = top_; y < top_ + inner_height_; ++y) {
                if (straight_) {
                    write_straight(y);
                } else {
                    compose(y - top_);
                    send(y, 0, width_);
                }
            }
            pad(left_, inner_width_);
            for (std::size_t y = top_ + inner_height_; y < height_; ++y) send(y, 0, width_);
        }
        if (streaming_) finish_streaming();
    }

private:
    /// All rows must be aligned alike for it. Vectors of four floats are too small: they fill cache lines in so many
    /// steps that copying is faster.
    [[nodiscard]] bool goes_straight() const {
        const std::size_t group = columns_at_once();
        const auto address = reinterpret_cast<std::uintptr_t>(slot_.memory.data());
        return streaming_ && planar_ && factor_ && rules_.resize_mode != ResizeMode::letterbox_reflect_edges &&
               group > 4 && width_ % group == 0 && address % (group * sizeof(float)) == 0;
    }

    /// From a pixel to the next.
    [[nodiscard]] std::size_t step() const noexcept { return planar_ ? 1 : 3; }
    /// The channel of the network that a byte of a pixel belongs to.
    [[nodiscard]] std::size_t network_channel(std::size_t byte) const noexcept { return reversed_ ? 2 - byte : byte; }

    /// A place in the composed row.
    [[nodiscard]] Element* at(std::size_t channel, std::size_t x) const {
        auto* const row = reinterpret_cast<Element*>(workspace_.network_rows.data());
        return row + (planar_ ? channel * width_ : channel) + x * step();
    }

    /// A place in the slot.
    [[nodiscard]] Element* slot_at(std::size_t channel, std::size_t x, std::size_t y) const {
        auto* const elements = reinterpret_cast<Element*>(slot_.memory.data());
        return elements + (planar_ ? channel * width_ * height_ : channel) + (y * width_ + x) * step();
    }

    void pad(std::size_t x, std::size_t count) {
        for (std::size_t channel = 0; channel < 3; ++channel) {
            Element* const to = at(channel, x);
            for (std::size_t i = 0; i < count; ++i) to[i * step()] = tables_[channel][rules_.padding_value];
        }
    }

    /// Copies columns of the composed row to row `y` of the slot.
    void send(std::size_t y, std::size_t x, std::size_t count) {
        const std::size_t bytes = count * step() * sizeof(Element);
        for (std::size_t plane = 0; plane < (planar_ ? 3U : 1U); ++plane) {
            if (streaming_) {
                copy_streaming(reinterpret_cast<const std::byte*>(at(plane, x)), bytes,
                               reinterpret_cast<std::byte*>(slot_at(plane, x, y)));
            } else {
                std::memcpy(slot_at(plane, x, y), at(plane, x), bytes);
            }
        }
    }

    /// The resized image into the slot, the padding beside it from the composed row.
    void write_straight(std::size_t y) {
        if constexpr (std::is_same_v<Element, float>) {
            send(y, 0, left_);
            blend_to_planes(blended_rows(y - top_), workspace_.columns, *factor_,
                            {slot_at(network_channel(0), left_, y), slot_at(network_channel(1), left_, y),
                             slot_at(network_channel(2), left_, y)},
                            true);
            send(y, left_ + inner_width_, width_ - left_ - inner_width_);
        }
    }

    /// Row `y` of the resized image into the composed row.
    void compose(std::size_t y) {
        const RowPair rows = blended_rows(y);
        if constexpr (std::is_same_v<Element, float>) {
            if (factor_) return multiply(rows);
        }
        look_up(rows);
    }

    void multiply(const RowPair& rows) {
        if (planar_) {
            blend_to_planes(
                rows, workspace_.columns, *factor_,
                {at(network_channel(0), left_), at(network_channel(1), left_), at(network_channel(2), left_)}, false);
        } else {
            blend_to_pixels(rows, workspace_.columns, *factor_, reversed_, at(0, left_));
        }
    }

    void look_up(const RowPair& rows) {
        blend_to_bytes(rows, workspace_.columns, workspace_.blended_row.data());
        for (std::size_t byte = 0; byte < 3; ++byte) {
            const std::size_t channel = network_channel(byte);
            const std::uint8_t* const values = workspace_.blended_row.data() + byte;
            Element* const to = at(channel, left_);
            for (std::size_t x = 0; x < inner_width_; ++x) to[x * step()] = tables_[channel][values[x * 4]];
        }
    }

    /// The two rows that row `y` of the resized image is made of.
    RowPair blended_rows(std::size_t y) {
        const std::int32_t last = source_.size().height - 1;
        const Tap row =
            tap(static_cast<std::int32_t>(y), static_cast<std::int32_t>(inner_height_), source_.size().height);
        return {resized_row(std::clamp(row.first, 0, last)), resized_row(std::clamp(row.first + 1, 0, last)),
                row.first_weight, row.second_weight};
    }

    /// Neighbours have a place each, so a pair of rows is never in one another's way.
    const std::int16_t* resized_row(std::int32_t y) {
        const std::size_t place = static_cast<std::size_t>(y) % 2;
        std::int16_t* const row = workspace_.resized_rows[place].data();
        if (held_[place] != y) {
            resize_row(source_.row(y), workspace_.columns, row);
            held_[place] = y;
        }
        return row;
    }

    void mirror_sides() {
        const auto mirror = [&](std::size_t x) {
            const auto place = static_cast<std::ptrdiff_t>(x) - static_cast<std::ptrdiff_t>(left_);
            const std::size_t from = left_ + mirrored(place, inner_width_);
            for (std::size_t channel = 0; channel < 3; ++channel) *at(channel, x) = *at(channel, from);
        };
        for (std::size_t x = 0; x < left_; ++x) mirror(x);
        for (std::size_t x = left_ + inner_width_; x < width_; ++x) mirror(x);
    }

    const PixelRows& source_;
    const PreProcessing& rules_;
    const NetworkInputSlot& slot_;
    const bool reversed_;
    const ValueTables<Element> tables_;
    const std::optional<Factor> factor_;
    Workspace& workspace_;
    const bool planar_;
    const bool streaming_;
    const std::size_t width_;
    const std::size_t height_;
    const std::size_t left_;
    const std::size_t top_;
    const std::size_t inner_width_;
    const std::size_t inner_height_;
    const bool straight_;
    std::array<std::int32_t, 2> held_{-1, -1};
};

/// The crop as a picture of its own, its contrast changed.
Image adjusted_crop(const ImageView& image, const Area& crop, const PreProcessing& rules, Workspace& workspace) {
    const PixelRows rows(image, crop, rules.grayscale, workspace.pixel_row);
    Image picture(crop.size, image.format() == ColorFormat::gray ? ColorFormat::bgr : image.format());
    for (std::int32_t y = 0; y < crop.size.height; ++y) {
        std::memcpy(picture.pixels().data() + static_cast<std::size_t>(y) * picture.row_stride(), rows.row(y),
                    picture.row_stride());
    }
    adjust_contrast(picture, *rules.contrast);
    return picture;
}

void write_slot(const PixelRows& source, const Geometry& geometry, const PreProcessing& rules,
                const NetworkInputSlot& slot, bool reversed, Workspace& workspace) {
    if (slot.type == ElementType::float16) {
        Pass<std::uint16_t>(source, geometry, rules, slot, reversed, workspace).run();
    } else {
        Pass<float>(source, geometry, rules, slot, reversed, workspace).run();
    }
}

}  // namespace

ImageSize network_size_for(ImageSize image, const PreProcessing& rules) {
    return plan_geometry(image, rules).metadata.network_size;
}

PreProcessingMetadata pre_process(const ImageView& image, const PreProcessing& rules, const NetworkInputSlot& slot) {
    thread_local Workspace workspace;
    const Geometry geometry = plan_geometry(image.size(), rules);
    assert(slot.memory.size() == static_cast<std::size_t>(geometry.metadata.network_size.width) *
                                     static_cast<std::size_t>(geometry.metadata.network_size.height) * 3 *
                                     element_size(slot.type));
    const bool reversed = image.format() != ColorFormat::gray && image.format() != rules.network_color;
    if (rules.contrast) {
        const Image picture = adjusted_crop(image, geometry.crop, rules, workspace);
        const PixelRows rows(picture, geometry.shown, false, workspace.pixel_row);
        write_slot(rows, geometry, rules, slot, reversed, workspace);
    } else {
        const Area part{geometry.crop.x + geometry.shown.x, geometry.crop.y + geometry.shown.y, geometry.shown.size};
        const PixelRows rows(image, part, rules.grayscale, workspace.pixel_row);
        write_slot(rows, geometry, rules, slot, reversed, workspace);
    }
    workspace.shrink();
    return geometry.metadata;
}

}  // namespace inference_models::vision
