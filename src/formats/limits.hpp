#pragma once

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

}  // namespace inference_models::formats
