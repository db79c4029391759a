// The adapter of OpenVINO: finds its C functions in the library that the core names, and drives compiled models on the
// CPU.

#include "engines/openvino/blob_cache.hpp"
#include "engines/openvino/ov_api.hpp"
#include "engines/seam/adapter_sdk.hpp"
#include "engines/seam/host_memory.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <mutex>

namespace inference_models::openvino {
namespace {

using sdk::Failure;

constexpr const char* kDevice = "CPU";
constexpr const char* kPrecisionProperty = "INFERENCE_PRECISION_HINT";
constexpr const char* kThreadsProperty = "INFERENCE_NUM_THREADS";

/// The last line of a message that says something. Those before it name OpenVINO's source files.
std::string last_words(std::string_view message) {
    constexpr std::string_view kBlank = " \n\r\t";
    message = message.substr(0, message.find_last_not_of(kBlank) + 1);
    const std::size_t line = message.find_last_of('\n');
    return std::string(line == std::string_view::npos ? message : message.substr(line + 1));
}

/// The opened library: its functions, and the one core that all networks of this adapter share.
class Library {
public:
    explicit Library(const std::string& path) {
        void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) {
            const char* const why = ::dlerror();
            throw Failure(IM_FAILURE_RUNTIME, fmt::format("{} cannot be opened: {}", path, why != nullptr ? why : "?"),
                          "Install that version of OpenVINO anew.");
        }
        const char* const missing = api_.bind([&](const char* name) { return ::dlsym(handle, name); });
        if (missing != nullptr) {
            throw Failure(IM_FAILURE_RUNTIME,
                          fmt::format("{} is not OpenVINO 2024.0 or newer: it has no {}", path, missing),
                          "Name the libopenvino_c.so of an openvino wheel, or none to have it found.");
        }
        OvVersion version;
        check(api_.get_openvino_version(&version), IM_FAILURE_RUNTIME);
        build_ = version.build_number;
        api_.version_free(&version);
        check(api_.core_create(&core_), IM_FAILURE_RUNTIME);
    }

    [[nodiscard]] const Api& api() const noexcept { return api_; }
    [[nodiscard]] ov_core* core() const noexcept { return core_; }
    /// As `2026.4.1-22982-e213a147257-releases/2026/4`.
    [[nodiscard]] const std::string& build() const noexcept { return build_; }
    [[nodiscard]] std::string version() const { return build_.substr(0, build_.find('-')); }

    /// Throws what a status says.
    void check(Status status, im_failure_kind kind, const std::string& hint = {}) const {
        if (status != Status::ok) throw Failure(kind, fmt::format("OpenVINO {}: {}", version(), why(status)), hint);
    }

    /// A text that OpenVINO allocated, freed.
    [[nodiscard]] std::string take(const char* text) const {
        std::string copy = text;
        api_.free(text);
        return copy;
    }

    [[nodiscard]] std::string core_property(const char* key) const {
        char* value = nullptr;
        check(api_.core_get_property(core_, kDevice, key, &value), IM_FAILURE_RUNTIME);
        return take(value);
    }

    /// What `OPTIMIZATION_CAPABILITIES` says: whether the processor has instructions for a precision.
    [[nodiscard]] bool computes_in(std::string_view capability) const {
        return core_property("OPTIMIZATION_CAPABILITIES").find(capability) != std::string::npos;
    }

    /// Held while a network is imported: that takes its settings from the core.
    [[nodiscard]] std::mutex& import_mutex() const noexcept { return import_mutex_; }

private:
    [[nodiscard]] std::string why(Status status) const {
        // The last message is that of some other call where these functions refuse their parameters.
        const char* const message = status == Status::invalid_parameter ? nullptr : api_.get_last_err_msg();
        return message != nullptr ? last_words(take(message)) : std::string(api_.get_error_info(status));
    }

    Api api_;
    std::string build_;
    // Never released: other threads may be in it at the exit of a process.
    ov_core* core_ = nullptr;
    mutable std::mutex import_mutex_;
};

/// An object of OpenVINO that is released by a function of its own.
template <class Object, auto release>
class Owned {
public:
    explicit Owned(const Library& library) : library_(&library) {}
    ~Owned() { reset(); }
    Owned(Owned&& other) noexcept : library_(other.library_), object_(std::exchange(other.object_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        reset();
        library_ = other.library_;
        object_ = std::exchange(other.object_, nullptr);
        return *this;
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;

    [[nodiscard]] Object* get() const noexcept { return object_; }
    /// For functions that write the new object through a pointer.
    [[nodiscard]] Object** out() noexcept {
        reset();
        return &object_;
    }

private:
    void reset() noexcept {
        if (object_ != nullptr) (library_->api().*release)(object_);
        object_ = nullptr;
    }

    const Library* library_;
    Object* object_ = nullptr;
};

using OwnedModel = Owned<ov_model, &Api::model_free>;
using OwnedCompiledModel = Owned<ov_compiled_model, &Api::compiled_model_free>;
using OwnedRequest = Owned<ov_infer_request, &Api::infer_request_free>;
using OwnedTensor = Owned<ov_tensor, &Api::tensor_free>;
using OwnedPort = Owned<ov_output_const_port, &Api::output_const_port_free>;

// --- Element types ---------------------------------------------------------------------------------------------------

/// Which number means which type. Releases number them differently, in the same order: newer ones leave out the first
/// and have more between 1 and 8 bits. Their sizes tell where they are.
class ElementTypes {
public:
    explicit ElementTypes(const Library& library) {
        constexpr std::size_t kNumbers = 32;
        std::array<std::size_t, kNumbers> sizes{};  // of eight elements, 0 where there is no such type
        for (std::size_t i = 0; i < kNumbers; ++i) sizes[i] = size_of_eight(library, static_cast<OvElementType>(i));
        const auto signed_ones = std::ranges::search(sizes, kSignedSizes);
        const auto unsigned_ones = std::ranges::search(std::span(signed_ones.end(), sizes.end()), kUnsignedSizes);
        if (unsigned_ones.empty()) {
            throw Failure(IM_FAILURE_RUNTIME,
                          fmt::format("OpenVINO {} has element types that this version does not know: their sizes are "
                                      "{}",
                                      library.version(), fmt::join(sizes, ", ")),
                          "Use another version of OpenVINO.");
        }
        const auto first_signed = static_cast<unsigned>(signed_ones.begin() - sizes.begin());
        const auto first_unsigned = static_cast<unsigned>(&unsigned_ones.front() - sizes.data());
        for (unsigned i = 0; i < kSignedTypes.size(); ++i) {
            if (kSignedTypes[i]) numbers_.emplace_back(static_cast<OvElementType>(first_signed + i), *kSignedTypes[i]);
        }
        for (unsigned i = 0; i < kUnsignedTypes.size(); ++i) {
            numbers_.emplace_back(static_cast<OvElementType>(first_unsigned + i), kUnsignedTypes[i]);
        }
    }

    [[nodiscard]] ElementType type_of(OvElementType number, std::string_view port) const {
        const auto found = std::ranges::find(numbers_, number, &Numbered::first);
        if (found == numbers_.end()) {
            throw Failure(IM_FAILURE_NETWORK, fmt::format("`{}` has an element type that is not supported", port));
        }
        return found->second;
    }

    [[nodiscard]] OvElementType number_of(ElementType type) const {
        return std::ranges::find(numbers_, type, &Numbered::second)->first;
    }

private:
    using Numbered = std::pair<OvElementType, ElementType>;

    static constexpr std::array<std::size_t, 10> kSignedSizes{8, 16, 16, 32, 64, 4, 8, 16, 32, 64};
    static constexpr std::array<std::optional<ElementType>, 10> kSignedTypes{
        ElementType::boolean, ElementType::bfloat16, ElementType::float16, ElementType::float32, ElementType::float64,
        std::nullopt,         ElementType::int8,     ElementType::int16,   ElementType::int32,   ElementType::int64};
    static constexpr std::array<std::size_t, 4> kUnsignedSizes{8, 16, 32, 64};
    static constexpr std::array kUnsignedTypes{ElementType::uint8, ElementType::uint16, ElementType::uint32,
                                               ElementType::uint64};

    static std::size_t size_of_eight(const Library& library, OvElementType number) {
        std::int64_t side = 8;
        OwnedTensor tensor(library);
        std::size_t size = 0;
        const bool is_there = library.api().tensor_create(number, OvShape{1, &side}, tensor.out()) == Status::ok &&
                              library.api().tensor_get_byte_size(tensor.get(), &size) == Status::ok;
        return is_there ? size : 0;
    }

    std::vector<Numbered> numbers_;
};

/// What all networks of a process share.
struct Openvino {
    explicit Openvino(const std::string& path) : library(path), element_types(library), version(library.version()) {}
    Library library;
    ElementTypes element_types;
    std::string version;
};

// --- Settings --------------------------------------------------------------------------------------------------------

/// Precisions by OpenVINO's name of the property, and of the capability that a processor has for it.
struct PrecisionName {
    Precision precision;
    std::string_view property;
    std::string_view capability;
};
constexpr std::array kPrecisions{PrecisionName{Precision::fp32, "f32", "FP32"},
                                 PrecisionName{Precision::bf16, "bf16", "BF16"},
                                 PrecisionName{Precision::fp16, "f16", "FP16"}};

/// What a network is computed in. Left to itself, OpenVINO would compute fp32 networks in bf16 wherever that is faster.
/// Networks that are stored in what the processor has no instructions for are computed in fp32, which lowers nothing.
const PrecisionName& precision_for(const Library& library, const sdk::NetworkRequest& request) {
    const Precision asked = request.precision.value_or(Precision::fp32);
    const auto* const found = std::ranges::find(kPrecisions, asked, &PrecisionName::precision);
    if (found == kPrecisions.end()) {
        throw Failure(IM_FAILURE_REQUEST, "OpenVINO computes in int8 what is stored in int8, and nothing else",
                      "Ask for fp32, bf16 or fp16, or for no precision.");
    }
    return library.computes_in(found->capability) ? *found : kPrecisions.front();
}

/// Property and value in turns, as OpenVINO's variadic functions take them.
using Settings = std::array<std::string, 14>;

/// A caller wants its answer soon, from the threads that it was given: one stream takes all of them. Threads are not
/// tied to cores: those of two networks would be tied to the same ones. Which processors of a core are used is decided
/// by who counts the threads. Nothing is computed in less than was asked for.
Settings settings_for(const PrecisionName& precision, std::uint32_t threads) {
    return {kPrecisionProperty,
            std::string(precision.property),
            kThreadsProperty,
            std::to_string(threads),
            "EXECUTION_MODE_HINT",
            "ACCURACY",
            "PERFORMANCE_HINT",
            "LATENCY",
            "NUM_STREAMS",
            "1",
            "ENABLE_CPU_PINNING",
            "NO",
            "ENABLE_HYPER_THREADING",
            "YES"};
}

// --- Compiled networks -----------------------------------------------------------------------------------------------

std::string property_of(const Library& library, const ov_compiled_model* model, const char* key) {
    char* value = nullptr;
    library.check(library.api().compiled_model_get_property(model, key, &value), IM_FAILURE_NETWORK);
    return library.take(value);
}

/// The weights of an IR file, which lie in a file of their own.
std::filesystem::path weights_beside(const std::string& path) {
    std::filesystem::path weights = std::filesystem::path(path).replace_extension(".bin");
    std::error_code ignored;  // what cannot be looked at is not there
    if (!std::filesystem::is_regular_file(weights, ignored)) {
        throw Failure(IM_FAILURE_NETWORK, fmt::format("the weights are not there: {}", weights.string()),
                      "An OpenVINO IR model is two files: put the .bin beside the .xml, under the same name.");
    }
    return weights;
}

OwnedCompiledModel compile(const Library& library, const sdk::NetworkRequest& request, const std::string& weights,
                           const Settings& settings) {
    const Api& api = library.api();
    OwnedModel model(library);
    library.check(api.core_read_model(library.core(), request.path.c_str(), weights.empty() ? nullptr : weights.c_str(),
                                      model.out()),
                  IM_FAILURE_NETWORK);
    OwnedCompiledModel compiled(library);
    const auto compile_with = [&](const auto&... texts) {
        return api.core_compile_model(library.core(), static_cast<const ov_model*>(model.get()), kDevice,
                                      sizeof...(texts), compiled.out(), texts.c_str()...);
    };
    library.check(std::apply(compile_with, settings), IM_FAILURE_NETWORK);
    return compiled;
}

OwnedCompiledModel import(const Library& library, std::span<const std::byte> blob, const Settings& settings) {
    const Api& api = library.api();
    const std::scoped_lock lock(library.import_mutex());
    for (std::size_t i = 0; i < settings.size(); i += 2) {
        library.check(api.core_set_property(library.core(), kDevice, settings[i].c_str(), settings[i + 1].c_str()),
                      IM_FAILURE_REQUEST);
    }
    OwnedCompiledModel model(library);
    library.check(api.core_import_model(library.core(), reinterpret_cast<const char*>(blob.data()), blob.size(),
                                        kDevice, model.out()),
                  IM_FAILURE_NETWORK);
    for (std::size_t i = 0; i < 4; i += 2) {  // precision and threads: what nobody may change
        const std::string value = property_of(library, model.get(), settings[i].c_str());
        if (value != settings[i + 1]) {
            throw Failure(IM_FAILURE_NETWORK, fmt::format("the network that was kept has {}={} and not {}", settings[i],
                                                          value, settings[i + 1]));
        }
    }
    return model;
}

/// Tells a file from what it was before: whoever changes it changes one of these.
std::string facts_of(const std::string& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return {};
    const auto text = [](const timespec& time) { return fmt::format("{}.{:09}", time.tv_sec, time.tv_nsec); };
    return fmt::format("{} {} {} {}\n", path, facts.st_size, text(facts.st_mtim), text(facts.st_ctim));
}

/// 16 hexadecimal digits that stand for a text.
std::string short_name(std::string_view text) {
    std::uint64_t hash = 0xCBF29CE484222325;  // FNV-1a
    for (const char each : text) hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001B3;
    return fmt::format("{:016x}", hash);
}

/// Where a network is kept. The name is the same for what it replaces: an older state of its file, or what another
/// version of OpenVINO made of it.
BlobCache cache_for(const Library& library, const sdk::NetworkRequest& request, const std::string& weights,
                    const PrecisionName& precision) {
    const std::string processor = fmt::format("{}, {}\n", library.core_property("FULL_DEVICE_NAME"),
                                              library.core_property("OPTIMIZATION_CAPABILITIES"));
    const std::string path = std::filesystem::absolute(request.path).string();
    return {request.cache_directory, short_name(fmt::format("{}{}\n{}", processor, precision.property, path)),
            fmt::format("OpenVINO {}\n{}{}\n{}{}", library.build(), processor, precision.property, facts_of(path),
                        weights.empty() ? "" : facts_of(std::filesystem::absolute(weights).string()))};
}

/// Whether an ONNX file may keep weights in other files, by the key that their names stand under. Nobody would notice
/// that those have changed.
bool may_have_other_files(std::span<const std::byte> bytes) {
    constexpr std::string_view kKey = "location";
    return ::memmem(bytes.data(), bytes.size(), kKey.data(), kKey.size()) != nullptr;
}

/// A network that is ready to run, with the blob that it came from: OpenVINO reads weights where they lie in it.
struct LoadedModel {
    std::optional<Blob> blob;
    OwnedCompiledModel model;
};

std::optional<LoadedModel> load_kept(const Library& library, const std::string& path, const BlobCache& cache,
                                     const Settings& settings) {
    auto blob = cache.find();
    if (!blob) return std::nullopt;
    try {
        auto model = import(library, blob->bytes, settings);
        sdk::log(IM_LOG_DEBUG, fmt::format("{} was compiled before", path));
        return LoadedModel{std::move(blob), std::move(model)};
    } catch (const Failure& failure) {
        sdk::log(IM_LOG_WARNING, fmt::format("{} is compiled anew: {}", path, failure.message()));
        return std::nullopt;
    }
}

void keep(const Library& library, const std::string& path, const BlobCache& cache, const ov_compiled_model* model) {
    const std::string why_not = cache.keep([&](const std::string& to) {
        return library.api().compiled_model_export_model(model, to.c_str()) == Status::ok;
    });
    if (!why_not.empty()) sdk::log(IM_LOG_DEBUG, fmt::format("what {} was compiled to is not kept: {}", path, why_not));
}

LoadedModel load(const Library& library, const sdk::NetworkRequest& request) {
    const PrecisionName& precision = precision_for(library, request);
    const Settings settings = settings_for(precision, request.threads);
    const std::string weights =
        request.format == PackageFormat::openvino_ir ? weights_beside(request.path).string() : std::string{};
    if (request.cache_directory.empty()) return {std::nullopt, compile(library, request, weights, settings)};

    const BlobCache cache = cache_for(library, request, weights, precision);
    if (auto kept = load_kept(library, request.path, cache, settings)) return std::move(*kept);
    auto model = compile(library, request, weights, settings);
    if (request.format == PackageFormat::openvino_ir || !may_have_other_files(request.bytes)) {
        keep(library, request.path, cache, model.get());
    }
    return {std::nullopt, std::move(model)};
}

// --- Ports -----------------------------------------------------------------------------------------------------------

/// -1 for a side that is known only when the network runs; nothing where that holds for their number.
std::optional<std::vector<std::int64_t>> shape_of(const Library& library, const ov_output_const_port* port) {
    OvPartialShape shape;
    library.check(library.api().port_get_partial_shape(port, &shape), IM_FAILURE_NETWORK);
    std::optional<std::vector<std::int64_t>> sides;
    if (shape.rank.min == shape.rank.max) {
        sides.emplace();
        for (const OvDimension& side : std::span(shape.sides, static_cast<std::size_t>(shape.rank.max))) {
            sides->push_back(side.min == side.max ? side.min : -1);
        }
    }
    library.api().partial_shape_free(&shape);
    return sides;
}

/// IR files may leave their inputs and outputs without names.
std::string name_of(const Library& library, const ov_output_const_port* port, std::string_view otherwise) {
    char* name = nullptr;
    if (library.api().port_get_any_name(port, &name) != Status::ok) return std::string(otherwise);
    return library.take(name);
}

/// Inputs or outputs of a compiled network: the two functions that tell them.
template <auto count_of, auto port_at>
std::vector<sdk::Port> ports(const Openvino& runtime, const ov_compiled_model* model, std::string_view kind) {
    const Library& library = runtime.library;
    std::size_t count = 0;
    library.check((library.api().*count_of)(model, &count), IM_FAILURE_NETWORK);
    std::vector<sdk::Port> found;
    for (std::size_t i = 0; i < count; ++i) {
        OwnedPort port(library);
        library.check((library.api().*port_at)(model, i, port.out()), IM_FAILURE_NETWORK);
        std::string name = name_of(library, port.get(), fmt::format("{} {}", kind, i));
        OvElementType type{};
        library.check(library.api().port_get_element_type(port.get(), &type), IM_FAILURE_NETWORK);
        const ElementType known = runtime.element_types.type_of(type, name);
        found.push_back({std::move(name), known, shape_of(library, port.get())});
    }
    return found;
}

// --- Executions ------------------------------------------------------------------------------------------------------

class OvNetwork final : public sdk::Network {
public:
    OvNetwork(const Openvino& runtime, const sdk::NetworkRequest& request)
        : runtime_(runtime), loaded_(load(runtime.library, request)) {
        info_.inputs = ports<&Api::compiled_model_inputs_size, &Api::compiled_model_input_by_index>(
            runtime, loaded_.model.get(), "input");
        info_.outputs = ports<&Api::compiled_model_outputs_size, &Api::compiled_model_output_by_index>(
            runtime, loaded_.model.get(), "output");
        info_.precision = effective_precision();
        info_.threads = effective_threads();
    }

    [[nodiscard]] const sdk::NetworkInfo& info() const override { return info_; }
    [[nodiscard]] std::unique_ptr<sdk::Execution> create_execution() override;
    [[nodiscard]] const Openvino& runtime() const noexcept { return runtime_; }

private:
    [[nodiscard]] Precision effective_precision() const {
        const std::string value = property_of(runtime_.library, loaded_.model.get(), kPrecisionProperty);
        const auto* const found = std::ranges::find(kPrecisions, value, &PrecisionName::property);
        if (found != kPrecisions.end()) return found->precision;
        throw Failure(IM_FAILURE_NETWORK, fmt::format("OpenVINO {} computes it in {}, which this version does not know",
                                                      runtime_.version, value));
    }

    [[nodiscard]] std::uint32_t effective_threads() const {
        const std::string value = property_of(runtime_.library, loaded_.model.get(), kThreadsProperty);
        std::uint32_t threads = 0;
        std::from_chars(value.data(), value.data() + value.size(), threads);
        return threads;
    }

    const Openvino& runtime_;
    LoadedModel loaded_;
    sdk::NetworkInfo info_;
};

class OvExecution final : public sdk::Execution {
public:
    OvExecution(const OvNetwork& network, OwnedRequest request)
        : network_(network), inputs_(network.info().inputs.size()), request_(std::move(request)) {
        for (std::size_t i = 0; i < network.info().outputs.size(); ++i) outputs_.emplace_back(library());
    }

    [[nodiscard]] sdk::TensorView input(std::size_t index, std::span<const std::int64_t> shape) override;
    void run() override;
    [[nodiscard]] std::size_t output_count() const override { return outputs_.size(); }
    [[nodiscard]] sdk::TensorView output(std::size_t index) override;

private:
    struct Input {
        std::vector<std::int64_t> shape;
        sdk::AlignedBytes memory;
    };
    struct Output {
        explicit Output(const Library& library) : tensor(library) {}
        OwnedTensor tensor;
        std::vector<std::int64_t> shape;
    };

    [[nodiscard]] const Library& library() const noexcept { return network_.runtime().library; }
    [[nodiscard]] Input make_input(std::size_t index, std::span<const std::int64_t> shape);

    const OvNetwork& network_;
    std::vector<Input> inputs_;  // their memory outlives the request that uses it
    OwnedRequest request_;
    std::vector<Output> outputs_;
};

std::unique_ptr<sdk::Execution> OvNetwork::create_execution() {
    OwnedRequest request(runtime_.library);
    runtime_.library.check(
        runtime_.library.api().compiled_model_create_infer_request(loaded_.model.get(), request.out()),
        IM_FAILURE_EXECUTION);
    return std::make_unique<OvExecution>(*this, std::move(request));
}

/// Memory that the request reads where it lies.
OvExecution::Input OvExecution::make_input(std::size_t index, std::span<const std::int64_t> shape) {
    const sdk::Port& declared = network_.info().inputs[index];
    const std::size_t bytes = sdk::byte_count(declared, shape);
    Input made;
    made.shape.assign(shape.begin(), shape.end());
    made.memory = sdk::aligned_bytes(bytes);
    OwnedTensor tensor(library());
    library().check(
        library().api().tensor_create_from_host_ptr(
            network_.runtime().element_types.number_of(declared.type),
            OvShape{static_cast<std::int64_t>(made.shape.size()), made.shape.data()}, made.memory.get(), tensor.out()),
        IM_FAILURE_EXECUTION);
    library().check(library().api().infer_request_set_input_tensor_by_index(request_.get(), index, tensor.get()),
                    IM_FAILURE_REQUEST);
    return made;
}

sdk::TensorView OvExecution::input(std::size_t index, std::span<const std::int64_t> shape) {
    Input& slot = inputs_.at(index);
    if (slot.memory == nullptr || !std::ranges::equal(slot.shape, shape)) slot = make_input(index, shape);
    return {network_.info().inputs[index].type, Device{}, slot.memory.get(), slot.shape, nullptr};
}

void OvExecution::run() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        if (inputs_[i].memory == nullptr) {
            throw Failure(IM_FAILURE_REQUEST,
                          fmt::format("input `{}` was not written before the run", network_.info().inputs[i].name));
        }
    }
    const Api& api = library().api();
    library().check(api.infer_request_infer(request_.get()), IM_FAILURE_EXECUTION);
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
        library().check(api.infer_request_get_output_tensor_by_index(request_.get(), i, outputs_[i].tensor.out()),
                        IM_FAILURE_EXECUTION);
    }
}

sdk::TensorView OvExecution::output(std::size_t index) {
    Output& slot = outputs_.at(index);
    if (slot.tensor.get() == nullptr) throw Failure(IM_FAILURE_REQUEST, "outputs are there after a run, not before");
    const Api& api = library().api();
    OvElementType type{};
    library().check(api.tensor_get_element_type(slot.tensor.get(), &type), IM_FAILURE_EXECUTION);
    OvShape shape;
    library().check(api.tensor_get_shape(slot.tensor.get(), &shape), IM_FAILURE_EXECUTION);
    slot.shape.assign(shape.sides, shape.sides + shape.rank);
    api.shape_free(&shape);
    void* data = nullptr;
    library().check(api.tensor_data(slot.tensor.get(), &data), IM_FAILURE_EXECUTION);
    return {network_.runtime().element_types.type_of(type, network_.info().outputs[index].name), Device{}, data,
            slot.shape, nullptr};
}

class OvRuntime final : public sdk::Runtime {
public:
    explicit OvRuntime(const std::string& path) : runtime_(path) {}
    [[nodiscard]] const std::string& version() const override { return runtime_.version; }
    [[nodiscard]] std::unique_ptr<sdk::Network> load_network(const sdk::NetworkRequest& request) override {
        return std::make_unique<OvNetwork>(runtime_, request);
    }

private:
    Openvino runtime_;
};

std::unique_ptr<sdk::Runtime> open_runtime(const sdk::RuntimeRequest& request) {
    return std::make_unique<OvRuntime>(request.library);
}

}  // namespace
}  // namespace inference_models::openvino

INFERENCE_MODELS_DEFINE_ADAPTER("openvino", inference_models::openvino::open_runtime)
