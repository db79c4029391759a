#include <inference_models/auto_model.hpp>
#include <inference_models/runtime_description.hpp>

#include "bindings.hpp"
#include "library_call.hpp"
#include "records.hpp"

namespace inference_models::python {
namespace {

void bind_engines(nb::module_& module) {
    RecordBinding<SearchedPlace>(module, "SearchedPlace",
                                 "A place where a runtime was looked for, and what came of it.")
        .member("origin", &SearchedPlace::origin, "why it was looked at: `VIRTUAL_ENV`, `system loader`, ...")
        .member("path", &SearchedPlace::path, "directory or file looked at")
        .member("outcome", &SearchedPlace::outcome, "`found 1.32.0`, `nothing there`, ...")
        .plain();
    RecordBinding<EngineRuntime>(module, "EngineRuntime",
                                 "The runtime of one engine: the installed library, or why there is none.")
        .member("engine", &EngineRuntime::engine, "`onnxruntime`, `torch`, `openvino` or `tensorrt`")
        .path_or_none("adapter", &EngineRuntime::adapter, "our library that drives it; None where there is none")
        .path_or_none("adapter_compiler", &EngineRuntime::adapter_compiler,
                      "what builds the adapter on first use; None where that is not needed or cannot be")
        .member("installed", &EngineRuntime::installed, "whether it can be used")
        .member("version", &EngineRuntime::version, "`1.32.0`; empty where not installed or unknown")
        .path_or_none("library", &EngineRuntime::library, "the file that would be opened; None where there is none")
        .member("why_not", &EngineRuntime::why_not, "one line, where it is not installed or cannot get its adapter")
        .member("remedy", &EngineRuntime::remedy,
                "complete command or step that would make it usable; empty where it is")
        .member("execution_providers", &EngineRuntime::execution_providers,
                "ONNX Runtime only: `CPUExecutionProvider`, ... by the files there")
        .member("cuda_version", &EngineRuntime::cuda_version,
                "the CUDA that this build of the runtime was made for, `12.8`; empty for CPU builds")
        .member("searched", &EngineRuntime::searched, "where it was looked for")
        .plain();
}

void bind_machine(nb::module_& module) {
    RecordBinding<CpuDescription>(module, "CpuDescription", "The processors.")
        .member("model", &CpuDescription::model, "`Intel(R) Xeon(R) ...`")
        .member("architecture", &CpuDescription::architecture, "`x86_64`, `aarch64`")
        .member("instruction_sets", &CpuDescription::instruction_sets,
                "of those that matter here: `avx2`, `avx512_bf16`, `amx_int8`, `neon`, ...")
        .member("cores", &CpuDescription::cores, "logical ones that are online")
        .member("cores_by_affinity", &CpuDescription::cores_by_affinity, "of those, how many this process may run on")
        .member("cores_by_cgroup", &CpuDescription::cores_by_cgroup,
                "CPU quota of the control group, such as 1.5; None where unlimited")
        .member("threads", &CpuDescription::threads, "the budget that follows: what engines are given by default")
        .plain();
    RecordBinding<MemoryDescription>(module, "MemoryDescription", "The main memory.")
        .member("total_bytes", &MemoryDescription::total_bytes, "of the machine")
        .member("available_bytes", &MemoryDescription::available_bytes, "of those, how many are free to be used")
        .member("cgroup_limit_bytes", &MemoryDescription::cgroup_limit_bytes, "None where unlimited")
        .plain();
    RecordBinding<GpuDescription>(module, "GpuDescription", "A GPU.")
        .member("name", &GpuDescription::name, "`NVIDIA H200`")
        .member("compute_capability", &GpuDescription::compute_capability, "`9.0`; empty where unknown")
        .member("memory_bytes", &GpuDescription::memory_bytes, "0 where unknown")
        .plain();
    RecordBinding<CudaRuntime>(module, "CudaRuntime",
                               "An installed CUDA runtime library, which is another thing than the driver's CUDA "
                               "version.")
        .member("version", &CudaRuntime::version, "`12.8`")
        .member("library", &CudaRuntime::library, "the file")
        .plain();
    RecordBinding<CudaDescription>(module, "CudaDescription", "NVIDIA's driver, and CUDA.")
        .member("driver_version", &CudaDescription::driver_version,
                "of the kernel driver, `570.86.15`; empty where there is none")
        .member("driver_cuda_version", &CudaDescription::driver_cuda_version,
                "the newest CUDA that this driver runs, `12.8`; empty where unknown")
        .member("runtimes", &CudaDescription::runtimes, "installed CUDA runtime libraries")
        .plain();
    RecordBinding<JetsonDescription>(module, "JetsonDescription", "An NVIDIA Jetson.")
        .member("module", &JetsonDescription::module, "`NVIDIA Jetson Orin Nano ...`")
        .member("l4t_version", &JetsonDescription::l4t_version, "`36.4.3`; empty where unknown")
        .plain();
    RecordBinding<Extra>(module, "Extra",
                         "One of the optional installations: `pip install inference-models-cpp[NAME]`.")
        .member("name", &Extra::name, "`onnx-cpu`, `onnx-cu12`, `torch-cpu`, `torch-cu128`, `openvino`, `trt10`")
        .member("satisfied", &Extra::satisfied, "whether what it stands for is there")
        .member("reason", &Extra::reason, "`onnxruntime 1.32.0`, or what is missing")
        .member("command", &Extra::command, "complete command that satisfies it; also given where it is satisfied")
        .plain();
}

/// One short line, since a notebook shows it under the table that was just printed.
nb::str short_line(const RuntimeDescription& description) {
    nb::list engines;
    for (const EngineRuntime& runtime : description.engines) {
        if (!runtime.installed) continue;
        engines.append(
            nb::str("{} {}").format(python_text(display_name(runtime.engine)), python_value(runtime.version)));
    }
    const nb::object names =
        nb::len(engines) == 0 ? nb::object(nb::str("no runtime")) : nb::str(", ").attr("join")(engines);
    return nb::str("<RuntimeDescription: {}; {} threads, {} GPUs>")
        .format(names, description.cpu.threads, description.gpus.size());
}

}  // namespace

void bind_runtime_description(nb::module_& module) {
    bind_engines(module);
    bind_machine(module);
    RecordBinding<RuntimeDescription> description(module, "RuntimeDescription",
                                                  "What this machine has, as plain data. print() shows it as a table.");
    description.member("product_version", &RuntimeDescription::product_version, "the version of this package")
        .member("os", &RuntimeDescription::os, "`Debian GNU/Linux 12 (bookworm)`")
        .member("kernel", &RuntimeDescription::kernel, "`6.1.0`")
        .member("libc", &RuntimeDescription::libc, "`glibc 2.36`")
        .member("cpu", &RuntimeDescription::cpu, "the processors")
        .member("memory", &RuntimeDescription::memory, "the main memory")
        .member("gpus", &RuntimeDescription::gpus,
                "that this process may use, see CUDA_VISIBLE_DEVICES: the N-th is `cuda:N`")
        .member("cuda", &RuntimeDescription::cuda, "NVIDIA's driver, and CUDA")
        .member("jetson", &RuntimeDescription::jetson, "None where it is none")
        .member("engines", &RuntimeDescription::engines, "the runtime of each engine")
        .member("extras", &RuntimeDescription::extras, "the optional installations, and what satisfies them")
        .member("notes", &RuntimeDescription::notes, "what else stands in the way, with what to do about it")
        .with_text_and_json();
    description->def("__repr__", short_line);
    module.def(
        "describe_runtime", [] { return call_library([] { return AutoModel::describe_runtime(); }); },
        "What this machine has. Opens no runtime.");
    module.def("set_python_site_packages", set_python_site_packages, nb::arg("directories"),
               "Where runtimes are looked for that are installed as Python packages, besides where our library lies.");
}

}  // namespace inference_models::python
