#include "common/float16.hpp"

#include <bit>
#include <cmath>

namespace inference_models {

float to_float32(std::uint16_t half) noexcept {
    const std::uint32_t sign = (half & 0x8000U) << 16U;
    const std::uint32_t exponent = (half >> 10U) & 0x1FU;
    const std::uint32_t mantissa = half & 0x3FFU;
    if (exponent == 0) {  // zero and subnormal numbers: mantissa * 2^-24
        const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
        return sign != 0 ? -magnitude : magnitude;
    }
    // Infinity and NaN keep an exponent of all ones; others change their bias from 15 to 127.
    const std::uint32_t wide_exponent = exponent == 0x1FU ? 0xFFU : exponent + 112U;
    return std::bit_cast<float>(sign | (wide_exponent << 23U) | (mantissa << 13U));
}

std::vector<float> to_float32(std::span<const std::uint16_t> halves) {
    std::vector<float> floats;
    floats.reserve(halves.size());
    for (const std::uint16_t half : halves) floats.push_back(to_float32(half));
    return floats;
}

}  // namespace inference_models
