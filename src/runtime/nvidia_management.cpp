#include "runtime/nvidia_management.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace inference_models::runtime {
namespace {

// The few declarations of nvml.h that are needed; its functions never change once published.
using Result = int;  // 0: success
using DeviceHandle = void*;
struct MemoryInfo {
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
};

struct CloseLibrary {
    void operator()(void* handle) const noexcept { ::dlclose(handle); }
};

/// NVML, opened and initialised; shut down and closed at the end.
class Management {
public:
    explicit Management(const std::filesystem::path& library)
        : library_(::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)), ready_(call("nvmlInit_v2")) {}
    ~Management() {
        if (ready_) call("nvmlShutdown");
    }
    Management(const Management&) = delete;
    Management& operator=(const Management&) = delete;

    [[nodiscard]] bool ready() const noexcept { return ready_; }

    /// Calls a function by its name; false where it is missing or fails.
    template <class... Arguments>
    bool call(const char* name, Arguments... arguments) const noexcept {
        if (!library_) return false;
        auto* const function = reinterpret_cast<Result (*)(Arguments...)>(::dlsym(library_.get(), name));
        return function != nullptr && function(arguments...) == 0;
    }

    /// Calls a function that fills a buffer with a text, after the leading arguments.
    template <class... Leading>
    std::string text(const char* name, Leading... leading) const {
        std::array<char, 256> buffer{};
        if (!call(name, leading..., buffer.data(), static_cast<unsigned>(buffer.size()))) return {};
        return {buffer.begin(), std::ranges::find(buffer, '\0')};
    }

private:
    std::unique_ptr<void, CloseLibrary> library_;
    bool ready_;
};

std::string cuda_version(const Management& management) {
    int number = 0;  // 12080 is 12.8
    if (!management.call("nvmlSystemGetCudaDriverVersion_v2", &number) || number <= 0) return {};
    return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

InstalledGpu describe_gpu(const Management& management, DeviceHandle device) {
    GpuDescription gpu;
    gpu.name = management.text("nvmlDeviceGetName", device);
    int major = 0;
    int minor = 0;
    if (management.call("nvmlDeviceGetCudaComputeCapability", device, &major, &minor)) {
        gpu.compute_capability = fmt::format("{}.{}", major, minor);
    }
    MemoryInfo memory{};
    if (management.call("nvmlDeviceGetMemoryInfo", device, &memory)) gpu.memory_bytes = memory.total;
    return {std::move(gpu), management.text("nvmlDeviceGetUUID", device)};
}

}  // namespace

std::optional<ManagementReport> ask_nvidia_management(const std::filesystem::path& library) {
    const Management management(library);
    if (!management.ready()) return std::nullopt;
    ManagementReport report;
    report.driver_version = management.text("nvmlSystemGetDriverVersion");
    report.driver_cuda_version = cuda_version(management);
    unsigned count = 0;
    if (!management.call("nvmlDeviceGetCount_v2", &count)) return report;
    for (unsigned index = 0; index < std::min<std::size_t>(count, kMostGpus); ++index) {
        DeviceHandle device = nullptr;
        if (management.call("nvmlDeviceGetHandleByIndex_v2", index, &device)) {
            report.gpus.push_back(describe_gpu(management, device));
        }
    }
    return report;
}

}  // namespace inference_models::runtime
