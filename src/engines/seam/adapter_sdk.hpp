#pragma once

#include "engines/seam/engine_adapter.h"

#include <cstdint>
#include <exception>
#include <inference_models/tensor.hpp>
#include <inference_models/types.hpp>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The adapter's side of the seam in C++: derive from Runtime, Network and Execution, throw Failure, and let
/// INFERENCE_MODELS_DEFINE_ADAPTER make the table. Header-only, so that an adapter links nothing of ours.
namespace inference_models::sdk {

inline im_text text(std::string_view value) noexcept {
    return {value.data(), value.size()};
}
inline std::string_view view(im_text value) noexcept {
    return {value.data, value.size};
}

/// The one exception of an adapter.
class Failure : public std::exception {
public:
    Failure(im_failure_kind kind, std::string message, std::string hint = {})
        : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {}
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
    [[nodiscard]] im_failure_kind kind() const noexcept { return kind_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

private:
    im_failure_kind kind_;
    std::string message_;
    std::string hint_;
};

struct RuntimeRequest {
    std::string library;
    std::string version;
    bool was_loaded = false;
};

struct ExecutionProviderRequest {
    std::string name;
    std::vector<std::pair<std::string, std::string>> options;
};

struct NetworkRequest {
    PackageFormat format = PackageFormat::onnx;
    std::string path;
    std::span<const std::byte> bytes;
    Device device;
    std::optional<Precision> precision;
    std::uint32_t threads = 1;
    std::vector<ExecutionProviderRequest> execution_providers;
    std::string cache_directory;  ///< where it may keep what it made of networks; empty: nowhere
    bool is_compiled = false;     ///< made by this runtime on this machine: nothing is left to optimise
};

struct CompileRequest {
    NetworkRequest network;
    std::string output;                                            ///< the file to write
    std::vector<std::pair<std::string, std::int64_t>> dimensions;  ///< that are open in the network, with their sizes
};

struct Port {
    std::string name;
    ElementType type = ElementType::float32;
    std::optional<std::vector<std::int64_t>> shape;  ///< none: not even the rank is known
};

struct NetworkInfo {
    std::vector<Port> inputs;
    std::vector<Port> outputs;
    Device device;
    Precision precision = Precision::fp32;
    std::uint32_t threads = 1;
};

struct TensorView {
    ElementType type = ElementType::float32;
    Device device;
    void* data = nullptr;
    std::span<const std::int64_t> shape;
    const std::int64_t* strides = nullptr;
};

class Execution {
public:
    virtual ~Execution() = default;
    [[nodiscard]] virtual TensorView input(std::size_t index, std::span<const std::int64_t> shape) = 0;
    virtual void run() = 0;
    [[nodiscard]] virtual std::size_t output_count() const = 0;
    [[nodiscard]] virtual TensorView output(std::size_t index) = 0;
};

class Network {
public:
    virtual ~Network() = default;
    [[nodiscard]] virtual const NetworkInfo& info() const = 0;
    [[nodiscard]] virtual std::unique_ptr<Execution> create_execution() = 0;
};

class Runtime {
public:
    virtual ~Runtime() = default;
    [[nodiscard]] virtual const std::string& version() const = 0;
    [[nodiscard]] virtual std::unique_ptr<Network> load_network(const NetworkRequest& request) = 0;
    /// Writes the network as it is after all that can be done to it ahead of a run on this machine.
    virtual void compile_network(const CompileRequest& request) {
        throw Failure(IM_FAILURE_REQUEST, "this engine compiles no network of itself: " + request.network.path);
    }
};

namespace detail {

/// A failure that owns the texts it points to.
struct OwnedFailure : im_failure {
    std::string owned_message;
    std::string owned_hint;
};

/// For the case that there is no memory even for a failure.
inline constexpr im_failure kOutOfMemory{sizeof(im_failure), IM_FAILURE_MEMORY, {"out of memory", 13}, {"", 0}};

inline const im_failure* make_failure(im_failure_kind kind, std::string message, std::string hint) {
    auto failure = std::make_unique<OwnedFailure>();
    failure->owned_message = std::move(message);
    failure->owned_hint = std::move(hint);
    static_cast<im_failure&>(*failure) = {sizeof(im_failure), kind, text(failure->owned_message),
                                          text(failure->owned_hint)};
    return failure.release();  // given back to release_failure
}

inline void release_failure(const im_failure* failure) {
    if (failure != &kOutOfMemory) delete static_cast<const OwnedFailure*>(failure);
}

/// Runs an adapter's code; whatever it throws becomes a failure.
template <class Action>
const im_failure* guarded(im_failure_kind kind, Action&& action) noexcept {
    try {
        try {
            std::forward<Action>(action)();
            return nullptr;
        } catch (const Failure& failure) {
            return make_failure(failure.kind(), failure.message(), failure.hint());
        } catch (const std::bad_alloc&) {
            return &kOutOfMemory;
        } catch (const std::exception& failure) {
            return make_failure(kind, failure.what(), {});
        } catch (...) {
            return make_failure(kind, "the adapter threw something that is no exception", {});
        }
    } catch (const std::bad_alloc&) {
        return &kOutOfMemory;
    }
}

/// The network, with its description as the C structs that point into it.
struct NetworkHandle {
    std::unique_ptr<Network> network;
    std::vector<im_port> inputs;
    std::vector<im_port> outputs;
};

inline std::vector<im_port> ports(const std::vector<Port>& from) {
    std::vector<im_port> to;
    to.reserve(from.size());
    for (const Port& port : from) {
        to.push_back({sizeof(im_port), text(port.name), static_cast<std::int32_t>(port.type),
                      port.shape ? static_cast<std::int32_t>(port.shape->size()) : -1,
                      port.shape ? port.shape->data() : nullptr});
    }
    return to;
}

inline NetworkRequest request_from(const im_network_request& raw) {
    NetworkRequest request;
    request.format = static_cast<PackageFormat>(raw.format);
    request.path = view(raw.path);
    request.bytes = {static_cast<const std::byte*>(raw.bytes), raw.byte_count};
    request.device = {static_cast<DeviceKind>(raw.device.kind), raw.device.index};
    if (raw.precision != IM_PRECISION_OF_PACKAGE) request.precision = static_cast<Precision>(raw.precision);
    request.threads = raw.threads;
    request.cache_directory = view(raw.cache_directory);
    request.is_compiled = raw.is_compiled != 0;
    for (const auto& provider : std::span(raw.execution_providers, raw.execution_provider_count)) {
        auto& added = request.execution_providers.emplace_back();
        added.name = view(provider.name);
        for (std::size_t i = 0; i < provider.option_count; ++i) {
            added.options.emplace_back(view(provider.option_names[i]), view(provider.option_values[i]));
        }
    }
    return request;
}

inline void fill(im_tensor* to, const TensorView& from) {
    *to = {sizeof(im_tensor),
           static_cast<std::int32_t>(from.type),
           {static_cast<std::int32_t>(from.device.kind), from.device.index},
           from.data,
           static_cast<std::uint32_t>(from.shape.size()),
           from.shape.data(),
           from.strides};
}

inline Runtime* runtime_of(im_runtime* handle) {
    return reinterpret_cast<Runtime*>(handle);
}
inline const Runtime* runtime_of(const im_runtime* handle) {
    return reinterpret_cast<const Runtime*>(handle);
}
inline NetworkHandle* network_of(im_network* handle) {
    return reinterpret_cast<NetworkHandle*>(handle);
}
inline const NetworkHandle* network_of(const im_network* handle) {
    return reinterpret_cast<const NetworkHandle*>(handle);
}
inline Execution* execution_of(im_execution* handle) {
    return reinterpret_cast<Execution*>(handle);
}
inline const Execution* execution_of(const im_execution* handle) {
    return reinterpret_cast<const Execution*>(handle);
}

template <std::unique_ptr<Runtime> (*open)(const RuntimeRequest& request)>
const im_failure* open_runtime(const im_runtime_request* request, im_runtime** runtime) {
    return guarded(IM_FAILURE_RUNTIME, [&] {
        const RuntimeRequest copy{std::string(view(request->library)), std::string(view(request->version)),
                                  request->was_loaded != 0};
        // Runtimes live as long as the process: theirs are static objects and threads that do not survive a dlclose.
        *runtime = reinterpret_cast<im_runtime*>(open(copy).release());
    });
}

inline const im_failure* load_network(im_runtime* runtime, const im_network_request* request, im_network** network) {
    return guarded(IM_FAILURE_NETWORK, [&] {
        auto handle = std::make_unique<NetworkHandle>();
        handle->network = runtime_of(runtime)->load_network(request_from(*request));
        handle->inputs = ports(handle->network->info().inputs);
        handle->outputs = ports(handle->network->info().outputs);
        *network = reinterpret_cast<im_network*>(handle.release());
    });
}

inline void network_info(const im_network* network, im_network_info* info) {
    const NetworkHandle& handle = *network_of(network);
    const NetworkInfo& from = handle.network->info();
    *info = {sizeof(im_network_info),
             handle.inputs.size(),
             handle.inputs.data(),
             handle.outputs.size(),
             handle.outputs.data(),
             {static_cast<std::int32_t>(from.device.kind), from.device.index},
             static_cast<std::int32_t>(from.precision),
             from.threads};
}

}  // namespace detail

/// The table of an adapter whose runtime `open` opens.
template <std::unique_ptr<Runtime> (*open)(const RuntimeRequest& request)>
im_adapter make_adapter(std::string_view engine) {
    using namespace detail;
    im_adapter table{};
    table.struct_size = sizeof(im_adapter);
    table.abi = IM_ADAPTER_ABI;
    table.engine = text(engine);
    table.release_failure = [](const im_failure* failure) { release_failure(failure); };
    table.open_runtime = open_runtime<open>;
    table.runtime_info = [](const im_runtime* runtime, im_runtime_info* info) {
        *info = {sizeof(im_runtime_info), text(runtime_of(runtime)->version())};
    };
    table.load_network = load_network;
    table.network_info = network_info;
    table.release_network = [](im_network* network) { delete network_of(network); };
    table.create_execution = [](im_network* network, im_execution** execution) {
        return guarded(IM_FAILURE_EXECUTION, [&] {
            *execution = reinterpret_cast<im_execution*>(network_of(network)->network->create_execution().release());
        });
    };
    table.input = [](im_execution* execution, std::size_t index, const std::int64_t* shape, std::uint32_t rank,
                     im_tensor* to) {
        return guarded(IM_FAILURE_EXECUTION, [&] { fill(to, execution_of(execution)->input(index, {shape, rank})); });
    };
    table.run = [](im_execution* execution) {
        return guarded(IM_FAILURE_EXECUTION, [&] { execution_of(execution)->run(); });
    };
    table.output_count = [](const im_execution* execution) { return execution_of(execution)->output_count(); };
    table.output = [](im_execution* execution, std::size_t index, im_tensor* to) {
        return guarded(IM_FAILURE_EXECUTION, [&] { fill(to, execution_of(execution)->output(index)); });
    };
    table.release_execution = [](im_execution* execution) { delete execution_of(execution); };
    table.compile_network = [](im_runtime* runtime, const im_compile_request* request) {
        return guarded(IM_FAILURE_NETWORK, [&] {
            CompileRequest copy{request_from(*request->network), std::string(view(request->output)), {}};
            for (const im_dimension& each : std::span(request->dimensions, request->dimension_count)) {
                copy.dimensions.emplace_back(view(each.name), each.size);
            }
            runtime_of(runtime)->compile_network(copy);
        });
    };
    return table;
}

/// What the core gave to this adapter.
inline const im_host*& host() noexcept {
    static const im_host* instance = nullptr;
    return instance;
}

inline void log(im_log_level level, std::string_view message) {
    if (host() != nullptr) host()->log(level, text(message));
}

}  // namespace inference_models::sdk

/// Defines the one exported symbol of an adapter. `open`: std::unique_ptr<sdk::Runtime>(const sdk::RuntimeRequest&).
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): an exported C symbol cannot be made by a template
#define INFERENCE_MODELS_DEFINE_ADAPTER(engine, open)                                             \
    extern "C" __attribute__((visibility("default"))) const im_adapter* inference_models_adapter( \
        std::uint32_t abi, const im_host* host) {                                                 \
        if (abi != IM_ADAPTER_ABI) return nullptr;                                                \
        ::inference_models::sdk::host() = host;                                                   \
        static const im_adapter table = ::inference_models::sdk::make_adapter<open>(engine);      \
        return &table;                                                                            \
    }
