#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace inference_models::runtime {

/// What the control groups of this process allow it; none where unlimited.
struct ControlGroupLimits {
    std::optional<double> cores;  ///< CPU quota over period
    std::optional<std::uint64_t> memory_bytes;
};

/// Reads version 1 and 2, the process's own group and every group above it: the tightest one holds.
[[nodiscard]] ControlGroupLimits control_group_limits(const std::filesystem::path& root);

}  // namespace inference_models::runtime
