#include "selection/ranking.hpp"

#include "selection/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace inference_models::selection {
namespace {

/// What decides between two candidates of one status.
enum class Criterion { device, backend, precision, batch_kind, fixed_batch, opset };

using Criteria = std::array<Criterion, Rank::kCriteria>;

/// A GPU is the faster machine, so it comes before the backend's order; but the order that a caller gives comes before
/// everything.
constexpr Criteria kOwnOrder{Criterion::device,     Criterion::backend,     Criterion::precision,
                             Criterion::batch_kind, Criterion::fixed_batch, Criterion::opset};
constexpr Criteria kAskedOrder{Criterion::backend,    Criterion::device,      Criterion::precision,
                               Criterion::batch_kind, Criterion::fixed_batch, Criterion::opset};

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

bool is_fixed(const BatchRule& batch) {
    return batch.max == batch.min;
}

std::int64_t place(Criterion criterion, const Candidate& candidate, const formats::Package& package,
                   const LoadOptions& request) {
    switch (criterion) {
        case Criterion::device: return candidate.device.kind == DeviceKind::cuda ? 0 : 1;
        case Criterion::backend: return backend_place(candidate.backend, request);
        case Criterion::precision: return precision_place(package.quantization);
        case Criterion::batch_kind: return is_fixed(package.batch) ? 1 : 0;
        case Criterion::fixed_batch: return is_fixed(package.batch) ? package.batch.min : 0;
        case Criterion::opset: return package.onnx ? -package.onnx->opset : 0;
    }
    return 0;
}

std::string explain(Criterion criterion, const LoadOptions& request) {
    switch (criterion) {
        case Criterion::device: return "a GPU comes before a CPU";
        case Criterion::backend: return fmt::format("later in {}", order_for_people(request));
        case Criterion::precision: return "fp32 comes before fp16, bf16, an unknown precision and int8";
        case Criterion::batch_kind: return "a dynamic batch comes before a fixed one";
        case Criterion::fixed_batch: return "a smaller fixed batch comes first";
        case Criterion::opset: return "a newer operator set comes first";
    }
    return {};
}

}  // namespace

Rank rank_of(const Candidate& candidate, const formats::Package& package, const Question& question) {
    Rank rank;
    rank.group = group_of(candidate, question.machine);
    std::ranges::transform(criteria_of(question.request), rank.criteria.begin(),
                           [&](Criterion criterion) { return place(criterion, candidate, package, question.request); });
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
