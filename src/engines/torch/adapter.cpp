// The adapter of PyTorch: runs TorchScript with libtorch. The only file that sees torch. libtorch's C++ interface
// changes with each minor release, so this is compiled for each of them, also on users' machines: it needs nothing but
// torch, the seam and the standard library.

#include "engines/seam/adapter_sdk.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>
#include <caffe2/serialize/read_adapter_interface.h>
#include <dlfcn.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

namespace inference_models::torch {
namespace {

using sdk::Failure;

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

/// What TorchScript's interpreter reports, without its pages of traceback: the last line that says something.
std::string last_words(std::string_view message) {
    constexpr std::string_view kBlank = " \n\r\t";
    message = message.substr(0, message.find_last_not_of(kBlank) + 1);
    const std::size_t line = message.find_last_of('\n');
    return std::string(line == std::string_view::npos ? message : message.substr(line + 1));
}

/// Runs torch's code; what it throws becomes a failure whose message begins with `what`.
template <class Action>
auto with_torch(im_failure_kind kind, const std::string& what, const std::string& hint, Action&& action) {
    try {
        return std::forward<Action>(action)();
    } catch (const Failure&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const c10::OutOfMemoryError&) {
        throw std::bad_alloc();
    } catch (const c10::Error& error) {
        throw Failure(kind, what + ": " + last_words(error.what_without_backtrace()), hint);
    } catch (const std::exception& error) {
        throw Failure(kind, what + ": " + last_words(error.what()), hint);
    }
}

/// The file's bytes, which the core mapped.
class MemoryReader final : public caffe2::serialize::ReadAdapterInterface {
public:
    explicit MemoryReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
    [[nodiscard]] std::size_t size() const override { return bytes_.size(); }
    std::size_t read(std::uint64_t position, void* to, std::size_t count, const char* /*what*/) const override {
        if (position >= bytes_.size()) return 0;
        const auto part = bytes_.subspan(position, std::min<std::size_t>(count, bytes_.size() - position));
        std::memcpy(to, part.data(), part.size());
        return part.size();
    }

private:
    std::span<const std::byte> bytes_;
};

/// The tensors of a module, with those of the modules in it.
std::vector<at::Tensor> tensors_of(const ::torch::jit::Module& module) {
    std::vector<at::Tensor> tensors;
    for (const at::Tensor& parameter : module.parameters()) tensors.push_back(parameter);
    for (const at::Tensor& buffer : module.buffers()) tensors.push_back(buffer);
    return tensors;
}

void check_is_fp32(const ::torch::jit::Module& module, const std::string& path) {
    for (const at::Tensor& tensor : tensors_of(module)) {
        if (!tensor.is_floating_point() || tensor.scalar_type() == at::kFloat) continue;
        throw Failure(IM_FAILURE_REQUEST,
                      "the weights in " + path + " are " + c10::toString(tensor.scalar_type()) + ", not float32",
                      "This version runs TorchScript in fp32 only: export the model in fp32.");
    }
}

at::Device torch_device(const Device& device) {
    if (device.kind == DeviceKind::cpu) return at::kCPU;
    return {at::kCUDA, static_cast<c10::DeviceIndex>(device.index)};
}

/// Convolutions of oneDNN want channels last, in fp32 those of cuDNN do not.
at::MemoryFormat memory_format(const Device& device) {
    return device.kind == DeviceKind::cpu ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

void use_memory_format(const ::torch::jit::Module& module, at::MemoryFormat format) {
    for (const at::Tensor& tensor : tensors_of(module)) {
        if (tensor.dim() == 4) tensor.set_data(tensor.contiguous(format));
    }
}

/// Loads, freezes and plans a module so that its first run is as its tenth: by default libtorch would spend the first
/// runs on profiling, for fusions that convolutional networks have no use for.
::torch::jit::Module load_module(const sdk::NetworkRequest& request) {
    auto module = ::torch::jit::load(std::make_shared<MemoryReader>(request.bytes), torch_device(request.device),
                                     /*load_debug_files=*/false);
    module.eval();
    check_is_fp32(module, request.path);
    use_memory_format(module, memory_format(request.device));
    module = ::torch::jit::freeze(module);
    ::torch::jit::Stack no_inputs;
    ::torch::jit::toGraphFunction(module.get_method("forward").function())
        .get_executor()
        .getPlanFor(no_inputs, /*remaining_bailout_depth=*/0);
    return module;
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

/// What all networks of a process share.
struct Library {
    std::string version;
    std::filesystem::path directory;
    bool is_ours = false;  ///< nobody else in this process uses it, so its settings are ours to make
};

/// Compute threads of a run on the calling thread: the network's where libtorch is ours, else what its owner has set.
std::uint32_t use_threads(const Library& library, std::uint32_t wanted) {
    if (library.is_ours && at::get_num_threads() != static_cast<int>(wanted)) {
        at::set_num_threads(static_cast<int>(wanted));
    }
    return static_cast<std::uint32_t>(at::get_num_threads());
}

class Execution final : public sdk::Execution {
public:
    Execution(const Library& library, const ::torch::jit::Module& module, const sdk::NetworkInfo& info)
        : library_(library), module_(module), info_(info), inputs_(info.inputs.size()) {}

    sdk::TensorView input(std::size_t index, std::span<const std::int64_t> shape) override {
        at::Tensor& tensor = inputs_.at(index);
        if (!tensor.defined() || tensor.sizes() != at::IntArrayRef(shape.data(), shape.size())) {
            const c10::InferenceMode no_gradients;
            const auto format = shape.size() == 4 ? memory_format(info_.device) : at::MemoryFormat::Contiguous;
            tensor = at::empty({shape.data(), shape.size()}, at::TensorOptions(at::kFloat), format);
        }
        return view(tensor);
    }

    void run() override {
        const c10::InferenceMode no_gradients;
        use_threads(library_, info_.threads);
        outputs_.clear();
        const auto returned = with_torch(
            IM_FAILURE_EXECUTION, "PyTorch " + library_.version,
            "A TorchScript network only takes the sizes that it was traced with: check those of its package.", [&] {
                std::vector<c10::IValue> arguments;
                for (const at::Tensor& tensor : inputs_) arguments.emplace_back(tensor.to(torch_device(info_.device)));
                return module_.forward(std::move(arguments));
            });
        flatten(returned, outputs_);
        for (at::Tensor& tensor : outputs_) tensor = tensor.to(at::kCPU).contiguous();
    }

    [[nodiscard]] std::size_t output_count() const override { return outputs_.size(); }
    sdk::TensorView output(std::size_t index) override { return view(outputs_.at(index)); }

private:
    static sdk::TensorView view(const at::Tensor& tensor) {
        return {element_type(tensor.scalar_type()),
                Device{},
                tensor.data_ptr(),
                {tensor.sizes().data(), tensor.sizes().size()},
                tensor.strides().data()};
    }

    const Library& library_;
    ::torch::jit::Module module_;
    const sdk::NetworkInfo& info_;
    std::vector<at::Tensor> inputs_;
    std::vector<at::Tensor> outputs_;
};

class Network final : public sdk::Network {
public:
    Network(const Library& library, const sdk::NetworkRequest& request)
        : library_(library), module_(load_module(request)) {
        // TorchScript files name neither the shapes nor the types of what goes in and comes out.
        for (std::size_t i = 0; i < tensor_count_of(module_); ++i) {
            info_.inputs.push_back({"input " + std::to_string(i), ElementType::float32, std::nullopt});
        }
        info_.device = request.device;
        info_.threads = use_threads(library, request.threads);
    }

    [[nodiscard]] const sdk::NetworkInfo& info() const override { return info_; }
    std::unique_ptr<sdk::Execution> create_execution() override {
        return std::make_unique<Execution>(library_, module_, info_);
    }

private:
    const Library& library_;
    ::torch::jit::Module module_;
    sdk::NetworkInfo info_;
};

/// The part of libtorch that drives GPUs is opened when the first network wants one.
void open_cuda(const Library& library) {
    const std::filesystem::path path = library.directory / "libtorch_cuda.so";
    if (::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
        const char* const why = ::dlerror();
        throw Failure(IM_FAILURE_REQUEST,
                      "this PyTorch " + library.version + " cannot use GPUs: " + (why != nullptr ? why : "?"),
                      "Install a build of PyTorch for CUDA, or use device=cpu.");
    }
    if (!at::globalContext().allowTF32CuDNN() && !at::globalContext().allowTF32CuBLAS()) return;
    if (library.is_ours) {
        at::globalContext().setAllowTF32CuDNN(false);
        at::globalContext().setAllowTF32CuBLAS(false);
    } else {
        sdk::log(IM_LOG_WARNING, "PyTorch: this process allows TF32, which computes fp32 in fewer bits");
    }
}

class Runtime final : public sdk::Runtime {
public:
    explicit Runtime(const sdk::RuntimeRequest& request)
        : library_{request.version.empty() ? TORCH_VERSION : request.version,
                   std::filesystem::path(request.library).parent_path(), !request.was_loaded} {}

    [[nodiscard]] const std::string& version() const override { return library_.version; }

    std::unique_ptr<sdk::Network> load_network(const sdk::NetworkRequest& request) override {
        if (request.format != PackageFormat::torch_script) {
            throw Failure(IM_FAILURE_REQUEST, "PyTorch only runs TorchScript in this version",
                          "Export the model with torch.jit.trace and torch.jit.save.");
        }
        if (request.precision && *request.precision != Precision::fp32) {
            throw Failure(IM_FAILURE_REQUEST, "PyTorch only computes in fp32 in this version", "Ask for fp32.");
        }
        const c10::InferenceMode no_gradients;
        if (request.device.kind == DeviceKind::cuda) open_cuda(library_);
        return with_torch(IM_FAILURE_NETWORK, "PyTorch " + library_.version + " cannot load it", {},
                          [&] { return std::make_unique<Network>(library_, request); });
    }

private:
    Library library_;
};

std::unique_ptr<sdk::Runtime> open_runtime(const sdk::RuntimeRequest& request) {
    return std::make_unique<Runtime>(request);
}

}  // namespace
}  // namespace inference_models::torch

INFERENCE_MODELS_DEFINE_ADAPTER("torch", inference_models::torch::open_runtime)
