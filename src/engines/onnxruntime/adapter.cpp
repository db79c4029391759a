// The adapter of ONNX Runtime: finds its function table in the library that the core names, and drives sessions.

#include "engines/onnxruntime/ort_api.hpp"
#include "engines/seam/adapter_sdk.hpp"
#include "engines/seam/host_memory.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace inference_models::onnxruntime {
namespace {

using sdk::Failure;

constexpr std::string_view kCpuProvider = "CPUExecutionProvider";
constexpr std::string_view kCudaProvider = "CUDAExecutionProvider";
constexpr std::string_view kTensorRtProvider = "TensorrtExecutionProvider";
constexpr std::string_view kProviderSuffix = "ExecutionProvider";

constexpr std::array<std::pair<OrtElementType, ElementType>, 13> kElementTypes{{
    {OrtElementType::float32, ElementType::float32},
    {OrtElementType::uint8, ElementType::uint8},
    {OrtElementType::int8, ElementType::int8},
    {OrtElementType::uint16, ElementType::uint16},
    {OrtElementType::int16, ElementType::int16},
    {OrtElementType::int32, ElementType::int32},
    {OrtElementType::int64, ElementType::int64},
    {OrtElementType::boolean, ElementType::boolean},
    {OrtElementType::float16, ElementType::float16},
    {OrtElementType::float64, ElementType::float64},
    {OrtElementType::uint32, ElementType::uint32},
    {OrtElementType::uint64, ElementType::uint64},
    {OrtElementType::bfloat16, ElementType::bfloat16},
}};

ElementType element_type(OrtElementType from) {
    const auto* const found = std::ranges::find(kElementTypes, from, &decltype(kElementTypes)::value_type::first);
    if (found == kElementTypes.end()) {
        throw Failure(IM_FAILURE_NETWORK, fmt::format("ONNX element type {} is not supported", static_cast<int>(from)));
    }
    return found->second;
}

OrtElementType element_type(ElementType from) {
    return std::ranges::find(kElementTypes, from, &decltype(kElementTypes)::value_type::second)->first;
}

/// The opened library: its table and the one environment that ONNX Runtime has per process.
class Library {
public:
    explicit Library(const std::string& path) : base_(base_of(path)), api_(table_of(*base_)) {
        version_ = base_->GetVersionString();
        // Some releases (1.32 for Linux) note a device's id in the home directory and send events to Microsoft unless
        // this says no when the environment is made; DisableTelemetryEvents does not stop them. Who set it has decided.
        ::setenv("ORT_DISABLE_TELEMETRY", "1", 0);
        check(api_.CreateEnvWithCustomLogger(forward_log, nullptr, kLoggingWarning, "inference_models", &environment_),
              IM_FAILURE_RUNTIME);
        check(api_.CreateCpuMemoryInfo(kArenaAllocator, kDefaultMemory, &cpu_memory_), IM_FAILURE_RUNTIME);
        check(api_.GetAllocatorWithDefaultOptions(&allocator_), IM_FAILURE_RUNTIME);
    }

    [[nodiscard]] const Api& api() const noexcept { return api_; }
    [[nodiscard]] const std::string& version() const noexcept { return version_; }
    [[nodiscard]] OrtEnv* environment() const noexcept { return environment_; }
    [[nodiscard]] OrtMemoryInfo* cpu_memory() const noexcept { return cpu_memory_; }

    /// Throws what a status says.
    void check(OrtStatus* status, im_failure_kind kind) const {
        if (status == nullptr) return;
        const std::string message = api_.GetErrorMessage(status);
        api_.ReleaseStatus(status);
        throw Failure(kind, fmt::format("ONNX Runtime {}: {}", version_, message));
    }

    /// A text that ONNX Runtime allocated, freed.
    [[nodiscard]] std::string take(char* text) const {
        std::string copy = text;
        check(api_.AllocatorFree(allocator_, text), IM_FAILURE_NETWORK);
        return copy;
    }

    [[nodiscard]] OrtAllocator* allocator() const noexcept { return allocator_; }

    [[nodiscard]] std::vector<std::string> available_providers() const {
        char** names = nullptr;
        int count = 0;
        check(api_.GetAvailableProviders(&names, &count), IM_FAILURE_RUNTIME);
        std::vector<std::string> copy(names, names + count);
        check(api_.ReleaseAvailableProviders(names, count), IM_FAILURE_RUNTIME);
        return copy;
    }

private:
    static const OrtApiBase* base_of(const std::string& path) {
        void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) {
            const char* const why = ::dlerror();
            throw Failure(IM_FAILURE_RUNTIME, fmt::format("{} cannot be opened: {}", path, why != nullptr ? why : "?"),
                          "Install that version of ONNX Runtime anew.");
        }
        const auto get_base = reinterpret_cast<const OrtApiBase* (*)()>(::dlsym(handle, "OrtGetApiBase"));
        if (get_base == nullptr) {
            throw Failure(IM_FAILURE_RUNTIME, fmt::format("{} is not ONNX Runtime: it has no OrtGetApiBase", path),
                          "Name the libonnxruntime.so of an onnxruntime wheel, or none to have it found.");
        }
        return get_base();
    }

    static void* const* table_of(const OrtApiBase& base) {
        void* const* const table = base.GetApi(kApiVersion);
        if (table == nullptr) {
            throw Failure(IM_FAILURE_RUNTIME,
                          fmt::format("ONNX Runtime {} is older than 1.{}", base.GetVersionString(), kApiVersion),
                          "Upgrade it.");
        }
        return table;
    }

    static void forward_log(void* /*parameter*/, int severity, const char* /*category*/, const char* /*log_id*/,
                            const char* /*code_location*/, const char* message) {
        // ONNX Runtime: 0 verbose, 1 info, 2 warning, 3 error, 4 fatal. What fails is also returned as a status.
        constexpr std::array kLevels{IM_LOG_DEBUG, IM_LOG_DEBUG, IM_LOG_WARNING, IM_LOG_WARNING, IM_LOG_ERROR};
        sdk::log(kLevels[static_cast<std::size_t>(std::clamp(severity, 0, 4))],
                 fmt::format("ONNX Runtime: {}", message));
    }

    const OrtApiBase* base_;
    Api api_;
    std::string version_;
    // Never released: ONNX Runtime's environment does not survive its release at the exit of a process.
    OrtEnv* environment_ = nullptr;
    OrtMemoryInfo* cpu_memory_ = nullptr;
    OrtAllocator* allocator_ = nullptr;
};

/// An object of ONNX Runtime that is released through the table.
template <class Object, auto release>
class Owned {
public:
    explicit Owned(const Library& library, Object* object = nullptr) : library_(&library), object_(object) {}
    ~Owned() { reset(nullptr); }
    Owned(Owned&& other) noexcept : library_(other.library_), object_(std::exchange(other.object_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        reset(std::exchange(other.object_, nullptr));
        library_ = other.library_;
        return *this;
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;

    [[nodiscard]] Object* get() const noexcept { return object_; }
    void reset(Object* object) noexcept {
        if (object_ != nullptr) (library_->api().*release)(object_);
        object_ = object;
    }
    /// For functions that write the new object through a pointer.
    [[nodiscard]] Object** out() noexcept {
        reset(nullptr);
        return &object_;
    }

private:
    const Library* library_;
    Object* object_;
};

using OwnedSessionOptions = Owned<OrtSessionOptions, &Api::ReleaseSessionOptions>;
using OwnedSession = Owned<OrtSession, &Api::ReleaseSession>;
using OwnedValue = Owned<OrtValue, &Api::ReleaseValue>;
using OwnedTypeInfo = Owned<OrtTypeInfo, &Api::ReleaseTypeInfo>;
using OwnedTensorInfo = Owned<OrtTensorTypeAndShapeInfo, &Api::ReleaseTensorTypeAndShapeInfo>;
using OwnedCudaOptions = Owned<OrtCudaProviderOptionsV2, &Api::ReleaseCUDAProviderOptions>;
using OwnedTensorRtOptions = Owned<OrtTensorRtProviderOptionsV2, &Api::ReleaseTensorRTProviderOptions>;

/// Provider options as the two parallel lists of C strings that ONNX Runtime takes.
struct OptionLists {
    explicit OptionLists(const std::vector<std::pair<std::string, std::string>>& options) {
        for (const auto& [name, value] : options) {
            names.push_back(name.c_str());
            values.push_back(value.c_str());
        }
    }
    std::vector<const char*> names;
    std::vector<const char*> values;
};

/// The providers of a request, with the CPU as what remains when the request only names a device.
std::vector<sdk::ExecutionProviderRequest> providers_of(const sdk::NetworkRequest& request) {
    if (!request.execution_providers.empty()) return request.execution_providers;
    if (request.device.kind == DeviceKind::cuda) {
        return {{std::string(kCudaProvider), {{"device_id", std::to_string(request.device.index)}}}};
    }
    return {};
}

void append_provider(const Library& library, OrtSessionOptions* options, sdk::ExecutionProviderRequest provider) {
    const Api& api = library.api();
    const auto available = library.available_providers();
    if (std::ranges::find(available, provider.name) == available.end()) {
        throw Failure(
            IM_FAILURE_REQUEST,
            fmt::format("execution provider {} is not part of this ONNX Runtime {}", provider.name, library.version()),
            fmt::format("It has {}.", fmt::join(available, ", ")));
    }
    if (provider.name == kCpuProvider) return;  // always there, after all others
    const auto check = [&](OrtStatus* status) { library.check(status, IM_FAILURE_REQUEST); };
    if (provider.name == kCudaProvider) {
        // TF32 is lower precision than fp32, and on by default there; here only on request.
        if (std::ranges::find(provider.options, "use_tf32", &std::pair<std::string, std::string>::first) ==
            provider.options.end()) {
            provider.options.emplace_back("use_tf32", "0");
        }
        const OptionLists lists(provider.options);
        OwnedCudaOptions cuda(library);
        check(api.CreateCUDAProviderOptions(cuda.out()));
        check(api.UpdateCUDAProviderOptions(cuda.get(), lists.names.data(), lists.values.data(), lists.names.size()));
        check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda.get()));
        return;
    }
    const OptionLists lists(provider.options);
    if (provider.name == kTensorRtProvider) {
        OwnedTensorRtOptions tensorrt(library);
        check(api.CreateTensorRTProviderOptions(tensorrt.out()));
        check(api.UpdateTensorRTProviderOptions(tensorrt.get(), lists.names.data(), lists.values.data(),
                                                lists.names.size()));
        check(api.SessionOptionsAppendExecutionProvider_TensorRT_V2(options, tensorrt.get()));
        return;
    }
    // The general function knows providers by their names without the suffix.
    const std::string short_name = provider.name.substr(0, provider.name.size() - kProviderSuffix.size());
    check(api.SessionOptionsAppendExecutionProvider(options, short_name.c_str(), lists.names.data(),
                                                    lists.values.data(), lists.names.size()));
}

OwnedSessionOptions session_options(const Library& library, const sdk::NetworkRequest& request) {
    const Api& api = library.api();
    const auto check = [&](OrtStatus* status) { library.check(status, IM_FAILURE_REQUEST); };
    OwnedSessionOptions options(library);
    check(api.CreateSessionOptions(options.out()));
    check(api.SetSessionExecutionMode(options.get(), kExecuteSequentially));
    check(api.SetSessionGraphOptimizationLevel(options.get(), request.is_compiled ? kOptimizeNothing : kOptimizeAll));
    check(api.SetIntraOpNumThreads(options.get(), static_cast<int>(request.threads)));
    check(api.SetInterOpNumThreads(options.get(), 1));
    const auto configure = [&](const char* key, const std::string& value) {
        check(api.AddSessionConfigEntry(options.get(), key, value.c_str()));
    };
    // Within a run spinning workers save a tenth of the time; between runs they would take the cores from others.
    configure("session.intra_op.allow_spinning", "1");
    configure("session.force_spinning_stop", "1");
    configure("session.inter_op.allow_spinning", "0");
    // The bytes come from memory, weights in files of their own still lie beside the network's file.
    configure("session.model_external_initializers_file_folder_path",
              std::filesystem::path(request.path).parent_path().string());
    for (const auto& provider : providers_of(request)) append_provider(library, options.get(), provider);
    return options;
}

/// Where a session with these providers runs: the first one that is not the CPU decides.
Device device_of(const std::vector<sdk::ExecutionProviderRequest>& providers) {
    for (const auto& provider : providers) {
        if (provider.name != kCudaProvider && provider.name != kTensorRtProvider) continue;
        Device device{DeviceKind::cuda, 0};
        for (const auto& [name, value] : provider.options) {
            if (name == "device_id") std::from_chars(value.data(), value.data() + value.size(), device.index);
        }
        return device;
    }
    return {};
}

std::vector<std::int64_t> dimensions(const Library& library, const OrtTensorTypeAndShapeInfo* info) {
    std::size_t rank = 0;
    library.check(library.api().GetDimensionsCount(info, &rank), IM_FAILURE_NETWORK);
    std::vector<std::int64_t> shape(rank);
    library.check(library.api().GetDimensions(info, shape.data(), rank), IM_FAILURE_NETWORK);
    return shape;
}

sdk::Port port(const Library& library, std::string name, const OrtTypeInfo* type) {
    const OrtTensorTypeAndShapeInfo* info = nullptr;  // belongs to `type`
    library.check(library.api().CastTypeInfoToTensorInfo(type, &info), IM_FAILURE_NETWORK);
    if (info == nullptr) {
        throw Failure(IM_FAILURE_NETWORK, fmt::format("`{}` is not a tensor, but a sequence or a map", name));
    }
    OrtElementType element{};
    library.check(library.api().GetTensorElementType(info, &element), IM_FAILURE_NETWORK);
    return {std::move(name), element_type(element), dimensions(library, info)};
}

/// Inputs or outputs of a session: the three functions of the table that tell them.
template <auto count_of, auto name_of, auto type_of>
std::vector<sdk::Port> ports(const Library& library, const OrtSession* session) {
    const Api& api = library.api();
    std::size_t count = 0;
    library.check((api.*count_of)(session, &count), IM_FAILURE_NETWORK);
    std::vector<sdk::Port> found;
    for (std::size_t i = 0; i < count; ++i) {
        char* name = nullptr;
        library.check((api.*name_of)(session, i, library.allocator(), &name), IM_FAILURE_NETWORK);
        OwnedTypeInfo type(library);
        library.check((api.*type_of)(session, i, type.out()), IM_FAILURE_NETWORK);
        found.push_back(port(library, library.take(name), type.get()));
    }
    return found;
}

/// What a session computes in where the core does not know it from the package, which alone decides: the type of its
/// floating-point input. Quantised networks take fp32 as well.
Precision precision_of(const std::vector<sdk::Port>& inputs) {
    for (const auto& input : inputs) {
        if (input.type == ElementType::float16) return Precision::fp16;
        if (input.type == ElementType::bfloat16) return Precision::bf16;
    }
    return Precision::fp32;
}

void create_session(const Library& library, const sdk::NetworkRequest& request, const OrtSessionOptions* options,
                    OwnedSession& session) {
    const Api& api = library.api();
    OrtStatus* const status = api.CreateSessionFromArray(library.environment(), request.bytes.data(),
                                                         request.bytes.size(), options, session.out());
    if (status == nullptr) return;
    // Before 1.21 weights in files beside the network's are found only when it is loaded by its path.
    api.ReleaseStatus(status);
    library.check(api.CreateSession(library.environment(), request.path.c_str(), options, session.out()),
                  IM_FAILURE_NETWORK);
}

class OrtNetwork;

class OrtExecution final : public sdk::Execution {
public:
    explicit OrtExecution(const OrtNetwork& network);
    [[nodiscard]] sdk::TensorView input(std::size_t index, std::span<const std::int64_t> shape) override;
    void run() override;
    [[nodiscard]] std::size_t output_count() const override { return outputs_.size(); }
    [[nodiscard]] sdk::TensorView output(std::size_t index) override;

private:
    struct Input {
        explicit Input(const Library& library) : value(library) {}
        std::vector<std::int64_t> shape;
        sdk::AlignedBytes memory;
        OwnedValue value;
    };
    struct Output {
        explicit Output(const Library& library) : value(library) {}
        std::vector<std::int64_t> shape;
        OwnedValue value;
    };

    const OrtNetwork& network_;
    std::vector<Input> inputs_;
    std::vector<Output> outputs_;
};

class OrtNetwork final : public sdk::Network {
public:
    OrtNetwork(const Library& library, const sdk::NetworkRequest& request) : library_(library), session_(library) {
        create_session(library, request, session_options(library, request).get(), session_);
        info_.inputs = ports<&Api::SessionGetInputCount, &Api::SessionGetInputName, &Api::SessionGetInputTypeInfo>(
            library, session_.get());
        info_.outputs = ports<&Api::SessionGetOutputCount, &Api::SessionGetOutputName, &Api::SessionGetOutputTypeInfo>(
            library, session_.get());
        info_.device = device_of(providers_of(request));
        info_.precision = request.precision.value_or(precision_of(info_.inputs));
        info_.threads = request.threads;
        for (const auto& input : info_.inputs) input_names_.push_back(input.name.c_str());
        for (const auto& output : info_.outputs) output_names_.push_back(output.name.c_str());
    }

    [[nodiscard]] const sdk::NetworkInfo& info() const override { return info_; }
    [[nodiscard]] std::unique_ptr<sdk::Execution> create_execution() override {
        return std::make_unique<OrtExecution>(*this);
    }

    [[nodiscard]] const Library& library() const noexcept { return library_; }
    [[nodiscard]] OrtSession* session() const noexcept { return session_.get(); }
    [[nodiscard]] const std::vector<const char*>& input_names() const noexcept { return input_names_; }
    [[nodiscard]] const std::vector<const char*>& output_names() const noexcept { return output_names_; }

private:
    const Library& library_;
    OwnedSession session_;
    sdk::NetworkInfo info_;
    std::vector<const char*> input_names_;   // point into info_
    std::vector<const char*> output_names_;  // point into info_
};

OrtExecution::OrtExecution(const OrtNetwork& network) : network_(network) {
    const sdk::NetworkInfo& info = network.info();
    for (std::size_t i = 0; i < info.inputs.size(); ++i) inputs_.emplace_back(network.library());
    for (std::size_t i = 0; i < info.outputs.size(); ++i) outputs_.emplace_back(network.library());
}

sdk::TensorView OrtExecution::input(std::size_t index, std::span<const std::int64_t> shape) {
    const sdk::Port& declared = network_.info().inputs.at(index);
    Input& slot = inputs_[index];
    if (slot.value.get() == nullptr || !std::ranges::equal(slot.shape, shape)) {
        const std::size_t bytes = sdk::byte_count(declared, shape);
        slot.value.reset(nullptr);
        slot.shape.assign(shape.begin(), shape.end());
        slot.memory = sdk::aligned_bytes(bytes);
        const Library& library = network_.library();
        library.check(library.api().CreateTensorWithDataAsOrtValue(library.cpu_memory(), slot.memory.get(), bytes,
                                                                   slot.shape.data(), slot.shape.size(),
                                                                   element_type(declared.type), slot.value.out()),
                      IM_FAILURE_EXECUTION);
    }
    return {declared.type, Device{}, slot.memory.get(), slot.shape, nullptr};
}

void OrtExecution::run() {
    const Library& library = network_.library();
    std::vector<const OrtValue*> inputs;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        if (inputs_[i].value.get() == nullptr) {
            throw Failure(IM_FAILURE_REQUEST,
                          fmt::format("input `{}` was not written before the run", network_.info().inputs[i].name));
        }
        inputs.push_back(inputs_[i].value.get());
    }
    // Null outputs make ONNX Runtime allocate them from its arena, whatever their shapes turn out to be.
    for (Output& output : outputs_) output.value.reset(nullptr);
    std::vector<OrtValue*> outputs(outputs_.size(), nullptr);
    OrtStatus* const status =
        library.api().Run(network_.session(), nullptr, network_.input_names().data(), inputs.data(), inputs.size(),
                          network_.output_names().data(), outputs.size(), outputs.data());
    for (std::size_t i = 0; i < outputs.size(); ++i) outputs_[i].value.reset(outputs[i]);
    library.check(status, IM_FAILURE_EXECUTION);
}

sdk::TensorView OrtExecution::output(std::size_t index) {
    const Library& library = network_.library();
    Output& slot = outputs_.at(index);
    if (slot.value.get() == nullptr) throw Failure(IM_FAILURE_REQUEST, "outputs are there after a run, not before");
    OwnedTensorInfo info(library);
    library.check(library.api().GetTensorTypeAndShape(slot.value.get(), info.out()), IM_FAILURE_EXECUTION);
    OrtElementType element{};
    library.check(library.api().GetTensorElementType(info.get(), &element), IM_FAILURE_EXECUTION);
    slot.shape = dimensions(library, info.get());
    void* data = nullptr;
    library.check(library.api().GetTensorMutableData(slot.value.get(), &data), IM_FAILURE_EXECUTION);
    return {element_type(element), Device{}, data, slot.shape, nullptr};
}

class OrtRuntime final : public sdk::Runtime {
public:
    explicit OrtRuntime(const std::string& library_path) : library_(library_path) {}
    [[nodiscard]] const std::string& version() const override { return library_.version(); }
    [[nodiscard]] std::unique_ptr<sdk::Network> load_network(const sdk::NetworkRequest& request) override {
        return std::make_unique<OrtNetwork>(library_, request);
    }
    void compile_network(const sdk::CompileRequest& request) override {
        const Api& api = library_.api();
        const OwnedSessionOptions options = session_options(library_, request.network);
        const auto check = [&](OrtStatus* status) { library_.check(status, IM_FAILURE_REQUEST); };
        for (const auto& [name, size] : request.dimensions) {
            check(api.AddFreeDimensionOverrideByName(options.get(), name.c_str(), size));
        }
        check(api.SetOptimizedModelFilePath(options.get(), request.output.c_str()));
        // It warns that what is written is for machines like this one, which is what is wanted.
        check(api.SetSessionLogSeverityLevel(options.get(), kLoggingError));
        OwnedSession session(library_);
        create_session(library_, request.network, options.get(), session);
    }

private:
    Library library_;
};

std::unique_ptr<sdk::Runtime> open_runtime(const sdk::RuntimeRequest& request) {
    return std::make_unique<OrtRuntime>(request.library);
}

}  // namespace
}  // namespace inference_models::onnxruntime

INFERENCE_MODELS_DEFINE_ADAPTER("onnxruntime", inference_models::onnxruntime::open_runtime)
