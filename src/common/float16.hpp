#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace inference_models {

/// IEEE 754 half precision, as bits, to float32; exact.
[[nodiscard]] float to_float32(std::uint16_t half) noexcept;
[[nodiscard]] std::vector<float> to_float32(std::span<const std::uint16_t> halves);

}  // namespace inference_models
