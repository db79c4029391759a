// The adapter of PyTorch: runs TorchScript and AOTInductor packages with libtorch.

#include <ATen/Context.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>
#include <torch/version.h>

#include "engines/torch/common.hpp"
#include "engines/torch/compiled.hpp"
#include "engines/torch/torch_script.hpp"

namespace inference_models::torch {
namespace {

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
        const c10::InferenceMode no_gradients;
        if (request.device.kind == DeviceKind::cuda) open_cuda(library_);
        return with_torch(IM_FAILURE_NETWORK, "PyTorch " + library_.version + " cannot load it", {}, [&] {
            return request.format == PackageFormat::pt2 ? load_compiled(library_, request)
                                                        : load_torch_script(library_, request);
        });
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
