#include "common/byte_size.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace inference_models {

std::string told_size(std::uint64_t bytes) {
    if (bytes < 1000) return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
    constexpr std::array<std::string_view, 3> kUnits{"kB", "MB", "GB"};
    constexpr double kStep = 1000;
    constexpr double kRoundsUp = 999.95;  // would be shown as 1000.0
    double size = static_cast<double>(bytes) / kStep;
    std::size_t unit = 0;
    for (; unit + 1 < kUnits.size() && size >= kRoundsUp; ++unit) size /= kStep;
    return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

}  // namespace inference_models
