#include "vision/resize_pass.hpp"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cmath>
#include <cstring>

// One byte vector holds one pixel per 16 bytes, which vectors of unknown length cannot promise: Arm uses NEON.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "vision/resize_pass.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace inference_models::vision {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

// The plain form: what processors without a usable instruction set run, and what the vectors below must equal.

std::size_t Group() {
    return 4;
}

void ResizeRow(const std::uint8_t* row, const ColumnTable& columns, std::int16_t* resized) {
    const std::size_t right = columns.source_width() > 1 ? 3 : 0;
    const std::size_t column_count = columns.group_count() * Group();
    for (std::size_t column = 0; column < column_count; ++column) {
        const std::uint8_t* const pixel = row + columns.offsets()[column];
        const std::int16_t* const weights = columns.weights() + column * 8;
        for (std::size_t channel = 0; channel < 3; ++channel) {
            const std::int32_t sum = pixel[channel] * weights[0] + pixel[channel + right] * weights[1];
            resized[column * 4 + channel] = static_cast<std::int16_t>(sum >> 4);
        }
        resized[column * 4 + 3] = 0;
    }
}

std::uint8_t Mix(const RowPair& rows, std::size_t at) {
    const std::int32_t first = (rows.first[at] * rows.first_weight) >> 16;
    const std::int32_t second = (rows.second[at] * rows.second_weight) >> 16;
    return static_cast<std::uint8_t>((first + second + 2) >> 2);
}

float Scaled(std::uint8_t value, Factor factor) {
    const auto number = static_cast<float>(value);
    return number * factor.coarse + number * factor.fine;
}

void BlendToPlanes(const RowPair& rows, const ColumnTable& columns, Factor factor, const std::array<float*, 3>& planes,
                   bool /*streaming*/) {
    for (std::size_t column = 0; column < columns.width(); ++column) {
        for (std::size_t channel = 0; channel < 3; ++channel) {
            planes[channel][column] = Scaled(Mix(rows, (columns.lead() + column) * 4 + channel), factor);
        }
    }
}

void BlendToPixels(const RowPair& rows, const ColumnTable& columns, Factor factor, bool reversed, float* pixels) {
    for (std::size_t column = 0; column < columns.width(); ++column) {
        for (std::size_t channel = 0; channel < 3; ++channel) {
            pixels[column * 3 + (reversed ? 2 - channel : channel)] = Scaled(Mix(rows, column * 4 + channel), factor);
        }
    }
}

void BlendToBytes(const RowPair& rows, const ColumnTable& columns, std::uint8_t* bytes) {
    for (std::size_t at = 0; at < columns.row_length(); ++at) bytes[at] = Mix(rows, at);
}

void CopyStreaming(const std::uint8_t* from, std::size_t bytes, std::uint8_t* to) {
    std::memcpy(to, from, bytes);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<std::uint8_t, 64> kBytes;
constexpr hn::Repartition<std::int16_t, decltype(kBytes)> kInt16;
constexpr hn::Repartition<std::int32_t, decltype(kBytes)> kInt32;
constexpr hn::Repartition<std::uint32_t, decltype(kBytes)> kPixels;  // four bytes each
constexpr hn::Repartition<float, decltype(kBytes)> kFloats;

/// As many as there are 32-bit lanes, so that a group is one vector of each plane.
constexpr std::size_t kGroup = hn::MaxLanes(kPixels);
constexpr std::size_t kBlocks = kGroup / 4;

using Int16 = hn::Vec<decltype(kInt16)>;
using Int32 = hn::Vec<decltype(kInt32)>;
using Pixels = hn::Vec<decltype(kPixels)>;
using Floats = hn::Vec<decltype(kFloats)>;

std::size_t Group() {
    return kGroup;
}

/// Eight bytes at each of `blocks` offsets, four apart in the list, each in the lower half of a 16-byte block.
template <std::size_t blocks>
HWY_INLINE hn::Vec<hn::Simd<std::uint8_t, blocks * 16, 0>> LoadPixelPairs(const std::uint8_t* row,
                                                                          const std::uint32_t* offsets) {
    constexpr hn::Simd<std::uint8_t, blocks * 16, 0> d;
    if constexpr (blocks == 1) {
        return hn::ZeroExtendVector(d, hn::LoadU(hn::Full64<std::uint8_t>(), row + *offsets));
    } else {
        constexpr std::size_t half = blocks / 2;
        return hn::Combine(d, LoadPixelPairs<half>(row, offsets + half * 4), LoadPixelPairs<half>(row, offsets));
    }
}

/// The columns `offsets[0]`, `offsets[4]`, ...: `(left * weight + right * weight) >> 4`, four lanes for each.
HWY_INLINE Int32 ResizeColumns(const std::uint8_t* row, const std::uint32_t* offsets, const std::int16_t* weights) {
    // b0 g0 r0 b1 g1 r1 x x becomes 16-bit lanes b0 b1 g0 g1 r0 r1 0 0.
    HWY_ALIGN constexpr std::uint8_t kPairs[16] = {0, 0x80, 3, 0x80, 1,    0x80, 4,    0x80,
                                                   2, 0x80, 5, 0x80, 0x80, 0x80, 0x80, 0x80};
    const auto pixels = LoadPixelPairs<kBlocks>(row, offsets);
    const Int16 pairs = hn::BitCast(kInt16, hn::TableLookupBytesOr0(pixels, hn::LoadDup128(kBytes, kPairs)));
    Int32 upper_sums = hn::Zero(kInt32);
    const Int32 lower_sums =
        hn::ReorderWidenMulAccumulate(kInt32, pairs, hn::Load(kInt16, weights), hn::Zero(kInt32), upper_sums);
    return hn::ShiftRight<4>(hn::RearrangeToOddPlusEven(lower_sums, upper_sums));
}

/// Every fourth column goes into one vector, since demoting two vectors interleaves their blocks: so blocks of the
/// result hold neighbours.
HWY_INLINE void ResizeGroup(const std::uint8_t* row, const std::uint32_t* offsets, const std::int16_t* weights,
                            std::int16_t* resized) {
    constexpr std::size_t kStep = hn::MaxLanes(kInt16);
    const Int32 sums0 = ResizeColumns(row, offsets, weights);
    const Int32 sums1 = ResizeColumns(row, offsets + 1, weights + kStep);
    const Int32 sums2 = ResizeColumns(row, offsets + 2, weights + kStep * 2);
    const Int32 sums3 = ResizeColumns(row, offsets + 3, weights + kStep * 3);
    hn::Store(hn::ReorderDemote2To(kInt16, sums0, sums1), kInt16, resized);
    hn::Store(hn::ReorderDemote2To(kInt16, sums2, sums3), kInt16, resized + kStep);
}

void ResizeRow(const std::uint8_t* row, const ColumnTable& columns, std::int16_t* resized) {
    const std::uint32_t* offsets = columns.offsets();
    const std::int16_t* weights = columns.weights();
    std::size_t group = 0;
    for (; group < columns.unguarded_group_count(); ++group) {
        ResizeGroup(row, offsets, weights, resized);
        offsets += kGroup;
        weights += kGroup * 8;
        resized += kGroup * 4;
    }
    // Near the end of the row, pixel pairs are copied to where eight bytes may be read.
    const std::size_t pair_size = std::min<std::size_t>(columns.source_width(), 2) * 3;
    std::uint32_t pair_offsets[kGroup];
    for (std::size_t i = 0; i < kGroup; ++i) pair_offsets[i] = static_cast<std::uint32_t>(i * 8);
    for (; group < columns.group_count(); ++group) {
        std::uint8_t pairs[kGroup * 8] = {};
        for (std::size_t i = 0; i < kGroup; ++i) std::memcpy(pairs + i * 8, row + offsets[i], pair_size);
        ResizeGroup(pairs, pair_offsets, weights, resized);
        offsets += kGroup;
        weights += kGroup * 8;
        resized += kGroup * 4;
    }
}

/// One group of two resized rows as bytes, four for each pixel.
class Blend {
public:
    explicit Blend(const RowPair& rows)
        : rows_(rows),
          first_weight_(hn::Set(kInt16, rows.first_weight)),
          second_weight_(hn::Set(kInt16, rows.second_weight)) {}

    HWY_INLINE Pixels operator()(std::size_t group) const {
        constexpr std::size_t kStep = hn::MaxLanes(kInt16);
        // Bytes of two vectors side by side in 16-bit lanes; then each block's bytes of the first before the second's.
        HWY_ALIGN constexpr std::uint8_t kApart[16] = {0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15};
        const Int16 even = Mix(group * kGroup * 4);
        const Int16 odd = Mix(group * kGroup * 4 + kStep);
        const auto both = hn::BitCast(kBytes, hn::Or(even, hn::ShiftLeft<8>(odd)));
        return hn::BitCast(kPixels, hn::TableLookupBytes(both, hn::LoadDup128(kBytes, kApart)));
    }

private:
    HWY_INLINE Int16 Mix(std::size_t at) const {
        const Int16 first = hn::MulHigh(hn::Load(kInt16, rows_.first + at), first_weight_);
        const Int16 second = hn::MulHigh(hn::Load(kInt16, rows_.second + at), second_weight_);
        return hn::ShiftRight<2>(hn::Add(hn::Add(first, second), hn::Set(kInt16, 2)));
    }

    RowPair rows_;
    Int16 first_weight_;
    Int16 second_weight_;
};

class Scale {
public:
    explicit Scale(Factor factor) : coarse_(hn::Set(kFloats, factor.coarse)), fine_(hn::Set(kFloats, factor.fine)) {}

    template <int channel>
    HWY_INLINE Floats Channel(Pixels pixels) const {
        const Pixels bytes = hn::And(hn::ShiftRight<channel * 8>(pixels), hn::Set(kPixels, 0xFF));
        const Floats values = hn::ConvertTo(kFloats, hn::BitCast(kInt32, bytes));
        return hn::MulAdd(values, coarse_, hn::Mul(values, fine_));
    }

private:
    Floats coarse_;
    Floats fine_;
};

template <bool streaming>
HWY_INLINE void Write(Floats values, float* to) {
    if constexpr (streaming) {
        hn::Stream(values, kFloats, to);
    } else {
        hn::StoreU(values, kFloats, to);
    }
}

template <bool streaming>
void BlendToPlanesBy(const RowPair& rows, const ColumnTable& columns, Factor factor,
                     const std::array<float*, 3>& planes) {
    const Blend blend(rows);
    const Scale scale(factor);
    const auto partial_group = [&](std::size_t group, std::size_t begin, std::size_t end) HWY_ATTR {
        const Pixels pixels = blend(group);
        HWY_ALIGN float values[3][kGroup];
        hn::Store(scale.Channel<0>(pixels), kFloats, values[0]);
        hn::Store(scale.Channel<1>(pixels), kFloats, values[1]);
        hn::Store(scale.Channel<2>(pixels), kFloats, values[2]);
        for (std::size_t channel = 0; channel < 3; ++channel) {
            std::copy(values[channel] + begin, values[channel] + end,
                      planes[channel] + (group * kGroup + begin - columns.lead()));
        }
    };
    const std::size_t end = columns.lead() + columns.width();
    std::size_t group = 0;
    if (columns.lead() > 0) partial_group(group++, columns.lead(), std::min(end, kGroup));
    for (; (group + 1) * kGroup <= end; ++group) {
        const Pixels pixels = blend(group);
        const std::size_t at = group * kGroup - columns.lead();
        Write<streaming>(scale.Channel<0>(pixels), planes[0] + at);
        Write<streaming>(scale.Channel<1>(pixels), planes[1] + at);
        Write<streaming>(scale.Channel<2>(pixels), planes[2] + at);
    }
    if (group < columns.group_count()) partial_group(group, 0, end - group * kGroup);
}

void BlendToPlanes(const RowPair& rows, const ColumnTable& columns, Factor factor, const std::array<float*, 3>& planes,
                   bool streaming) {
    if (streaming) {
        BlendToPlanesBy<true>(rows, columns, factor, planes);
    } else {
        BlendToPlanesBy<false>(rows, columns, factor, planes);
    }
}

void BlendToPixels(const RowPair& rows, const ColumnTable& columns, Factor factor, bool reversed, float* to) {
    const Blend blend(rows);
    const Scale scale(factor);
    const auto write = [&](std::size_t group, float* out) HWY_ATTR {
        const Pixels pixels = blend(group);
        const Floats first = scale.Channel<0>(pixels);
        const Floats middle = scale.Channel<1>(pixels);
        const Floats last = scale.Channel<2>(pixels);
        hn::StoreInterleaved3(reversed ? last : first, middle, reversed ? first : last, kFloats, out);
    };
    const std::size_t whole_groups = columns.width() / kGroup;
    for (std::size_t group = 0; group < whole_groups; ++group) write(group, to + group * kGroup * 3);
    const std::size_t done = whole_groups * kGroup;
    if (done == columns.width()) return;
    HWY_ALIGN float rest[3 * kGroup];
    write(whole_groups, rest);
    std::copy_n(rest, (columns.width() - done) * 3, to + done * 3);
}

void BlendToBytes(const RowPair& rows, const ColumnTable& columns, std::uint8_t* bytes) {
    const Blend blend(rows);
    for (std::size_t group = 0; group < columns.group_count(); ++group) {
        hn::StoreU(hn::BitCast(kBytes, blend(group)), kBytes, bytes + group * kGroup * 4);
    }
}

void CopyStreaming(const std::uint8_t* from, std::size_t bytes, std::uint8_t* to) {
    constexpr std::size_t kStep = hn::MaxLanes(kBytes);
    const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(to) % kStep;
    const std::size_t before = std::min(bytes, misaligned == 0 ? 0 : kStep - misaligned);
    std::memcpy(to, from, before);
    std::size_t at = before;
    for (; at + kStep <= bytes; at += kStep) hn::Stream(hn::LoadU(kBytes, from + at), kBytes, to + at);
    std::memcpy(to + at, from + at, bytes - at);
}

#endif

const char* InstructionSet() {
    return hwy::TargetName(HWY_TARGET);
}

}  // namespace HWY_NAMESPACE
}  // namespace inference_models::vision
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace inference_models::vision {

HWY_EXPORT(Group);
HWY_EXPORT(ResizeRow);
HWY_EXPORT(BlendToPlanes);
HWY_EXPORT(BlendToPixels);
HWY_EXPORT(BlendToBytes);
HWY_EXPORT(CopyStreaming);
HWY_EXPORT(InstructionSet);

Tap tap(std::int32_t index, std::int32_t size, std::int32_t source_size) {
    // The order and the precision of each operation are OpenCV's: its results depend on them.
    const double scale = 1.0 / (static_cast<double>(size) / source_size);
    const auto position = static_cast<float>((index + 0.5) * scale - 0.5);
    const float floor = std::floor(position);
    const float fraction = position - floor;
    const auto weight = [](float part) { return static_cast<std::int16_t>(std::lrint(part * 2048.0F)); };
    return {static_cast<std::int32_t>(floor), weight(1.0F - fraction), weight(fraction)};
}

std::size_t columns_at_once() {
    return HWY_DYNAMIC_DISPATCH(Group)();
}

ColumnTable::ColumnTable(std::int32_t source_width, std::int32_t width, std::size_t lead)
    : source_width_(source_width), width_(width), lead_(lead), group_(columns_at_once()) {
    group_count_ = (lead + static_cast<std::size_t>(width) + group_ - 1) / group_;
    offsets_.resize(group_count_ * group_);
    weights_.resize(offsets_.size() * 8);
    const std::size_t source_bytes = static_cast<std::size_t>(source_width) * 3;
    std::size_t unguarded = 0;
    for (std::size_t i = 0; i < offsets_.size(); ++i) {
        const auto index = static_cast<std::int32_t>(i) - static_cast<std::int32_t>(lead);
        Tap column = tap(std::clamp(index, 0, width - 1), width, source_width);
        if (column.first < 0) column = {0, 2048, 0};
        if (column.first >= source_width - 1) {
            // Beyond the edge is the last pixel alone: the second one of the last pair.
            column = source_width > 1 ? Tap{source_width - 2, 0, 2048} : Tap{0, 2048, 0};
        }
        offsets_[i] = static_cast<std::uint32_t>(column.first) * 3;
        if (offsets_[i] + 8 <= source_bytes) unguarded = i + 1;
        const std::size_t in_group = i % group_;
        std::int16_t* const weights = weights_.data() + (i - in_group + in_group % 4 * (group_ / 4) + in_group / 4) * 8;
        for (std::size_t channel = 0; channel < 3; ++channel) {
            weights[channel * 2] = column.first_weight;
            weights[channel * 2 + 1] = column.second_weight;
        }
    }
    unguarded_group_count_ = unguarded / group_;
}

bool ColumnTable::is_for(std::int32_t source_width, std::int32_t width, std::size_t lead) const noexcept {
    return source_width_ == source_width && width_ == width && lead_ == lead && group_ == columns_at_once();
}

void resize_row(const std::uint8_t* row, const ColumnTable& columns, std::int16_t* resized) {
    HWY_DYNAMIC_DISPATCH(ResizeRow)(row, columns, resized);
}

void blend_to_planes(const RowPair& rows, const ColumnTable& columns, Factor factor,
                     const std::array<float*, 3>& planes, bool streaming) {
    HWY_DYNAMIC_DISPATCH(BlendToPlanes)(rows, columns, factor, planes, streaming);
}

void blend_to_pixels(const RowPair& rows, const ColumnTable& columns, Factor factor, bool reversed, float* pixels) {
    HWY_DYNAMIC_DISPATCH(BlendToPixels)(rows, columns, factor, reversed, pixels);
}

void blend_to_bytes(const RowPair& rows, const ColumnTable& columns, std::uint8_t* bytes) {
    HWY_DYNAMIC_DISPATCH(BlendToBytes)(rows, columns, bytes);
}

void copy_streaming(const std::byte* from, std::size_t bytes, std::byte* to) {
    HWY_DYNAMIC_DISPATCH(CopyStreaming)
    (reinterpret_cast<const std::uint8_t*>(from), bytes, reinterpret_cast<std::uint8_t*>(to));
}

void finish_streaming() {
    hwy::FlushStream();
}

std::string_view resize_instruction_set() {
    return HWY_DYNAMIC_DISPATCH(InstructionSet)();
}

}  // namespace inference_models::vision
#endif  // HWY_ONCE
