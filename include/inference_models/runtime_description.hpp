#pragma once

#include <inference_models/export.hpp>
#include <inference_models/types.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What this machine has, as plain data. Made without opening a big library or starting a GPU: versions come from
/// file names and package metadata. Selection works on this data alone, so any machine can be described by hand.
namespace inference_models {

/// A place where a runtime was looked for, and what came of it.
struct SearchedPlace {
    std::string origin;          ///< why it was looked at: `VIRTUAL_ENV`, `next to our library`, `system loader`, ...
    std::filesystem::path path;  ///< directory or file looked at
    std::string outcome;         ///< `found 1.32.0`, `nothing there`, `is for another Python`, ...
};

/// The runtime of one engine: the installed library, or why there is none.
struct EngineRuntime {
    Engine engine = Engine::onnxruntime;
    std::filesystem::path adapter;  ///< our library that drives it; empty where there is none
    std::filesystem::path
        adapter_compiler;  ///< what builds the adapter on first use; empty where that is not needed or cannot be
    bool installed = false;
    std::string version;            ///< `1.32.0`; empty where not installed or unknown
    std::filesystem::path library;  ///< the file that would be opened
    std::string why_not;            ///< one line, where it is not installed or cannot get its adapter
    std::string remedy;             ///< complete command or step that would make it usable; empty where it is
    std::vector<std::string>
        execution_providers;   ///< ONNX Runtime only: `CPUExecutionProvider`, ... by the files there
    std::string cuda_version;  ///< the CUDA that this build of the runtime was made for, `12.8`; empty for CPU builds
    std::vector<SearchedPlace> searched;
};

struct CpuDescription {
    std::string model;                          ///< `Intel(R) Xeon(R) ...`
    std::string architecture;                   ///< `x86_64`, `aarch64`
    std::vector<std::string> instruction_sets;  ///< of those that matter here: avx2, avx512, avx512_vnni, avx512_bf16,
                                                ///< avx_vnni, amx_int8, amx_bf16, amx_fp16, neon, sve, ...
    std::uint32_t cores = 0;                    ///< logical ones that are online
    std::uint32_t cores_by_affinity = 0;        ///< of those, how many this process may run on
    std::optional<double> cores_by_cgroup;      ///< CPU quota of the control group, e.g. 1.5; none where unlimited
    std::uint32_t threads = 1;  ///< the budget that follows: what engines are given by default, at least 1
};

struct MemoryDescription {
    std::uint64_t total_bytes = 0;
    std::uint64_t available_bytes = 0;
    std::optional<std::uint64_t> cgroup_limit_bytes;  ///< none where unlimited
};

struct GpuDescription {
    std::string name;                ///< `NVIDIA H200`
    std::string compute_capability;  ///< `9.0`; empty where unknown
    std::uint64_t memory_bytes = 0;  ///< 0 where unknown
};

/// An installed CUDA runtime library, which is another thing than the driver's CUDA version.
struct CudaRuntime {
    std::string version;  ///< `12.8`
    std::filesystem::path library;
};

struct CudaDescription {
    std::string driver_version;       ///< of the NVIDIA kernel driver, `570.86.15`; empty where there is none
    std::string driver_cuda_version;  ///< the newest CUDA that this driver runs, `12.8`; empty where unknown
    std::vector<CudaRuntime> runtimes;
};

struct JetsonDescription {
    std::string module;       ///< `NVIDIA Jetson Orin Nano ...`
    std::string l4t_version;  ///< `36.4.3`; empty where unknown
};

/// One of the optional installations that the guide names.
struct Extra {
    std::string name;  ///< `onnx-cpu`, `onnx-cu12`, `torch-cpu`, `torch-cu128`, `openvino`, `trt10`
    bool satisfied = false;
    std::string reason;   ///< `onnxruntime 1.32.0`, or what is missing
    std::string command;  ///< complete command that satisfies it; also given where it is satisfied
};

struct RuntimeDescription {
    std::string product_version;
    std::string os;      ///< `Debian GNU/Linux 12 (bookworm)`
    std::string kernel;  ///< `6.1.0`
    std::string libc;    ///< `glibc 2.36`
    CpuDescription cpu;
    MemoryDescription memory;
    std::vector<GpuDescription> gpus;  ///< that this process may use, see CUDA_VISIBLE_DEVICES: the N-th is `cuda:N`
    CudaDescription cuda;
    std::optional<JetsonDescription> jetson;
    std::vector<EngineRuntime> engines;  ///< one for each enumerator of Engine, in its order
    std::vector<Extra> extras;
    std::vector<std::string> notes;  ///< what else stands in the way of a user, with what to do about it

    /// The entry of an engine. \throws Error `invalid_argument` where the description has none
    [[nodiscard]] INFERENCE_MODELS_EXPORT const EngineRuntime& engine(Engine which) const;
};

/// Where else Python packages are looked for in this process. The Python package names the directories of the
/// interpreter that imported it, which may be others than those around our library.
INFERENCE_MODELS_EXPORT void set_python_site_packages(std::vector<std::filesystem::path> directories);

/// A table for people, each of its lines ending with '\n'.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_text(const RuntimeDescription& description);

/// One JSON document, without a '\n' behind it: the members above under their own names.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_json(const RuntimeDescription& description);

}  // namespace inference_models
