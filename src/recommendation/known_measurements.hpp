#pragma once

#include <inference_models/runtime_description.hpp>
#include <inference_models/types.hpp>

#include <optional>
#include <span>
#include <string_view>

/// What was measured on other machines, for those who cannot measure it on theirs yet: YOLOv8n with 640x640 pixels and
/// two threads, medians of a prediction end to end.
namespace inference_models::recommendation {

inline constexpr std::string_view kKnownModel = "YOLOv8n at 640x640 with 2 threads";

struct KnownFigure {
    Engine engine;
    Precision precision;
    double latency_ms;
};

struct KnownMachine {
    std::string_view name;                      ///< `an AMD EPYC (Zen 5)`
    std::span<const std::string_view> has;      ///< the instruction sets that machines like it have, all of them
    std::span<const std::string_view> has_not;  ///< and those that they have not
    std::span<const KnownFigure> figures;

    [[nodiscard]] std::optional<double> latency_ms(Engine engine, Precision precision) const;
};

/// The one that is like this machine, as far as its instructions tell; null where none is.
[[nodiscard]] const KnownMachine* machine_like(const CpuDescription& cpu);

}  // namespace inference_models::recommendation
