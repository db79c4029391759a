#include "engines/torch/compiled.hpp"

#include <caffe2/serialize/inline_container.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <torch/csrc/inductor/aoti_runner/model_container_runner_cpu.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <thread>

#include "engines/torch/memory_reader.hpp"

namespace inference_models::torch {
namespace {

using caffe2::serialize::PyTorchStreamReader;

constexpr const char* kHowToMake = "Make it with `inference-models compile MODEL --engine torch`.";

Failure unusable(const sdk::NetworkRequest& request, const std::string& why) {
    return {IM_FAILURE_NETWORK, request.path + " " + why, kHowToMake};
}

/// The only record of an archive whose name ends so.
std::optional<std::string> find_record(PyTorchStreamReader& archive, std::string_view ending) {
    for (const std::string& name : archive.getAllRecords()) {
        if (name.ends_with(ending)) return name;
    }
    return std::nullopt;
}

/// A record of an archive as a file in memory: a library can be opened from there, and nothing is left anywhere however
/// the process ends.
class MemoryFile {
public:
    MemoryFile(PyTorchStreamReader& archive, const std::string& record)
        : descriptor_(::memfd_create("inference_models", MFD_CLOEXEC)) {
        const std::size_t size = archive.getRecordSize(record);
        if (descriptor_ < 0 || ::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) throw_errno();
        void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
        if (memory == MAP_FAILED) throw_errno();
        try {
            archive.getRecord(record, memory, size);
        } catch (...) {
            ::munmap(memory, size);
            ::close(descriptor_);
            throw;
        }
        ::munmap(memory, size);
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    /// Each time spelled anew: the loader takes a library that it has under the same name for the same, and some are
    /// never unloaded.
    [[nodiscard]] std::string path() const {
        static std::atomic<std::uint64_t> count{0};
        std::string directory = "/proc/self/fd/";
        for (std::uint64_t number = ++count; number != 0; number /= 2) directory += number % 2 == 0 ? "/" : "./";
        return directory + std::to_string(descriptor_);
    }

private:
    [[noreturn]] void throw_errno() const {
        const std::string why = std::strerror(errno);
        if (descriptor_ >= 0) ::close(descriptor_);
        throw Failure(IM_FAILURE_RUNTIME, "a compiled network cannot be unpacked into memory: " + why);
    }

    int descriptor_;
};

/// What compile.py noted in a package, `"NAME": "VALUE"`.
std::optional<std::string> noted(std::string_view metadata, const std::string& name) {
    const std::string before = "\"" + name + "\": \"";
    const std::size_t begin = metadata.find(before);
    if (begin == std::string_view::npos) return std::nullopt;
    metadata.remove_prefix(begin + before.size());
    return std::string(metadata.substr(0, metadata.find('"')));
}

/// `1,3,640,640`; none where it is anything else.
std::optional<std::vector<std::int64_t>> parsed_shape(std::string_view text) {
    std::vector<std::int64_t> shape;
    for (const char* position = text.data(); shape.size() < 4; ++position) {
        std::int64_t size = 0;
        const auto [end, problem] = std::from_chars(position, text.data() + text.size(), size);
        if (problem != std::errc{} || size < 1) return std::nullopt;
        shape.push_back(size);
        position = end;
        if (position == text.data() + text.size()) break;
        if (*position != ',') return std::nullopt;
    }
    return shape.size() == 4 ? std::optional(shape) : std::nullopt;
}

std::string metadata_of(PyTorchStreamReader& archive, const sdk::NetworkRequest& request) {
    const auto record = find_record(archive, ".wrapper_metadata.json");
    if (!record) throw unusable(request, "holds nothing that AOTInductor compiled");
    const auto [data, size] = archive.getRecord(*record);
    return {static_cast<const char*>(data.get()), size};
}

class CompiledExecution final : public Execution {
public:
    CompiledExecution(const Library& library, ::torch::inductor::AOTIModelContainerRunnerCpu& runner,
                      const sdk::NetworkInfo& info)
        : Execution(library, info), runner_(runner), shape_(*info.inputs.front().shape) {}

private:
    /// The compiled code takes what it is given for what it was compiled for.
    std::vector<at::Tensor> outputs_of(std::vector<at::Tensor> inputs) override {
        if (inputs.size() != 1 || inputs[0].sizes() != at::IntArrayRef(shape_)) {
            throw Failure(IM_FAILURE_EXECUTION, "the network was compiled for another size of its input");
        }
        return runner_.run(inputs);
    }

    ::torch::inductor::AOTIModelContainerRunnerCpu& runner_;
    const std::vector<std::int64_t>& shape_;
};

class CompiledNetwork final : public sdk::Network {
public:
    CompiledNetwork(const Library& library, PyTorchStreamReader& archive, const std::string& record,
                    sdk::NetworkInfo info)
        : library_(library),
          info_(std::move(info)),
          file_(archive, record),
          runner_(file_.path(), std::max(1U, std::thread::hardware_concurrency())) {}

    [[nodiscard]] const sdk::NetworkInfo& info() const override { return info_; }
    std::unique_ptr<sdk::Execution> create_execution() override {
        return std::make_unique<CompiledExecution>(library_, runner_, info_);
    }

private:
    const Library& library_;
    sdk::NetworkInfo info_;
    MemoryFile file_;
    /// As many runs at a time as there are processors; further ones wait.
    ::torch::inductor::AOTIModelContainerRunnerCpu runner_;
};

}  // namespace

std::unique_ptr<sdk::Network> load_compiled(const Library& library, const sdk::NetworkRequest& request) {
    if (request.device.kind != DeviceKind::cpu) {
        throw Failure(IM_FAILURE_REQUEST, "compiled networks of PyTorch run on the CPU in this version",
                      "Use device=cpu, or the TorchScript package.");
    }
    PyTorchStreamReader archive(std::make_shared<MemoryReader>(request.bytes));
    const std::string metadata = metadata_of(archive, request);
    const auto library_record = find_record(archive, ".wrapper.so");
    const auto shape = parsed_shape(noted(metadata, "inference_models_input").value_or(""));
    const auto precision = noted(metadata, "inference_models_precision");
    if (!library_record || !shape || !precision) {
        throw unusable(request, "does not say what it was compiled for");
    }
    sdk::NetworkInfo info;
    info.inputs.push_back({"images", ElementType::float32, shape});
    info.device = request.device;
    info.precision = *precision == "bf16" ? Precision::bf16 : Precision::fp32;
    info.threads = use_threads(library, request.threads);
    return std::make_unique<CompiledNetwork>(library, archive, *library_record, std::move(info));
}

}  // namespace inference_models::torch
