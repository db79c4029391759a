#pragma once

#include <inference_models/image.hpp>

#include <cstddef>
#include <cstdint>

/// What a package may ask for at most. Far beyond any real model: what exceeds it is an accident or an attack.
namespace inference_models::formats {

inline constexpr std::size_t kMostClasses = 100'000;
inline constexpr std::size_t kLongestClassName = 1024;       ///< in bytes
inline constexpr std::int64_t kLargestNetworkSide = 16'384;  ///< in pixels
inline constexpr std::int64_t kLargestBatch = 65'536;
inline constexpr std::int64_t kMostInputElements = std::int64_t{1} << 32U;  ///< of one run: 16 GiB of float32
inline constexpr std::size_t kLargestTextFile = std::size_t{16} << 20U;     ///< in bytes

/// A size that a network may take images in.
[[nodiscard]] constexpr bool is_network_size(ImageSize size) noexcept {
    const auto is_side = [](std::int32_t side) { return side >= 1 && side <= kLargestNetworkSide; };
    return is_side(size.width) && is_side(size.height);
}

}  // namespace inference_models::formats
