#pragma once

#include "engines/seam/adapter_sdk.hpp"

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <cstdint>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the networks of all formats have in common. These files are all that sees torch. libtorch's C++ interface
/// changes with each minor release, so they are compiled for each of them, also on users' machines: they need nothing
/// but torch, the seam and the standard library.
namespace inference_models::torch {

using sdk::Failure;

/// What all networks of a process share.
struct Library {
    std::string version;
    std::filesystem::path directory;
    bool is_ours = false;  ///< nobody else in this process uses it, so its settings are ours to make
};

/// Compute threads of a run on the calling thread: the network's where libtorch is ours, else what its owner has set.
std::uint32_t use_threads(const Library& library, std::uint32_t wanted);

/// What torch reports, without its pages of traceback: the last line that says something.
std::string last_words(std::string_view message);

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

at::Device torch_device(const Device& device);

/// Convolutions of oneDNN want channels last, in fp32 those of cuDNN do not.
at::MemoryFormat memory_format(const Device& device);

/// A slot to run in, whatever runs in it.
class Execution : public sdk::Execution {
public:
    Execution(const Library& library, const sdk::NetworkInfo& info);
    sdk::TensorView input(std::size_t index, std::span<const std::int64_t> shape) final;
    void run() final;
    [[nodiscard]] std::size_t output_count() const final { return outputs_.size(); }
    sdk::TensorView output(std::size_t index) final;

protected:
    [[nodiscard]] const Library& library() const { return library_; }

private:
    /// What the network makes of tensors on its device.
    virtual std::vector<at::Tensor> outputs_of(std::vector<at::Tensor> inputs) = 0;

    const Library& library_;
    const sdk::NetworkInfo& info_;
    std::vector<at::Tensor> inputs_;
    std::vector<at::Tensor> outputs_;
};

}  // namespace inference_models::torch
