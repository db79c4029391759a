#include "selection/requirements.hpp"

#include "common/version_number.hpp"
#include "selection/image_sizes.hpp"
#include "selection/made_on.hpp"
#include "selection/nms_fusion.hpp"
#include "selection/remedies.hpp"
#include "selection/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>

namespace inference_models::selection {
namespace {

using Finding = std::optional<Verdict>;

constexpr std::string_view kCpuProvider = "CPUExecutionProvider";
constexpr std::string_view kCudaProvider = "CUDAExecutionProvider";

Verdict rejected(std::string reason, std::string remedy = {}) {
    return {CandidateStatus::rejected, std::move(reason), std::move(remedy)};
}

/// Something that the remedy mends, or, where none is known, nothing.
Verdict mendable(std::string reason, std::string remedy) {
    const CandidateStatus status = remedy.empty() ? CandidateStatus::rejected : CandidateStatus::possible;
    return {status, std::move(reason), std::move(remedy)};
}

Verdict remark(std::string text) {
    return {CandidateStatus::usable, std::move(text), {}};
}

template <class Range, class Value>
bool contains(const Range& range, const Value& value) {
    return std::ranges::find(range, value) != std::ranges::end(range);
}

// --- Rules about a package alone -------------------------------------------------------------------------------------

Finding asked_package(const formats::Package& package, const Question& question) {
    const std::string& asked = question.request.model_package_id;
    if (asked.empty() || asked == package.id) return std::nullopt;
    return rejected(fmt::format("model_package_id={} was asked for", asked),
                    fmt::format("use model_package_id={}", package.id));
}

const SupportedFamily* find_family(const formats::Package& package, std::span<const SupportedFamily> families) {
    const auto family = std::ranges::find_if(families, [&](const SupportedFamily& each) {
        return each.architecture == package.architecture && each.task == package.task;
    });
    return family == families.end() ? nullptr : &*family;
}

Finding known_family(const formats::Package& package, const Question& question) {
    if (package.architecture.empty()) return std::nullopt;  // a checkpoint tells once it is converted
    if (is_known_family(package, question.families)) return std::nullopt;
    return rejected(fmt::format("unsupported here: architecture {} task {}; known: {}", package.architecture,
                                to_string(package.task), names_of(question.families)));
}

Finding required_features(const formats::Package& package, const Question& question) {
    std::vector<std::string_view> missing;
    for (const std::string& feature : question.request.required_model_features) {
        if (!package.features.contains(feature) && !contains(missing, feature)) missing.emplace_back(feature);
    }
    if (missing.empty()) return std::nullopt;
    const std::string names = fmt::format("{}", fmt::join(missing, ", "));
    return rejected(fmt::format("required_model_features asks for {}, which this package does not state", names),
                    fmt::format("leave {} out of required_model_features", names));
}

/// What a package states may change what its network answers: a decoder that does not know it would read nonsense.
Finding stated_features(const formats::Package& package, const Question& question) {
    const SupportedFamily* const family = find_family(package, question.families);
    if (family == nullptr) return std::nullopt;  // another rule's word
    std::vector<std::string_view> unknown;
    for (const auto& [feature, unused] : package.features) {
        if (!contains(family->features, feature)) unknown.emplace_back(feature);
    }
    if (unknown.empty()) return std::nullopt;
    return rejected(fmt::format("the package states the feature{} {}, which this version does not implement",
                                unknown.size() > 1 ? "s" : "", fmt::join(unknown, ", ")));
}

Finding trusted_source(const formats::Package& package, const Question& question) {
    if (package.trusted_source || question.request.allow_untrusted_packages) return std::nullopt;
    return rejected("its provider does not vouch for this package", "use allow_untrusted_packages=True");
}

Finding asked_quantization(const formats::Package& package, const Question& question) {
    const std::vector<Precision>& asked = question.request.quantization;
    if (asked.empty()) {
        // Who names a package has asked for what is in it.
        const bool is_asked =
            question.request.model_package_id == package.id || question.request.precision == RequestedPrecision::int8;
        if (package.quantization != Precision::int8 || is_asked) {
            return std::nullopt;
        }
        return rejected("int8 is used only when asked for", "use quantization=int8");
    }
    const Precision stored = package.quantization.value_or(Precision::fp32);
    if (contains(asked, stored)) {
        if (package.quantization) return std::nullopt;
        return remark("the package does not state its quantization, which is taken as fp32");
    }
    return rejected(fmt::format("quantization={} was asked for, this package is {}", listed(asked), to_string(stored)),
                    fmt::format("use quantization={}", to_string(stored)));
}

Finding asked_batch_size(const formats::Package& package, const Question& question) {
    const auto& asked = question.request.batch_size;
    const BatchRule& batch = package.batch;
    if (!asked || (asked->min >= batch.min && asked->max <= batch.max.value_or(asked->max))) return std::nullopt;
    const std::int64_t least = std::max(asked->min, batch.min);
    const std::int64_t most = batch.max ? std::min(asked->max, *batch.max) : asked->max;
    const AcceptedRange<std::int64_t> nearest =
        least <= most ? AcceptedRange<std::int64_t>{least, most}
                      : (asked->max < batch.min ? AcceptedRange<std::int64_t>{batch.min, batch.min}
                                                : AcceptedRange<std::int64_t>{*batch.max, *batch.max});
    std::string allowed = fmt::format("{}", batch.min);
    if (!batch.max) {
        allowed += " or more";
    } else if (*batch.max != batch.min) {
        allowed += fmt::format(" to {}", *batch.max);
    }
    return rejected(fmt::format("batch_size={} was asked for, this package takes {} per run", told(*asked), allowed),
                    "use batch_size=" + told(nearest));
}

Finding asked_image_size(const formats::Package& package, const Question& question) {
    return image_size_problem(package, question.request);
}

Finding asked_rect(const formats::Package& package, const Question& question) {
    return rect_problem(package, question.request);
}

Finding asked_nms_fusion(const formats::Package& package, const Question& question) {
    if (!package.fused_nms) return std::nullopt;
    const std::optional<NmsFusionPreferences>& asked = question.request.nms_fusion_preferences;
    const auto remedy = [&] {
        return fmt::format("use nms_fusion_preferences={}", written(preferences_for(*package.fused_nms)));
    };
    if (asked) {
        const std::optional<std::string> problem = misfit(*package.fused_nms, *asked);
        if (!problem) return std::nullopt;
        return rejected(fmt::format("its NMS is part of the network {}", *problem), remedy());
    }
    constexpr std::string_view kNoEffect =
        "its NMS is part of the network, so iou_threshold, max_detections and class_agnostic_nms {} no effect";
    // Who names a package has asked for what is in it.
    if (question.request.model_package_id == package.id) return remark(fmt::format(kNoEffect, "have"));
    return rejected(fmt::format(kNoEffect, "would have"), remedy());
}

using PackageRule = Finding (*)(const formats::Package&, const Question&);

/// What a package is. The rules after these are about how it is to be run.
constexpr std::array<PackageRule, 5> kPackageRules{
    asked_package, known_family, required_features, stated_features, trusted_source,
};
constexpr std::array<PackageRule, 5> kUseRules{
    asked_batch_size, asked_image_size, asked_rect, asked_quantization, asked_nms_fusion,
};

// --- Rules about a package in an engine on a device ------------------------------------------------------------------

Finding asked_backend(const Trial& trial) {
    const std::vector<BackendType>& asked = trial.question.request.backends;
    if (asked.empty() || contains(asked, trial.backend)) return std::nullopt;
    return rejected(fmt::format("backend={} was asked for", listed(asked)),
                    fmt::format("use backend={}", to_string(trial.backend)));
}

Finding asked_providers(const Trial& trial) {
    if (trial.question.request.onnx_execution_providers.empty() || trial.traits.engine == Engine::onnxruntime) {
        return std::nullopt;
    }
    return rejected("only ONNX Runtime has execution providers", "leave onnx_execution_providers out");
}

/// What a TensorRT engine is bound to; null where the package is none, or states nothing.
const TensorRtFacts* engine_facts(const Trial& trial) {
    return trial.package.format == PackageFormat::trt_engine && trial.package.tensorrt ? &*trial.package.tensorrt
                                                                                       : nullptr;
}

Finding asked_host_code(const Trial& trial) {
    const TensorRtFacts* const facts = engine_facts(trial);
    if (!facts || !facts->forward_compatible || trial.question.request.trt_engine_host_code_allowed) {
        return std::nullopt;
    }
    return rejected(
        "the engine runs on newer TensorRT versions by code for the CPU that it carries, and "
        "trt_engine_host_code_allowed=False was asked for",
        "use trt_engine_host_code_allowed=True");
}

Finding adapter_is_there(const Trial& trial) {
    const EngineRuntime& runtime = trial.runtime;
    if (!runtime.adapter.empty()) return std::nullopt;
    if (!trial.traits.adapter_is_linked) {
        return rejected(fmt::format("this build has no adapter for {}", display_name(trial.traits.engine)));
    }
    if (!runtime.installed) return std::nullopt;  // which adapter it takes is known when there is a version
    if (!runtime.adapter_compiler.empty()) return remark("its adapter is built on first use");
    return mendable(runtime.why_not, runtime.remedy);
}

/// A GPU of this machine would do the work: the one asked for or, where that is not there, the one that is proposed
/// instead.
bool would_use_gpu(const Trial& trial) {
    return (trial.device.kind == DeviceKind::cuda || !runs_on(trial.traits, DeviceKind::cpu)) &&
           gpu_count(trial.question.machine) > 0;
}

Finding engine_runs_on_device(const Trial& trial) {
    if (runs_on(trial.traits, trial.device.kind)) return std::nullopt;
    const std::string_view engine = display_name(trial.traits.engine);
    if (trial.device.kind == DeviceKind::cuda) return rejected(fmt::format("{} uses no GPU", engine), "use device=cpu");
    return rejected(fmt::format("{} runs on NVIDIA GPUs only", engine),
                    gpu_count(trial.question.machine) > 0 ? "use device=cuda:0" : "");
}

Finding device_exists(const Trial& trial) {
    const std::size_t gpus = gpu_count(trial.question.machine);
    if (trial.device.kind == DeviceKind::cpu || trial.device.index < gpus) return std::nullopt;
    if (gpus > 0) {
        return rejected(
            fmt::format("there is no {}: the last GPU of this machine is cuda:{}", to_string(trial.device), gpus - 1),
            "use device=cuda:0");
    }
    const bool has_alternative = trial.question.request.device && runs_on(trial.traits, DeviceKind::cpu);
    const bool has_driver = !trial.question.machine.cuda.driver_version.empty();
    return rejected(
        fmt::format("{} on {} needs an NVIDIA GPU, this machine has none{}", display_name(trial.traits.engine),
                    to_string(trial.device), has_driver ? ", or CUDA_VISIBLE_DEVICES hides it" : ""),
        has_alternative ? "use device=cpu" : "");
}

/// The instructions of which a processor needs one to compute in a precision faster than in fp32.
std::span<const std::string_view> instructions_for(Precision precision) {
    static constexpr std::array<std::string_view, 3> kBf16{"avx512_bf16", "amx_bf16", "bf16"};
    static constexpr std::array<std::string_view, 3> kFp16{"avx512_fp16", "amx_fp16", "neon_fp16"};
    switch (precision) {
        case Precision::bf16: return kBf16;
        case Precision::fp16: return kFp16;
        default: return {};
    }
}

bool has_instructions_for(const Trial& trial, Precision precision) {
    const RuntimeDescription& machine = trial.question.machine;
    if (trial.device.kind == DeviceKind::cuda) {
        const bool has_gpu = trial.device.index < machine.gpus.size();
        const std::string_view oldest = precision == Precision::bf16 ? "8.0" : "6.0";
        return has_gpu && !(compare_stated_parts(machine.gpus[trial.device.index].compute_capability, oldest) < 0);
    }
    const auto instructions = instructions_for(precision);
    return std::ranges::any_of(instructions,
                               [&](std::string_view each) { return contains(machine.cpu.instruction_sets, each); });
}

/// Networks are stored in fp32 unless somebody converted them, and then he says so.
Precision stored_precision(const Trial& trial) {
    return trial.package.quantization.value_or(Precision::fp32);
}

/// What this engine can compute the package's network in beside what it stores, whatever the processor: one that
/// converts fp32 also computes fp16 in fp32. A compiled package stays what it is.
std::span<const Precision> conversions(const Trial& trial) {
    static constexpr std::array kFp32{Precision::fp32};
    const auto of_fp32 =
        std::ranges::find(trial.traits.formats, trial.package.format, &engines::FormatSupport::format)->converts_to;
    if (trial.package.compiled || of_fp32.empty()) return {};
    switch (stored_precision(trial)) {
        case Precision::fp32: return of_fp32;
        case Precision::fp16: return kFp32;
        default: return {};
    }
}

/// Without a word it is what the package stores, but half precision that would be emulated is computed in fp32.
RequestedPrecision effective_request(const Trial& trial) {
    if (trial.question.request.precision) return *trial.question.request.precision;
    const Precision stored = stored_precision(trial);
    const bool is_emulated = stored == Precision::fp16 && contains(conversions(trial), Precision::fp32) &&
                             !has_instructions_for(trial, stored);
    return is_emulated ? RequestedPrecision::fp32 : requested(stored);
}

Finding engine_computes_precision(const Trial& trial) {
    const std::string_view engine = display_name(trial.traits.engine);
    const Precision stored = stored_precision(trial);
    const Precision wanted = planned_precision(trial);
    if (wanted != stored && !contains(conversions(trial), wanted)) {
        return rejected(fmt::format("precision={} was asked for, {} computes this {} package in {}", to_string(wanted),
                                    engine, to_string(stored), to_string(stored)),
                        fmt::format("use precision={}", to_string(stored)));
    }
    if (!contains(trial.traits.precisions, wanted)) {
        return rejected(fmt::format("{} does not compute in {}", engine, to_string(wanted)));
    }
    if (wanted != stored && wanted != Precision::fp32 && !has_instructions_for(trial, wanted)) {
        const bool on_gpu = trial.device.kind == DeviceKind::cuda;
        return rejected(fmt::format("precision={} was asked for, and this {} has no instructions for it{}",
                                    to_string(wanted), on_gpu ? "GPU" : "CPU",
                                    on_gpu ? std::string{}
                                           : fmt::format(": none of {}", fmt::join(instructions_for(wanted), ", "))),
                        fmt::format("use precision={}", to_string(stored)));
    }
    return std::nullopt;
}

/// Somebody compiled it in a lower precision for those who ask for that.
Finding compiled_precision_is_asked(const Trial& trial) {
    const LoadOptions& request = trial.question.request;
    const Precision stored = stored_precision(trial);
    const bool is_asked =
        request.precision || request.model_package_id == trial.package.id || contains(request.quantization, stored);
    if (!trial.package.compiled || stored == Precision::fp32 || is_asked) return std::nullopt;
    return rejected(fmt::format("{} is used only when asked for", to_string(stored)),
                    fmt::format("use precision={}", to_string(stored)));
}

/// Results differ between sizes, so that a compiled one is no better way to do the same.
Finding compiled_size_is_asked(const Trial& trial) {
    const formats::Package& package = trial.package;
    const LoadOptions& request = trial.question.request;
    if (!package.compiled || !package.made_from || !package.sizes || !package.made_from->sizes) return std::nullopt;
    const bool is_asked = request.image_size || request.model_package_id == package.id;
    if (is_asked || package.sizes->own == package.made_from->sizes->own) return std::nullopt;
    return rejected(
        fmt::format("it was compiled for {}, which is not its model's own size and used only when asked for",
                    told(package.sizes->own)),
        fmt::format("use image_size={}", told(package.sizes->own)));
}

Finding compiled_for_this_machine(const Trial& trial) {
    const std::optional<CompiledFacts>& compiled = trial.package.compiled;
    if (!compiled) return std::nullopt;
    const RuntimeDescription& machine = trial.question.machine;
    if (compiled->engine != trial.traits.engine) {
        return rejected(fmt::format("the package was compiled for {}", display_name(compiled->engine)));
    }
    if (compiled->architecture != machine.cpu.architecture) {
        return rejected(fmt::format("the package was compiled for {}, this machine is {}", compiled->architecture,
                                    machine.cpu.architecture));
    }
    std::vector<std::string_view> missing;
    for (const std::string& each : compiled->instruction_sets) {
        if (!contains(machine.cpu.instruction_sets, each)) missing.emplace_back(each);
    }
    if (!missing.empty()) {
        return mendable(fmt::format("the package was compiled for a CPU with {}, which this one does not have",
                                    fmt::join(missing, ", ")),
                        compiled->command);
    }
    if (trial.runtime.installed && trial.runtime.version != compiled->runtime_version) {
        return mendable(fmt::format("the package was compiled with {} {} and runs on that version alone, here is {}",
                                    display_name(compiled->engine), compiled->runtime_version, trial.runtime.version),
                        compiled->command);
    }
    return std::nullopt;
}

bool uses_gpu(std::string_view provider) {
    constexpr std::array<std::string_view, 3> kGpuProviders{kCudaProvider, "TensorrtExecutionProvider",
                                                            "NvTensorRTRTXExecutionProvider"};
    return contains(kGpuProviders, provider);
}

/// The execution providers that would be used: those asked for, or what the device needs.
std::vector<std::string_view> effective_providers(const Trial& trial) {
    std::vector<std::string_view> names;
    std::ranges::transform(trial.question.request.onnx_execution_providers, std::back_inserter(names),
                           &ExecutionProvider::name);
    if (names.empty()) names.push_back(trial.device.kind == DeviceKind::cuda ? kCudaProvider : kCpuProvider);
    return names;
}

Finding providers_fit_package(const Trial& trial) {
    if (trial.traits.engine != Engine::onnxruntime || !trial.package.onnx) return std::nullopt;
    for (const std::string_view name : effective_providers(trial)) {
        if (contains(trial.package.onnx->incompatible_providers, name)) {
            return rejected(fmt::format("the package says that it does not run with {}", name));
        }
    }
    return std::nullopt;
}

Finding providers_fit_device(const Trial& trial) {
    if (trial.traits.engine != Engine::onnxruntime) return std::nullopt;
    const std::vector<std::string_view> providers = effective_providers(trial);
    const auto gpu_provider = std::ranges::find_if(providers, uses_gpu);
    const bool on_gpu = trial.device.kind == DeviceKind::cuda;
    if (on_gpu == (gpu_provider != providers.end())) return std::nullopt;
    if (on_gpu) {
        return rejected("onnx_execution_providers names none that uses a GPU",
                        fmt::format("use onnx_execution_providers={}", kCudaProvider));
    }
    return rejected(fmt::format("{} runs on an NVIDIA GPU, not on the CPU", *gpu_provider),
                    fmt::format("use onnx_execution_providers={}", kCpuProvider));
}

Finding torch_script_supports_device(const Trial& trial) {
    const auto& facts = trial.package.torch_script;
    if (!facts || facts->supported_devices.empty() || contains(facts->supported_devices, trial.device.kind)) {
        return std::nullopt;
    }
    const bool on_gpu = trial.device.kind == DeviceKind::cuda;
    return rejected(fmt::format("the package says that it does not run on a {}", on_gpu ? "GPU" : "CPU"));
}

Finding engine_file_fits_board(const Trial& trial) {
    const TensorRtFacts* const facts = engine_facts(trial);
    if (!facts) return std::nullopt;
    const auto& jetson = trial.question.machine.jetson;
    if (!jetson) {
        if (!facts->jetson_l4t_version) return std::nullopt;
        return rejected("the engine was made on a Jetson, this machine is none");
    }
    if (!facts->jetson_l4t_version) {
        if (facts->device_name.empty()) return remark("the package does not state whether it was made on a Jetson");
        return rejected(fmt::format("the engine was made on {}, this machine is a Jetson", facts->device_name));
    }
    if (stated_parts_differ(first_parts(jetson->l4t_version, 2), first_parts(*facts->jetson_l4t_version, 2))) {
        return rejected(fmt::format("the engine was made on a Jetson with L4T {}, this one has {}",
                                    *facts->jetson_l4t_version, jetson->l4t_version));
    }
    return std::nullopt;
}

Finding engine_file_fits_gpu(const Trial& trial) {
    const TensorRtFacts* const facts = engine_facts(trial);
    const std::vector<GpuDescription>& gpus = trial.question.machine.gpus;
    if (!facts || gpus.empty()) return std::nullopt;
    const std::size_t index = trial.device.index < gpus.size() ? trial.device.index : 0;
    const GpuDescription& gpu = gpus[index];
    const bool any_of_capability = facts->same_compute_capability_compatible;
    const std::string made_for = any_of_capability ? facts->compute_capability : normalised(facts->device_name);
    const std::string here = any_of_capability ? gpu.compute_capability : normalised(gpu.name);
    const std::string_view what = any_of_capability ? "compute capability" : "GPU";
    if (made_for.empty()) return remark(fmt::format("the package does not state the {} that it was made for", what));
    if (here.empty()) return remark(fmt::format("the {} of this machine's GPU is unknown", what));
    if (made_for == here) return std::nullopt;
    return rejected(fmt::format("the engine was made for {} {}, cuda:{} is {}", what, made_for, index, here));
}

Finding engine_file_fits_version(const Trial& trial) {
    const TensorRtFacts* const facts = engine_facts(trial);
    if (!facts) return std::nullopt;
    const std::string& made_by = facts->tensorrt_version;
    const std::string& here = trial.runtime.version;
    if (made_by.empty()) return remark("the package does not state the TensorRT version that made it");
    const std::string_view driven_major = first_parts(trial.traits.oldest_version, 1);
    if (!facts->forward_compatible && stated_parts_differ(first_parts(made_by, 1), driven_major)) {
        return rejected(
            fmt::format("the engine was made by TensorRT {} and runs on that version alone, this build of "
                        "the product works with TensorRT {}",
                        made_by, driven_major));
    }
    if (!trial.runtime.installed) return std::nullopt;
    if (facts->forward_compatible) {
        if (facts->lean_runtime_excluded) {
            return rejected("the engine runs on newer TensorRT versions only with a lean runtime, which it leaves out");
        }
        if (!(compare_stated_parts(here, made_by) < 0)) return std::nullopt;
        return mendable(fmt::format("the engine needs TensorRT {} or newer, here is {}", made_by, here),
                        upgrade_command(trial));
    }
    if (!stated_parts_differ(here, made_by)) return std::nullopt;
    return mendable(
        fmt::format("the engine was made by TensorRT {} and runs on that version alone, here is {}", made_by, here),
        trial.question.machine.jetson ? std::string{} : install_command(trial, DeviceKind::cuda));
}

Finding runtime_is_installed(const Trial& trial) {
    const EngineRuntime& runtime = trial.runtime;
    const bool is_too_old = compare_stated_parts(runtime.version, trial.traits.oldest_version) < 0;
    if (runtime.installed && !is_too_old) return std::nullopt;
    std::string reason = runtime.why_not;
    if (reason.empty()) {
        reason = is_too_old ? fmt::format("{} {} is too old, {} is the oldest that works", display_name(runtime.engine),
                                          runtime.version, trial.traits.oldest_version)
                            : fmt::format("{} is not installed", display_name(runtime.engine));
    }
    const DeviceKind device = would_use_gpu(trial) ? DeviceKind::cuda : DeviceKind::cpu;
    return mendable(std::move(reason), is_too_old ? upgrade_command(trial) : remedy_for_missing(trial, device));
}

Finding runtime_build_uses_gpu(const Trial& trial) {
    if (!would_use_gpu(trial) || !trial.runtime.installed || has_gpu_build(trial.runtime)) return std::nullopt;
    return mendable(fmt::format("the installed {} {} is a build without GPU support",
                                display_name(trial.runtime.engine), trial.runtime.version),
                    gpu_build_command(trial));
}

Finding driver_runs_cuda(const Trial& trial) {
    // What installations bring where there is no GPU build yet.
    constexpr std::string_view kCudaOfExtras = "12";
    if (!would_use_gpu(trial)) return std::nullopt;
    const bool is_there = trial.runtime.installed && has_gpu_build(trial.runtime);
    return driver_problem(trial.question.machine, is_there ? trial.runtime.cuda_version : kCudaOfExtras);
}

Finding providers_are_there(const Trial& trial) {
    const EngineRuntime& runtime = trial.runtime;
    if (trial.traits.engine != Engine::onnxruntime || !runtime.installed) return std::nullopt;
    for (const ExecutionProvider& asked : trial.question.request.onnx_execution_providers) {
        // That a GPU build is missing is another rule's word.
        if (contains(runtime.execution_providers, asked.name) || (uses_gpu(asked.name) && !has_gpu_build(runtime))) {
            continue;
        }
        return rejected(fmt::format("the installed ONNX Runtime {} has no {}; it has {}", runtime.version, asked.name,
                                    fmt::join(runtime.execution_providers, ", ")));
    }
    return std::nullopt;
}

Finding onnx_opset_is_known(const Trial& trial) {
    const EngineRuntime& runtime = trial.runtime;
    if (trial.traits.engine != Engine::onnxruntime || !trial.package.onnx || !runtime.installed ||
        runtime.version.empty()) {
        return std::nullopt;
    }
    const int newest = engines::newest_onnx_opset(runtime.version);
    if (newest == 0 || trial.package.onnx->opset <= newest) return std::nullopt;
    return mendable(fmt::format("the package needs operator set {}, ONNX Runtime {} runs up to {}",
                                trial.package.onnx->opset, runtime.version, newest),
                    upgrade_command(trial));
}

Finding torch_reads_torch_script(const Trial& trial) {
    const auto& facts = trial.package.torch_script;
    if (!facts || !trial.runtime.installed ||
        !(compare_stated_parts(trial.runtime.version, facts->torch_version) < 0)) {
        return std::nullopt;
    }
    return mendable(fmt::format("the package was made by PyTorch {}, which is newer than the installed {}",
                                facts->torch_version, trial.runtime.version),
                    upgrade_command(trial));
}

using Rule = Finding (*)(const Trial&);

/// After the backend, in the order in which their words are told: what was asked for, what can never be here, what can
/// be mended.
constexpr std::array<Rule, 21> kRules{
    asked_providers,           asked_host_code,        compiled_for_this_machine, compiled_precision_is_asked,
    compiled_size_is_asked,    adapter_is_there,       engine_runs_on_device,     device_exists,
    engine_computes_precision, providers_fit_package,  providers_fit_device,      torch_script_supports_device,
    engine_file_fits_board,    engine_file_fits_gpu,   engine_file_fits_version,  driver_runs_cuda,
    runtime_is_installed,      runtime_build_uses_gpu, providers_are_there,       onnx_opset_is_known,
    torch_reads_torch_script,
};

// --- From findings to one verdict ------------------------------------------------------------------------------------

void add(std::vector<Verdict>& findings, Finding finding) {
    if (finding) findings.push_back(std::move(*finding));
}

template <std::size_t count>
void add_findings(std::vector<Verdict>& findings, const std::array<PackageRule, count>& rules,
                  const formats::Package& package, const Question& question) {
    for (const PackageRule rule : rules) add(findings, rule(package, question));
}

bool is_obstacle(const Verdict& finding) {
    return finding.status != CandidateStatus::usable;
}

void append(std::string& text, std::string_view more) {
    if (!text.empty() && !more.empty()) text += "; ";
    text += more;
}

/// All that a user has to do; empty where one obstacle stays whatever he does.
std::string joint_remedy(const std::vector<Verdict>& findings) {
    std::vector<std::string> steps;
    bool only_ask_differently = true;
    for (const Verdict& finding : findings) {
        if (!is_obstacle(finding)) continue;
        if (finding.remedy.empty()) return {};
        only_ask_differently = only_ask_differently && finding.status == CandidateStatus::rejected;
        if (!contains(steps, finding.remedy)) steps.push_back(finding.remedy);
    }
    if (steps.empty()) return {};
    return fmt::format("{}{}", fmt::join(steps, "; "), only_ask_differently ? kWhichRunsHere : "");
}

/// The first rejection decides, since no remedy of another obstacle helps against it. Without one, everything that has
/// to be mended is told.
Verdict joined(const std::vector<Verdict>& findings) {
    Verdict verdict{CandidateStatus::usable, {}, joint_remedy(findings)};
    const auto rejection = std::ranges::find(findings, CandidateStatus::rejected, &Verdict::status);
    if (rejection != findings.end()) {
        verdict.status = CandidateStatus::rejected;
        verdict.reason = rejection->reason;
        return verdict;
    }
    if (std::ranges::any_of(findings, is_obstacle)) verdict.status = CandidateStatus::possible;
    for (const Verdict& finding : findings) {
        if (finding.status == verdict.status) append(verdict.reason, finding.reason);
    }
    return verdict;
}

}  // namespace

bool is_known_family(const formats::Package& package, std::span<const SupportedFamily> families) {
    return find_family(package, families) != nullptr;
}

std::string names_of(std::span<const SupportedFamily> families) {
    std::vector<std::string> names;
    for (const SupportedFamily& family : families) {
        names.push_back(fmt::format("{} {}", family.architecture, to_string(family.task)));
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

Verdict judge(const Trial& trial) {
    std::vector<Verdict> findings;
    add_findings(findings, kPackageRules, trial.package, trial.question);
    add(findings, asked_backend(trial));
    add_findings(findings, kUseRules, trial.package, trial.question);
    for (const Rule rule : kRules) add(findings, rule(trial));
    return joined(findings);
}

Verdict judge_unopened(const formats::Package& package, const Question& question) {
    std::vector<Verdict> findings;
    add_findings(findings, kPackageRules, package, question);
    add_findings(findings, kUseRules, package, question);
    findings.push_back(mendable(fmt::format("no engine opens the format {} as it is", to_string(package.format)),
                                conversion(package, question.request)));
    return joined(findings);
}

Precision planned_precision(const Trial& trial) {
    switch (effective_request(trial)) {
        case RequestedPrecision::fp32: return Precision::fp32;
        case RequestedPrecision::fp16: return Precision::fp16;
        case RequestedPrecision::bf16: return Precision::bf16;
        case RequestedPrecision::int8: return Precision::int8;
        case RequestedPrecision::fastest: break;
    }
    const auto possible = conversions(trial);
    const auto best = std::ranges::find_if(possible, [&](Precision each) { return has_instructions_for(trial, each); });
    return best == possible.end() ? stored_precision(trial) : *best;
}

std::size_t gpu_count(const RuntimeDescription& machine) noexcept {
    return machine.gpus.size();
}

bool runs_on(const engines::EngineTraits& traits, DeviceKind kind) noexcept {
    return contains(traits.devices, kind);
}

}  // namespace inference_models::selection
