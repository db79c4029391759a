#pragma once

#include <cstdint>
#include <optional>

#include "runtime/describe.hpp"

namespace inference_models::runtime {

[[nodiscard]] CpuDescription describe_cpu(const Surroundings& surroundings, std::optional<double> cores_by_cgroup);

/// How many threads engines are given by default: no more than the process may use at once. Half a core more in the
/// quota does not carry another thread; it would be stopped half of the time, and the others would wait for it.
[[nodiscard]] std::uint32_t thread_budget(std::uint32_t cores_by_affinity,
                                          std::optional<double> cores_by_cgroup) noexcept;

}  // namespace inference_models::runtime
