#pragma once

#include "engines/engine_catalog.hpp"
#include "selection/selection.hpp"

#include <string>
#include <vector>

/// The rules that decide whether a package can run in an engine on a device. Each looks at one thing.
namespace inference_models::selection {

/// What is the same for every candidate.
struct Question {
    const RuntimeDescription& machine;
    const LoadOptions& request;
    std::span<const SupportedFamily> families;
};

/// A package in an engine on a device: all that the rules look at.
struct Trial {
    const Question& question;
    const formats::Package& package;
    BackendType backend = BackendType::onnx;
    const engines::EngineTraits& traits;
    const EngineRuntime& runtime;
    Device device;
};

/// What a rule, or all of them together, say of a candidate. `usable` from a rule is a remark: nothing stands in the
/// way, but people should know.
struct Verdict {
    CandidateStatus status = CandidateStatus::usable;
    std::string reason;
    std::string remedy;  ///< what a user can do about it, complete; empty where nothing helps
};

[[nodiscard]] Verdict judge(const Trial& trial);

/// The precision that the request leads to; that the candidate cannot compute in it is a rule's word.
[[nodiscard]] Precision planned_precision(const Trial& trial);

/// For a package whose format no engine opens as it is: a checkpoint.
[[nodiscard]] Verdict judge_unopened(const formats::Package& package, const Question& question);

/// How many devices the name `cuda:N` can mean here.
[[nodiscard]] std::size_t gpu_count(const RuntimeDescription& machine) noexcept;

[[nodiscard]] bool runs_on(const engines::EngineTraits& traits, DeviceKind kind) noexcept;

}  // namespace inference_models::selection
