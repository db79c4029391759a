#include "engines/torch/common.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <array>

namespace inference_models::torch {
namespace {

constexpr std::array<std::pair<at::ScalarType, ElementType>, 13> kElementTypes{{
    {at::kFloat, ElementType::float32},
    {at::kHalf, ElementType::float16},
    {at::kBFloat16, ElementType::bfloat16},
    {at::kDouble, ElementType::float64},
    {at::kByte, ElementType::uint8},
    {at::kChar, ElementType::int8},
    {at::kShort, ElementType::int16},
    {at::kUInt16, ElementType::uint16},
    {at::kInt, ElementType::int32},
    {at::kUInt32, ElementType::uint32},
    {at::kLong, ElementType::int64},
    {at::kUInt64, ElementType::uint64},
    {at::kBool, ElementType::boolean},
}};

ElementType element_type(at::ScalarType from) {
    for (const auto& [scalar, type] : kElementTypes) {
        if (scalar == from) return type;
    }
    throw Failure(IM_FAILURE_EXECUTION, std::string("outputs of type ") + c10::toString(from) + " are not supported");
}

sdk::TensorView view(const at::Tensor& tensor) {
    return {element_type(tensor.scalar_type()),
            Device{},
            tensor.data_ptr(),
            {tensor.sizes().data(), tensor.sizes().size()},
            tensor.strides().data()};
}

/// Where the core finds it, in fp32 where it was computed in less.
at::Tensor returned(const at::Tensor& tensor) {
    const bool is_half = tensor.scalar_type() == at::kHalf || tensor.scalar_type() == at::kBFloat16;
    return tensor.to(at::kCPU, is_half ? at::kFloat : tensor.scalar_type()).contiguous();
}

}  // namespace

std::uint32_t use_threads(const Library& library, std::uint32_t wanted) {
    if (library.is_ours && at::get_num_threads() != static_cast<int>(wanted)) {
        at::set_num_threads(static_cast<int>(wanted));
    }
    return static_cast<std::uint32_t>(at::get_num_threads());
}

std::string last_words(std::string_view message) {
    constexpr std::string_view kBlank = " \n\r\t";
    message = message.substr(0, message.find_last_not_of(kBlank) + 1);
    const std::size_t line = message.find_last_of('\n');
    return std::string(line == std::string_view::npos ? message : message.substr(line + 1));
}

at::Device torch_device(const Device& device) {
    if (device.kind == DeviceKind::cpu) return at::kCPU;
    return {at::kCUDA, static_cast<c10::DeviceIndex>(device.index)};
}

at::MemoryFormat memory_format(const Device& device) {
    return device.kind == DeviceKind::cpu ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

Execution::Execution(const Library& library, const sdk::NetworkInfo& info)
    : library_(library), info_(info), inputs_(info.inputs.size()) {}

sdk::TensorView Execution::input(std::size_t index, std::span<const std::int64_t> shape) {
    at::Tensor& tensor = inputs_.at(index);
    if (!tensor.defined() || tensor.sizes() != at::IntArrayRef(shape.data(), shape.size())) {
        const c10::InferenceMode no_gradients;
        const auto format = shape.size() == 4 ? memory_format(info_.device) : at::MemoryFormat::Contiguous;
        tensor = at::empty({shape.data(), shape.size()}, at::TensorOptions(at::kFloat), format);
    }
    return view(tensor);
}

void Execution::run() {
    const c10::InferenceMode no_gradients;
    use_threads(library_, info_.threads);
    outputs_.clear();
    outputs_ = with_torch(
        IM_FAILURE_EXECUTION, "PyTorch " + library_.version,
        "A network of PyTorch only takes the sizes that it was traced with: check those of its package.", [&] {
            std::vector<at::Tensor> inputs;
            for (const at::Tensor& tensor : inputs_) inputs.push_back(tensor.to(torch_device(info_.device)));
            return outputs_of(std::move(inputs));
        });
    for (at::Tensor& tensor : outputs_) tensor = returned(tensor);
}

sdk::TensorView Execution::output(std::size_t index) {
    return view(outputs_.at(index));
}

}  // namespace inference_models::torch
