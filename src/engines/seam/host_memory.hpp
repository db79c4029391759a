#pragma once

#include "engines/seam/adapter_sdk.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

/// Memory for inputs that adapters own and runtimes read where it lies.
namespace inference_models::sdk {

struct AlignedDelete {
    void operator()(std::byte* memory) const noexcept { ::operator delete[](memory, kAlignment); }
    static constexpr std::align_val_t kAlignment{64};
};
using AlignedBytes = std::unique_ptr<std::byte[], AlignedDelete>;

/// \throws Failure where the input cannot have that shape
inline std::size_t byte_count(const Port& input, std::span<const std::int64_t> shape) {
    std::size_t bytes = element_size(input.type);
    for (const std::int64_t side : shape) {
        if (side < 0 || __builtin_mul_overflow(bytes, static_cast<std::size_t>(side), &bytes)) {
            throw Failure(IM_FAILURE_REQUEST,
                          fmt::format("`{}` cannot have the shape [{}]", input.name, fmt::join(shape, ", ")));
        }
    }
    return bytes;
}

/// Uninitialised; also of no bytes it is something.
inline AlignedBytes aligned_bytes(std::size_t count) {
    return AlignedBytes(new (AlignedDelete::kAlignment) std::byte[std::max<std::size_t>(count, 1)]);
}

}  // namespace inference_models::sdk
