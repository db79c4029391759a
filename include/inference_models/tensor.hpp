#pragma once

#include <inference_models/export.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace inference_models {

enum class ElementType {
    float32,
    float16,
    bfloat16,
    float64,
    uint8,
    int8,
    int16,
    uint16,
    int32,
    uint32,
    int64,
    uint64,
    boolean
};

[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(ElementType type) noexcept;

/// Bytes of one element.
[[nodiscard]] constexpr std::size_t element_size(ElementType type) noexcept {
    switch (type) {
        case ElementType::uint8:
        case ElementType::int8:
        case ElementType::boolean: return 1;
        case ElementType::float16:
        case ElementType::bfloat16:
        case ElementType::int16:
        case ElementType::uint16: return 2;
        case ElementType::float32:
        case ElementType::int32:
        case ElementType::uint32: return 4;
        case ElementType::float64:
        case ElementType::int64:
        case ElementType::uint64: return 8;
    }
    return 1;
}

/// Elements of a shape. \throws Error `invalid_argument` where a side is negative or the product overflows.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::size_t element_count(std::span<const std::int64_t> shape);

/// A dense tensor in host memory, last dimension fastest, that owns its bytes.
class INFERENCE_MODELS_EXPORT Tensor {
public:
    /// All zeros.
    Tensor(ElementType type, std::vector<std::int64_t> shape);

    [[nodiscard]] ElementType type() const noexcept { return type_; }
    [[nodiscard]] const std::vector<std::int64_t>& shape() const noexcept { return shape_; }
    [[nodiscard]] std::span<std::byte> bytes() noexcept { return bytes_; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

    /// The elements of a float32 tensor. \throws Error `invalid_argument` for any other type
    [[nodiscard]] std::span<const float> floats() const;

private:
    ElementType type_;
    std::vector<std::int64_t> shape_;
    std::vector<std::byte> bytes_;
};

}  // namespace inference_models
