#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <vector>

/// OpenCV's INTER_LINEAR on 8-bit pixels, bit for bit, as two steps for each row: `resize_row` makes a source row as
/// wide as the network wants it, a `blend_*` function mixes two such rows and writes them as the network reads them.
/// Both run on the best instruction set of the machine, and give the same bits on every one.
namespace inference_models::vision {

/// Allocates on cache lines: vectors that straddle them are slow.
template <class T>
struct CacheLineAllocator {
    using value_type = T;
    static constexpr std::align_val_t kAlignment{64};

    CacheLineAllocator() = default;
    template <class U>
    explicit CacheLineAllocator(const CacheLineAllocator<U>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t count) {
        return static_cast<T*>(::operator new(count * sizeof(T), kAlignment));
    }
    void deallocate(T* memory, std::size_t) noexcept { ::operator delete(memory, kAlignment); }

    friend bool operator==(const CacheLineAllocator&, const CacheLineAllocator&) = default;
};

template <class T>
using CacheLineVector = std::vector<T, CacheLineAllocator<T>>;

/// Between which two source rows (or columns) a row lies, and their weights: fractions of 2048.
struct Tap {
    std::int32_t first = 0;  ///< the second is the next one; may lie outside of the source by one
    std::int16_t first_weight = 0;
    std::int16_t second_weight = 0;
};

/// Where OpenCV takes row `index` of `size` rows from.
[[nodiscard]] Tap tap(std::int32_t index, std::int32_t size, std::int32_t source_size);

/// How many columns the instruction set in use treats at once: a group.
[[nodiscard]] std::size_t columns_at_once();

/// Where each column of a resized row is read, and with what weights. Made for one pair of widths and the instruction
/// set in use: padded to whole groups, of which the first begins `lead` columns before the row does, so that groups may
/// be aligned in the network's memory where the row is not.
class ColumnTable {
public:
    ColumnTable() = default;
    ColumnTable(std::int32_t source_width, std::int32_t width, std::size_t lead);

    [[nodiscard]] bool is_for(std::int32_t source_width, std::int32_t width, std::size_t lead) const noexcept;

    [[nodiscard]] std::size_t source_width() const noexcept { return static_cast<std::size_t>(source_width_); }
    [[nodiscard]] std::size_t width() const noexcept { return static_cast<std::size_t>(width_); }
    [[nodiscard]] std::size_t lead() const noexcept { return lead_; }
    [[nodiscard]] std::size_t group_count() const noexcept { return group_count_; }
    /// Of the first so many groups, eight bytes may be read at each offset: six are needed, more may be beyond the row.
    [[nodiscard]] std::size_t unguarded_group_count() const noexcept { return unguarded_group_count_; }
    /// First byte of the left pixel of each column.
    [[nodiscard]] const std::uint32_t* offsets() const noexcept { return offsets_.data(); }
    /// For each column eight numbers: its two weights for each channel, then zeros. In the order in which a group is
    /// computed: the columns 0, 4, 8, ... of the group, then 1, 5, 9, ... and so on.
    [[nodiscard]] const std::int16_t* weights() const noexcept { return weights_.data(); }
    /// Numbers in a resized row.
    [[nodiscard]] std::size_t row_length() const noexcept { return offsets_.size() * 4; }

private:
    std::int32_t source_width_ = 0;
    std::int32_t width_ = 0;
    std::size_t lead_ = 0;
    std::size_t group_ = 0;
    std::size_t group_count_ = 0;
    std::size_t unguarded_group_count_ = 0;
    std::vector<std::uint32_t> offsets_;
    CacheLineVector<std::int16_t> weights_;
};

/// Resizes a row of three-byte pixels. The result is four numbers for each column (one for each channel, then zero), in
/// the order in which `blend_*` wants them.
void resize_row(const std::uint8_t* row, const ColumnTable& columns, std::int16_t* resized);

/// Two resized rows and their weights; the rows begin on a cache line.
struct RowPair {
    const std::int16_t* first = nullptr;
    const std::int16_t* second = nullptr;
    std::int16_t first_weight = 0;
    std::int16_t second_weight = 0;
};

/// `x * coarse + x * fine` in float32. `coarse` has so few bits that the first product is exact, so the sum is rounded
/// once, with or without fused multiply-add: this way a division becomes a multiplication and stays exact.
struct Factor {
    float coarse = 1;
    float fine = 0;
};

/// Mixes two rows into three planes, the channels in the order of the pixels' bytes.
/// \param streaming  whether to write whole groups around the caches. Then a plane must lie so that its columns after
///                   the lead of the table begin on a multiple of `columns_at_once` floats
void blend_to_planes(const RowPair& rows, const ColumnTable& columns, Factor factor,
                     const std::array<float*, 3>& planes, bool streaming);

/// Mixes two rows into pixels of three floats; for tables without a lead.
/// \param reversed  whether the channels change their order
void blend_to_pixels(const RowPair& rows, const ColumnTable& columns, Factor factor, bool reversed, float* pixels);

/// Mixes two rows into pixels of four bytes, the last of them zero: `columns.row_length()` bytes, the lead included.
void blend_to_bytes(const RowPair& rows, const ColumnTable& columns, std::uint8_t* bytes);

/// As memcpy, but around the caches. Other threads may see the bytes only after `finish_streaming`.
void copy_streaming(const std::byte* from, std::size_t bytes, std::byte* to);
void finish_streaming();

/// Name of the instruction set that these functions use, as Highway calls it.
[[nodiscard]] std::string_view resize_instruction_set();

}  // namespace inference_models::vision
