#pragma once

#include "engines/seam/engine_adapter.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <inference_models/load_options.hpp>
#include <inference_models/tensor.hpp>
#include <inference_models/types.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

/// The core's side of the seam: tensors in, tensors out. Knows nothing of images.
namespace inference_models::engines {

/// In which order the elements of a tensor without gaps lie in memory.
enum class MemoryOrder {
    row_major,      ///< last dimension fastest
    channels_last,  ///< of [batch, channels, height, width], the channels fastest: as [batch, height, width, channels]
};

/// A tensor without gaps in host memory that belongs to an execution. Valid as long as what it was asked of says.
struct TensorView {
    std::byte* data = nullptr;
    ElementType type = ElementType::float32;
    std::span<const std::int64_t> shape;
    MemoryOrder order = MemoryOrder::row_major;

    [[nodiscard]] std::size_t byte_count() const { return element_count(shape) * element_size(type); }
};

/// An input or output as the network declares it.
struct Port {
    std::string name;
    ElementType type = ElementType::float32;
    std::optional<std::vector<std::int64_t>>
        shape;  ///< -1 where unknown before a run; none: not even the rank is known
};

struct NetworkDescription {
    std::vector<Port> inputs;
    std::vector<Port> outputs;
    Device device;                          ///< where it really runs
    Precision precision = Precision::fp32;  ///< what it really computes in
    std::uint32_t threads = 1;              ///< compute threads it was given
};

struct NetworkRequest {
    PackageFormat format = PackageFormat::onnx;
    std::filesystem::path file;
    Device device;
    std::optional<Precision> precision;  ///< none: the package's own
    std::uint32_t threads = 1;
    std::vector<ExecutionProvider> execution_providers;
    std::filesystem::path cache_directory;  ///< where engines may keep what they made of networks; empty: nowhere
    bool is_compiled = false;               ///< by this runtime on this machine: nothing is left to optimise
};

/// A network to be written as it is after all that its engine can do to it ahead of a run on this machine.
struct CompileRequest {
    NetworkRequest network;
    std::filesystem::path output;
    std::vector<std::pair<std::string, std::int64_t>> dimensions;  ///< that are open in the network, with their sizes
};

class Execution;

/// A loaded package in an engine. Any number of threads may acquire executions at the same time.
class Network {
public:
    /// \param file  where it was loaded from: what its errors name
    Network(const im_adapter& adapter, im_network* handle, std::filesystem::path file);
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    [[nodiscard]] const NetworkDescription& description() const noexcept { return description_; }

    /// A slot to run in: a free one, or a new one. It goes back when the Execution ends, before the network does.
    /// \throws Error `engine_failure` in a child of the process that loaded it: runtimes do not survive a fork
    [[nodiscard]] Execution acquire() const;

private:
    friend class Execution;
    [[nodiscard]] bool is_of_this_process() const noexcept;
    void check(const im_failure* failure) const;
    [[nodiscard]] TensorView view(const im_tensor& tensor) const;
    void give_back(im_execution* slot) const noexcept;

    const im_adapter& adapter_;
    im_network* handle_;
    std::filesystem::path file_;
    pid_t process_;  ///< that loaded it
    NetworkDescription description_;
    mutable std::mutex mutex_;
    mutable std::vector<im_execution*> free_slots_;
};

/// A slot of a network, for one thread.
class Execution {
public:
    ~Execution();
    Execution(Execution&& other) noexcept;
    Execution& operator=(Execution&&) = delete;
    Execution(const Execution&) = delete;
    Execution& operator=(const Execution&) = delete;

    /// Writable memory of an input, in the order that the engine likes, until it is asked for with another shape.
    /// \throws Error `engine_failure`
    [[nodiscard]] TensorView input(std::size_t index, std::span<const std::int64_t> shape);

    /// \throws Error `engine_failure`
    void run();

    /// After a run; may be more than the network declares.
    [[nodiscard]] std::size_t output_count() const;

    /// In row-major order. Valid until the next run, or until the slot goes back.
    /// \throws Error `engine_failure`
    [[nodiscard]] TensorView output(std::size_t index);

private:
    friend class Network;
    Execution(const Network& network, im_execution* slot) : network_(&network), slot_(slot) {}

    const Network* network_;
    im_execution* slot_;
};

struct RuntimeRequest {
    std::filesystem::path adapter;
    std::filesystem::path library;
    std::string version;             ///< what the library's files say; empty where they do not
    bool adapter_is_linked = false;  ///< with the runtime, which is therefore opened before it
};

/// A runtime that was opened by its adapter; lives as long as the process.
class OpenedRuntime {
public:
    /// Opens the adapter, and the runtime through it; once per pair of paths.
    /// \throws Error `engine_failure` where one of them cannot be opened
    [[nodiscard]] static const OpenedRuntime& open(const RuntimeRequest& request);

    [[nodiscard]] const std::string& version() const noexcept { return version_; }

    /// \throws Error `engine_failure` where the runtime refuses the network, `io_failure` where its file cannot be read
    [[nodiscard]] std::unique_ptr<Network> load(const NetworkRequest& request) const;

    /// \throws Error `engine_failure`, `io_failure`; `invalid_argument` where this engine compiles no network of itself
    void compile(const CompileRequest& request) const;

private:
    OpenedRuntime(const im_adapter& adapter, im_runtime* handle);

    const im_adapter& adapter_;
    im_runtime* handle_;
    std::string version_;
};

}  // namespace inference_models::engines
