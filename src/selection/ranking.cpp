#include "selection/ranking.hpp"

#include "common/version_number.hpp"
#include "selection/made_on.hpp"
#include "selection/nms_fusion.hpp"
#include "selection/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace inference_models::selection {
namespace {

/// What decides between two candidates of one status.
enum class Criterion {
    device,
    computed_precision,
    backend,
    precision,
    compiled,
    trust,
    batch_kind,
    fixed_batch,
    opset,
    version_bound,
    gpu_bound,
    gpu_name,
    cuda_version,
    tensorrt_version,
    excluded_providers,
    batch_range,
    fused_nms,
    lean_runtime,
    jetson_module,
    os_version,
    l4t_version,
    driver_version,
};

using Criteria = std::array<Criterion, Rank::kCriteria>;

/// A GPU is the faster machine, so it comes before the backend's order.
constexpr Criteria kOwnOrder{
    Criterion::device,         Criterion::computed_precision, Criterion::backend,
    Criterion::precision,      Criterion::compiled,           Criterion::trust,
    Criterion::batch_kind,     Criterion::fixed_batch,        Criterion::opset,
    Criterion::version_bound,  Criterion::gpu_bound,          Criterion::gpu_name,
    Criterion::cuda_version,   Criterion::tensorrt_version,   Criterion::excluded_providers,
    Criterion::batch_range,    Criterion::fused_nms,          Criterion::lean_runtime,
    Criterion::jetson_module,  Criterion::os_version,         Criterion::l4t_version,
    Criterion::driver_version,
};

/// But the order that a caller gives comes before everything.
constexpr Criteria kAskedOrder = [] {
    Criteria order = kOwnOrder;
    std::rotate(order.begin(), order.begin() + 2, order.begin() + 3);
    return order;
}();

const Criteria& criteria_of(const LoadOptions& request) {
    return request.backends.empty() ? kOwnOrder : kAskedOrder;
}

constexpr std::array kBackendOrder{BackendType::trt, BackendType::openvino, BackendType::torch,
                                   BackendType::hugging_face, BackendType::onnx};
constexpr std::string_view kBackendOrderForPeople = "TensorRT > OpenVINO > PyTorch > Hugging Face > ONNX";

std::string order_for_people(const LoadOptions& request) {
    if (request.backends.empty()) return fmt::format("the order {}", kBackendOrderForPeople);
    return fmt::format("the asked order {}", listed(request.backends));
}

/// OpenVINO comes early where a user installed it, but it is not what to install first.
bool is_late(const Candidate& candidate, const RuntimeDescription& machine) {
    return candidate.engine == Engine::openvino && !machine.engine(Engine::openvino).installed;
}

int group_of(const Candidate& candidate, const RuntimeDescription& machine) {
    switch (candidate.status) {
        case CandidateStatus::chosen:
        case CandidateStatus::usable: return 0;
        case CandidateStatus::possible: return is_late(candidate, machine) ? 2 : 1;
        case CandidateStatus::rejected: return is_late(candidate, machine) ? 4 : 3;
    }
    return 4;
}

template <class Range>
std::int64_t place_in(const Range& order, BackendType backend) {
    return std::ranges::find(order, backend) - std::ranges::begin(order);
}

std::int64_t backend_place(BackendType backend, const LoadOptions& request) {
    const std::int64_t asked_place = place_in(request.backends, backend);
    const bool is_asked = asked_place < std::ssize(request.backends);
    return is_asked ? asked_place : std::ssize(request.backends) + place_in(kBackendOrder, backend);
}

std::int64_t precision_place(std::optional<Precision> precision) {
    if (!precision) return 3;
    switch (*precision) {
        case Precision::fp32: return 0;
        case Precision::fp16: return 1;
        case Precision::bf16: return 2;
        case Precision::int8: return 4;
    }
    return 4;
}

/// Where one precision is asked for, what was compiled in it stands with those that are still to be converted to it.
std::int64_t stored_precision_place(const formats::Package& package, const LoadOptions& request) {
    return package.compiled && request.precision ? 0 : precision_place(package.quantization);
}

/// Only who asks for the fastest lets the precision decide before the backend.
std::int64_t computed_precision_place(const Candidate& candidate, const LoadOptions& request) {
    if (request.precision != RequestedPrecision::fastest) return 0;
    switch (candidate.precision.value_or(Precision::fp32)) {
        case Precision::bf16: return 0;
        case Precision::fp16: return 1;
        default: return 2;
    }
}

/// One that was compiled for several images per run would compute them all for a single one.
bool is_compiled_for(const formats::Package& package, const LoadOptions& request) {
    return package.compiled && (package.batch.min == 1 || request.batch_size);
}

bool is_fixed(const BatchRule& batch) {
    return batch.max == batch.min;
}

/// Older versions first, and last what states none.
std::int64_t version_place(std::string_view text) {
    constexpr std::uint32_t kLargestPart = 0x7FFF;
    const std::optional<VersionNumber> version = parse_version_number(text);
    if (!version) return std::numeric_limits<std::int64_t>::max();
    std::int64_t place = 0;
    for (const std::uint32_t part : version->parts) place = place * (kLargestPart + 1) + std::min(part, kLargestPart);
    return place;
}

/// How many of the execution providers that this machine has a package excludes.
std::int64_t excluded_providers(const Candidate& candidate, const formats::Package& package,
                                const RuntimeDescription& machine) {
    if (!candidate.engine || !package.onnx) return 0;
    const std::vector<std::string>& here = machine.engine(*candidate.engine).execution_providers;
    return std::ranges::count_if(here, [&](const std::string& provider) {
        const std::vector<std::string>& excluded = package.onnx->incompatible_providers;
        return std::ranges::find(excluded, provider) != excluded.end();
    });
}

std::int64_t batch_range_place(const formats::Package& package) {
    const bool has_range = package.format == PackageFormat::trt_engine && package.batch.max;
    return has_range ? package.batch.min - *package.batch.max : 0;
}

std::int64_t fused_nms_place(const formats::Package& package, const LoadOptions& request) {
    constexpr double kSteps = 1e6;
    if (!package.fused_nms || !request.nms_fusion_preferences) return 0;
    return -std::llround(nearness(*package.fused_nms, *request.nms_fusion_preferences) * kSteps);
}

bool is_for_gpu_of(const Candidate& candidate, const TensorRtFacts& engine, const RuntimeDescription& machine) {
    return candidate.device.index < machine.gpus.size() &&
           made_on_this_gpu(engine, machine.gpus[candidate.device.index]);
}

constexpr std::int64_t first_if(bool condition) {
    return condition ? 0 : 1;
}

/// The criteria that look at what an engine was made on.
std::int64_t engine_place(Criterion criterion, const Candidate& candidate, const TensorRtFacts& engine,
                          const RuntimeDescription& machine) {
    switch (criterion) {
        case Criterion::version_bound: return first_if(!engine.forward_compatible);
        case Criterion::gpu_bound: return first_if(!engine.same_compute_capability_compatible);
        case Criterion::gpu_name: return first_if(is_for_gpu_of(candidate, engine, machine));
        case Criterion::cuda_version: return version_place(engine.cuda_version);
        case Criterion::tensorrt_version: return version_place(engine.tensorrt_version);
        case Criterion::lean_runtime: return first_if(!engine.lean_runtime_excluded);
        case Criterion::jetson_module: return first_if(made_on_this_jetson_module(engine, machine));
        case Criterion::os_version: return first_if(made_on_this_os(engine, machine));
        case Criterion::l4t_version: return first_if(made_on_this_l4t(engine, machine));
        case Criterion::driver_version: return first_if(made_on_this_driver(engine, machine));
        default: return 0;
    }
}

std::int64_t place(Criterion criterion, const Candidate& candidate, const formats::Package& package,
                   const Question& question) {
    switch (criterion) {
        case Criterion::device: return first_if(candidate.device.kind == DeviceKind::cuda);
        case Criterion::computed_precision: return computed_precision_place(candidate, question.request);
        case Criterion::compiled: return first_if(is_compiled_for(package, question.request));
        case Criterion::backend: return backend_place(candidate.backend, question.request);
        case Criterion::precision: return stored_precision_place(package, question.request);
        case Criterion::trust: return first_if(package.trusted_source);
        case Criterion::batch_kind: return first_if(!is_fixed(package.batch));
        case Criterion::fixed_batch: return is_fixed(package.batch) ? package.batch.min : 0;
        case Criterion::opset: return package.onnx ? -package.onnx->opset : 0;
        case Criterion::excluded_providers: return excluded_providers(candidate, package, question.machine);
        case Criterion::batch_range: return batch_range_place(package);
        case Criterion::fused_nms: return fused_nms_place(package, question.request);
        default:
            return engine_place(criterion, candidate, package.tensorrt.value_or(TensorRtFacts{}), question.machine);
    }
}

std::string explain(Criterion criterion, const LoadOptions& request) {
    switch (criterion) {
        case Criterion::device: return "a GPU comes before a CPU";
        case Criterion::computed_precision: return "precision=fastest: bf16 comes before fp16, fp32";
        case Criterion::compiled: return "a package that was compiled for this machine comes first";
        case Criterion::backend: return fmt::format("later in {}", order_for_people(request));
        case Criterion::precision: return "fp32 comes before fp16, bf16, an unknown precision and int8";
        case Criterion::trust: return "a package that its provider vouches for comes first";
        case Criterion::batch_kind: return "a dynamic batch comes before a fixed one";
        case Criterion::fixed_batch: return "a smaller fixed batch comes first";
        case Criterion::opset: return "a newer operator set comes first";
        case Criterion::version_bound: return "an engine for one TensorRT version comes before one for newer ones too";
        case Criterion::gpu_bound:
            return "an engine for one kind of GPU comes before one for all of its compute capability";
        case Criterion::gpu_name: return "an engine that was made on a GPU like this one comes first";
        case Criterion::cuda_version: return "an engine that was made with an older CUDA comes first";
        case Criterion::tensorrt_version: return "an engine that was made by an older TensorRT comes first";
        case Criterion::excluded_providers:
            return "a package that excludes fewer of the execution providers here comes first";
        case Criterion::batch_range: return "a wider range of batch sizes comes first";
        case Criterion::fused_nms: return "NMS in the network that is nearer to nms_fusion_preferences comes first";
        case Criterion::lean_runtime: return "an engine with its lean runtime comes first";
        case Criterion::jetson_module: return "an engine that was made on this Jetson module comes first";
        case Criterion::os_version: return "an engine that was made on this operating system comes first";
        case Criterion::l4t_version: return "an engine that was made with this version of L4T comes first";
        case Criterion::driver_version: return "an engine that was made with this NVIDIA driver comes first";
    }
    return {};
}

}  // namespace

Rank rank_of(const Candidate& candidate, const formats::Package& package, const Question& question) {
    Rank rank;
    rank.group = group_of(candidate, question.machine);
    std::ranges::transform(criteria_of(question.request), rank.criteria.begin(),
                           [&](Criterion criterion) { return place(criterion, candidate, package, question); });
    rank.package_id = candidate.package_id;
    rank.engine = candidate.engine.value_or(Engine::onnxruntime);
    rank.device_index = candidate.device.index;
    rank.backend = candidate.backend;
    rank.path = package.path.string();
    return rank;
}

std::string why_first(const Candidate& chosen, const LoadOptions& request) {
    if (request.backends.size() == 1) return fmt::format("backend={} as asked", to_string(chosen.backend));
    return fmt::format("first of {} that can run here{}", order_for_people(request),
                       chosen.device.kind == DeviceKind::cuda ? " on a GPU" : "");
}

std::string why_behind(const Rank& behind, const Rank& chosen, const LoadOptions& request) {
    const auto [decisive, unused] = std::ranges::mismatch(behind.criteria, chosen.criteria);
    if (decisive == behind.criteria.end()) return "packages that are alike go by their names";
    return explain(criteria_of(request)[static_cast<std::size_t>(decisive - behind.criteria.begin())], request);
}

}  // namespace inference_models::selection
