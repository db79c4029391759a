#include "engines/network.hpp"

#include "common/log.hpp"
#include "common/mapped_file.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <inference_models/error.hpp>
#include <map>
#include <new>
#include <numeric>
#include <utility>

namespace inference_models::engines {
namespace {

im_text text(std::string_view value) noexcept {
    return {value.data(), value.size()};
}
std::string copy(im_text value) {
    return {value.data, value.size};
}

/// Throws what an adapter reports. `subject` is the file or library that it is about.
void throw_failure(const im_adapter& adapter, const im_failure* failure, std::string_view subject) {
    if (failure == nullptr) return;
    if (failure->kind == IM_FAILURE_MEMORY) {
        adapter.release_failure(failure);
        throw std::bad_alloc();
    }
    const ErrorKind kind =
        failure->kind == IM_FAILURE_REQUEST ? ErrorKind::invalid_argument : ErrorKind::engine_failure;
    Error error(kind, std::string(subject), copy(failure->message), copy(failure->hint));
    adapter.release_failure(failure);
    throw error;
}

static_assert(static_cast<int>(LogLevel::debug) == IM_LOG_DEBUG && static_cast<int>(LogLevel::info) == IM_LOG_INFO &&
              static_cast<int>(LogLevel::warning) == IM_LOG_WARNING &&
              static_cast<int>(LogLevel::error) == IM_LOG_ERROR);

void forward_log(std::int32_t level, im_text message) {
    try {
        const auto known = static_cast<LogLevel>(std::clamp<std::int32_t>(level, IM_LOG_DEBUG, IM_LOG_ERROR));
        if (log::enabled(known)) log::write(known, copy(message));
    } catch (...) {  // NOLINT(bugprone-empty-catch): a message is lost, and nothing may cross the seam
    }
}

constexpr im_host kHost{sizeof(im_host), forward_log};

constexpr const char* kInstallAnew = "Install this product anew: its files must come from one build.";

void* open_library(const std::filesystem::path& library, const char* hint) {
    void* const handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* const why = ::dlerror();
        throw Error(ErrorKind::engine_failure, library.string(),
                    fmt::format("{} cannot be opened: {}", library.string(), why != nullptr ? why : "?"), hint);
    }
    return handle;
}

const im_adapter& open_adapter(const std::filesystem::path& library) {
    void* const handle = open_library(library, kInstallAnew);
    const auto entry = reinterpret_cast<im_adapter_entry>(::dlsym(handle, "inference_models_adapter"));
    const im_adapter* const adapter = entry != nullptr ? entry(IM_ADAPTER_ABI, &kHost) : nullptr;
    if (adapter == nullptr || adapter->abi != IM_ADAPTER_ABI || adapter->struct_size < sizeof(im_adapter)) {
        throw Error(ErrorKind::engine_failure, library.string(),
                    fmt::format("{} is not an engine adapter of this version", library.string()), kInstallAnew);
    }
    return *adapter;
}

std::vector<Port> ports(std::span<const im_port> from) {
    std::vector<Port> to;
    for (const im_port& port : from) {
        auto& added = to.emplace_back(Port{copy(port.name), static_cast<ElementType>(port.element_type), {}});
        if (port.rank >= 0) added.shape.emplace(port.shape, port.shape + port.rank);
    }
    return to;
}

/// The C structs of a list of execution providers, which point into it.
struct ProviderStructs {
    explicit ProviderStructs(const std::vector<ExecutionProvider>& providers) : texts(providers.size()) {
        for (std::size_t i = 0; i < providers.size(); ++i) {
            auto& [names, values] = texts[i];
            for (const auto& [name, value] : providers[i].options) {
                names.push_back(text(name));
                values.push_back(text(value));
            }
            structs.push_back(
                {sizeof(im_execution_provider), text(providers[i].name), names.size(), names.data(), values.data()});
        }
    }
    std::vector<std::pair<std::vector<im_text>, std::vector<im_text>>> texts;
    std::vector<im_execution_provider> structs;
};

/// Whether elements that lie next to one another from the last of these dimensions to the first have these strides.
/// What a dimension of one element says is of no matter.
bool has_strides(std::span<const std::int64_t> shape, const std::int64_t* strides,
                 std::span<const std::size_t> slowest_to_fastest) {
    std::int64_t expected = 1;
    return std::all_of(slowest_to_fastest.rbegin(), slowest_to_fastest.rend(), [&](std::size_t dimension) {
        const bool fits = shape[dimension] <= 1 || strides[dimension] == expected;
        expected *= shape[dimension];
        return fits;
    });
}

/// Nothing where the elements lie in neither order.
std::optional<MemoryOrder> memory_order(std::span<const std::int64_t> shape, const std::int64_t* strides) {
    if (strides == nullptr) return MemoryOrder::row_major;
    std::vector<std::size_t> dimensions(shape.size());
    std::iota(dimensions.begin(), dimensions.end(), std::size_t{0});
    if (has_strides(shape, strides, dimensions)) return MemoryOrder::row_major;
    constexpr std::array<std::size_t, 4> kChannelsLast{0, 2, 3, 1};
    if (shape.size() == 4 && has_strides(shape, strides, kChannelsLast)) return MemoryOrder::channels_last;
    return std::nullopt;
}

im_device device(const Device& from) {
    return {static_cast<std::int32_t>(from.kind), from.index};
}
Device device(const im_device& from) {
    return {static_cast<DeviceKind>(from.kind), from.index};
}

/// A request as a C struct that points into it.
struct NetworkStruct {
    explicit NetworkStruct(const NetworkRequest& request)
        : file(request.file),
          providers(request.execution_providers),
          raw{sizeof(im_network_request),
              static_cast<std::int32_t>(request.format),
              text(request.file.native()),
              file.bytes().data(),
              file.bytes().size(),
              device(request.device),
              request.precision ? static_cast<std::int32_t>(*request.precision) : IM_PRECISION_OF_PACKAGE,
              request.threads,
              providers.structs.size(),
              providers.structs.data(),
              text(request.cache_directory.native()),
              request.is_compiled ? 1U : 0U} {}
    MappedFile file;
    ProviderStructs providers;
    im_network_request raw;
};

}  // namespace

Network::Network(const im_adapter& adapter, im_network* handle, std::filesystem::path file)
    : adapter_(adapter), handle_(handle), file_(std::move(file)), process_(::getpid()) {
    im_network_info info{};
    adapter.network_info(handle, &info);
    description_ = {ports({info.inputs, info.input_count}), ports({info.outputs, info.output_count}),
                    device(info.device), static_cast<Precision>(info.precision), info.threads};
}

Network::~Network() {
    if (!is_of_this_process()) return;  // a runtime would wait for threads that a fork has not copied
    for (im_execution* slot : free_slots_) adapter_.release_execution(slot);
    adapter_.release_network(handle_);
}

bool Network::is_of_this_process() const noexcept {
    return ::getpid() == process_;
}

void Network::check(const im_failure* failure) const {
    throw_failure(adapter_, failure, file_.native());
}

TensorView Network::view(const im_tensor& tensor) const {
    const std::span shape(tensor.shape, tensor.rank);
    const auto order = memory_order(shape, tensor.strides);
    const bool in_host_memory = tensor.device.kind == static_cast<std::int32_t>(DeviceKind::cpu);
    if (!order || !in_host_memory) {
        throw Error(ErrorKind::engine_failure, file_.string(),
                    fmt::format("the engine keeps tensors of {} on a device or with gaps", file_.string()),
                    "Only tensors without gaps in host memory are read in this version: use another backend.");
    }
    return {static_cast<std::byte*>(tensor.data), static_cast<ElementType>(tensor.element_type), shape, *order};
}

Execution Network::acquire() const {
    if (!is_of_this_process()) {
        throw Error(ErrorKind::engine_failure, file_.string(),
                    fmt::format("{} was loaded in process {}, and is used in its child {}", file_.string(), process_,
                                ::getpid()),
                    "Load the model after the fork, or start processes by `spawn`: the threads of a runtime do not "
                    "survive a fork.");
    }
    {
        const std::scoped_lock lock(mutex_);
        if (!free_slots_.empty()) {
            im_execution* const slot = free_slots_.back();
            free_slots_.pop_back();
            return {*this, slot};
        }
        // Room for one more, so that giving it back cannot fail.
        free_slots_.reserve(free_slots_.capacity() + 1);
    }
    im_execution* slot = nullptr;
    check(adapter_.create_execution(handle_, &slot));
    return {*this, slot};
}

void Network::give_back(im_execution* slot) const noexcept {
    const std::scoped_lock lock(mutex_);
    free_slots_.push_back(slot);
}

Execution::Execution(Execution&& other) noexcept
    : network_(other.network_), slot_(std::exchange(other.slot_, nullptr)) {}

Execution::~Execution() {
    if (slot_ != nullptr) network_->give_back(slot_);
}

TensorView Execution::input(std::size_t index, std::span<const std::int64_t> shape) {
    im_tensor tensor{};
    network_->check(
        network_->adapter_.input(slot_, index, shape.data(), static_cast<std::uint32_t>(shape.size()), &tensor));
    return network_->view(tensor);
}

void Execution::run() {
    network_->check(network_->adapter_.run(slot_));
}

std::size_t Execution::output_count() const {
    return network_->adapter_.output_count(slot_);
}

TensorView Execution::output(std::size_t index) {
    im_tensor tensor{};
    network_->check(network_->adapter_.output(slot_, index, &tensor));
    return network_->view(tensor);
}

const OpenedRuntime& OpenedRuntime::open(const RuntimeRequest& request) {
    // Runtimes are never closed: their threads and static objects do not survive it.
    static std::mutex mutex;
    static auto& opened =
        *new std::map<std::pair<std::filesystem::path, std::filesystem::path>, std::unique_ptr<OpenedRuntime>>;
    const std::scoped_lock lock(mutex);
    auto& entry = opened[{request.adapter, request.library}];
    if (entry == nullptr) {
        const bool was_loaded = ::dlopen(request.library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD) != nullptr;
        if (request.adapter_is_linked) open_library(request.library, "Install that runtime anew.");
        const im_adapter& adapter = open_adapter(request.adapter);
        const im_runtime_request raw{sizeof(im_runtime_request), text(request.library.native()), text(request.version),
                                     was_loaded ? 1U : 0U};
        im_runtime* handle = nullptr;
        throw_failure(adapter, adapter.open_runtime(&raw, &handle), request.library.native());
        entry.reset(new OpenedRuntime(adapter, handle));
    }
    return *entry;
}

OpenedRuntime::OpenedRuntime(const im_adapter& adapter, im_runtime* handle) : adapter_(adapter), handle_(handle) {
    im_runtime_info info{};
    adapter.runtime_info(handle, &info);
    version_ = copy(info.version);
}

std::unique_ptr<Network> OpenedRuntime::load(const NetworkRequest& request) const {
    const NetworkStruct network(request);
    im_network* handle = nullptr;
    throw_failure(adapter_, adapter_.load_network(handle_, &network.raw, &handle), request.file.native());
    return std::make_unique<Network>(adapter_, handle, request.file);
}

void OpenedRuntime::compile(const CompileRequest& request) const {
    const NetworkStruct network(request.network);
    std::vector<im_dimension> dimensions;
    for (const auto& [name, size] : request.dimensions) {
        dimensions.push_back({sizeof(im_dimension), text(name), size});
    }
    const im_compile_request raw{sizeof(im_compile_request), &network.raw, text(request.output.native()),
                                 dimensions.size(), dimensions.data()};
    throw_failure(adapter_, adapter_.compile_network(handle_, &raw), request.network.file.native());
}

}  // namespace inference_models::engines
