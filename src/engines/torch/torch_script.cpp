#include "engines/torch/torch_script.hpp"

#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>

#include "engines/torch/graph_precision.hpp"
#include "engines/torch/memory_reader.hpp"

namespace inference_models::torch {
namespace {

/// The tensors of a module, with those of the modules in it.
std::vector<at::Tensor> tensors_of(const ::torch::jit::Module& module) {
    std::vector<at::Tensor> tensors;
    for (const at::Tensor& parameter : module.parameters()) tensors.push_back(parameter);
    for (const at::Tensor& buffer : module.buffers()) tensors.push_back(buffer);
    return tensors;
}

void use_memory_format(const ::torch::jit::Module& module, at::MemoryFormat format) {
    for (const at::Tensor& tensor : tensors_of(module)) {
        if (tensor.dim() == 4) tensor.set_data(tensor.contiguous(format));
    }
}

/// A module, what it is computed in, and what it takes.
struct Prepared {
    ::torch::jit::Module module;
    Precision precision = Precision::fp32;
    at::ScalarType input_type = at::kFloat;
};

/// The type that a file stores its weights in: where it has several, the first one that is not fp32.
at::ScalarType stored_type(const ::torch::jit::Module& module, const std::string& path) {
    at::ScalarType stored = at::kFloat;
    for (const at::Tensor& tensor : tensors_of(module)) {
        if (!tensor.is_floating_point() || tensor.scalar_type() == at::kFloat) continue;
        if (tensor.scalar_type() != at::kHalf && tensor.scalar_type() != at::kBFloat16) {
            throw Failure(IM_FAILURE_REQUEST,
                          "the weights in " + path + " are " + c10::toString(tensor.scalar_type()) +
                              ", neither float32 nor float16 nor bfloat16",
                          "Export the model in fp32.");
        }
        stored = tensor.scalar_type();
    }
    return stored;
}

/// Loads, freezes and plans a module so that its first run is as its tenth: by default libtorch would spend the first
/// runs on profiling, for fusions that convolutional networks have no use for.
Prepared prepare(const sdk::NetworkRequest& request) {
    auto module = ::torch::jit::load(std::make_shared<MemoryReader>(request.bytes), torch_device(request.device),
                                     /*load_debug_files=*/false);
    module.eval();
    const at::ScalarType stored = stored_type(module, request.path);
    const bool stays = stored == at::kBFloat16 && request.precision.value_or(Precision::bf16) == Precision::bf16;
    const bool is_raised = stored != at::kFloat && !stays;
    if (is_raised) module.to(at::kFloat);
    use_memory_format(module, memory_format(request.device));
    module = ::torch::jit::freeze(module);
    ::torch::jit::GraphFunction& forward = ::torch::jit::toGraphFunction(module.get_method("forward").function());
    if (is_raised) raise_to_fp32(*forward.graph());
    if (request.precision == Precision::bf16 && !stays) lower_to_bf16(*forward.graph(), request.path);
    ::torch::jit::Stack no_inputs;
    forward.get_executor().getPlanFor(no_inputs, /*remaining_bailout_depth=*/0);
    const bool is_bf16 = stays || request.precision == Precision::bf16;
    return {std::move(module), is_bf16 ? Precision::bf16 : Precision::fp32, stays ? at::kBFloat16 : at::kFloat};
}

/// The number of tensors that `forward` takes besides the module itself.
std::size_t tensor_count_of(const ::torch::jit::Module& module) {
    const auto& arguments = module.get_method("forward").function().getSchema().arguments();
    std::size_t count = 0;
    for (const c10::Argument& argument : std::span(arguments).subspan(1)) {
        if (argument.default_value()) break;
        if (argument.type()->kind() != c10::TypeKind::TensorType) {
            throw Failure(
                IM_FAILURE_NETWORK,
                "its forward takes `" + argument.name() + "`, which is " + argument.type()->str() + " and not a tensor",
                "Export a module whose forward takes tensors.");
        }
        ++count;
    }
    return count;
}

/// Tuples, lists and dictionaries in their order, whatever they hold.
void flatten(const c10::IValue& value, std::vector<at::Tensor>& to) {
    if (value.isTensor()) {
        to.push_back(value.toTensor());
    } else if (value.isTuple()) {
        for (const c10::IValue& element : value.toTupleRef().elements()) flatten(element, to);
    } else if (value.isList()) {
        for (const c10::IValue& element : value.toListRef()) flatten(element, to);
    } else if (value.isGenericDict()) {
        for (const auto& entry : value.toGenericDict()) flatten(entry.value(), to);
    } else if (!value.isNone()) {
        throw Failure(IM_FAILURE_EXECUTION, "the network returns " + value.tagKind() + ", which holds no tensors",
                      "Export a module that returns tensors, or tuples, lists or dictionaries of them.");
    }
}

class TorchScriptExecution final : public Execution {
public:
    TorchScriptExecution(const Library& library, const Prepared& prepared, const sdk::NetworkInfo& info)
        : Execution(library, info), prepared_(prepared) {}

private:
    std::vector<at::Tensor> outputs_of(std::vector<at::Tensor> inputs) override {
        std::vector<c10::IValue> arguments;
        for (const at::Tensor& tensor : inputs) arguments.emplace_back(tensor.to(prepared_.input_type));
        std::vector<at::Tensor> outputs;
        flatten(prepared_.module.forward(std::move(arguments)), outputs);
        return outputs;
    }

    Prepared prepared_;
};

class TorchScriptNetwork final : public sdk::Network {
public:
    TorchScriptNetwork(const Library& library, const sdk::NetworkRequest& request)
        : library_(library), prepared_(prepare(request)) {
        // TorchScript files name neither the shapes nor the types of what goes in and comes out.
        for (std::size_t i = 0; i < tensor_count_of(prepared_.module); ++i) {
            info_.inputs.push_back({"input " + std::to_string(i), ElementType::float32, std::nullopt});
        }
        info_.device = request.device;
        info_.precision = prepared_.precision;
        info_.threads = use_threads(library, request.threads);
    }

    [[nodiscard]] const sdk::NetworkInfo& info() const override { return info_; }
    std::unique_ptr<sdk::Execution> create_execution() override {
        return std::make_unique<TorchScriptExecution>(library_, prepared_, info_);
    }

private:
    const Library& library_;
    Prepared prepared_;
    sdk::NetworkInfo info_;
};

}  // namespace

std::unique_ptr<sdk::Network> load_torch_script(const Library& library, const sdk::NetworkRequest& request) {
    return std::make_unique<TorchScriptNetwork>(library, request);
}

}  // namespace inference_models::torch
