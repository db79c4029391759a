#include <fmt/format.h>
#include <fmt/ranges.h>

#include <inference_models/error.hpp>
#include <inference_models/tensor.hpp>
#include <utility>

namespace inference_models {

std::string_view to_string(ElementType type) noexcept {
    switch (type) {
        case ElementType::float32: return "float32";
        case ElementType::float16: return "float16";
        case ElementType::bfloat16: return "bfloat16";
        case ElementType::float64: return "float64";
        case ElementType::uint8: return "uint8";
        case ElementType::int8: return "int8";
        case ElementType::int16: return "int16";
        case ElementType::uint16: return "uint16";
        case ElementType::int32: return "int32";
        case ElementType::uint32: return "uint32";
        case ElementType::int64: return "int64";
        case ElementType::uint64: return "uint64";
        case ElementType::boolean: return "boolean";
    }
    return "unknown";
}

std::size_t element_count(std::span<const std::int64_t> shape) {
    // Room is left for the size of an element, so that a tensor's bytes cannot overflow either.
    constexpr std::size_t kMost = SIZE_MAX / 16;
    std::size_t count = 1;
    for (const std::int64_t side : shape) {
        if (side < 0 || (side > 0 && count > kMost / static_cast<std::size_t>(side))) {
            throw Error(ErrorKind::invalid_argument, "shape",
                        fmt::format("no tensor can have the shape [{}]", fmt::join(shape, ", ")));
        }
        count *= static_cast<std::size_t>(side);
    }
    return count;
}

Tensor::Tensor(ElementType type, std::vector<std::int64_t> shape)
    : type_(type), shape_(std::move(shape)), bytes_(element_count(shape_) * element_size(type)) {}

std::span<const float> Tensor::floats() const {
    if (type_ != ElementType::float32) {
        throw Error(ErrorKind::invalid_argument, "type",
                    fmt::format("this tensor's elements are {}, not float32", to_string(type_)));
    }
    return {reinterpret_cast<const float*>(bytes_.data()), bytes_.size() / sizeof(float)};
}

}  // namespace inference_models
