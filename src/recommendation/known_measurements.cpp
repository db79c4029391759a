#include "recommendation/known_measurements.hpp"

#include <algorithm>
#include <array>

namespace inference_models::recommendation {
namespace {

/// ONNX Runtime 1.22, OpenVINO 2025, PyTorch 2.13 on a virtual machine with two cores.
constexpr std::array kXeonWithAmx{
    KnownFigure{Engine::onnxruntime, Precision::fp32, 46.9}, KnownFigure{Engine::openvino, Precision::fp32, 38.2},
    KnownFigure{Engine::torch, Precision::fp32, 47.5},       KnownFigure{Engine::openvino, Precision::bf16, 16.1},
    KnownFigure{Engine::torch, Precision::bf16, 24.1},
};

/// ONNX Runtime 1.32.0, OpenVINO 2026.4.1, PyTorch 2.13.0 on a virtual machine with two cores.
constexpr std::array kZen5{
    KnownFigure{Engine::onnxruntime, Precision::fp32, 25.9}, KnownFigure{Engine::openvino, Precision::fp32, 24.8},
    KnownFigure{Engine::torch, Precision::fp32, 26.4},       KnownFigure{Engine::openvino, Precision::bf16, 14.6},
    KnownFigure{Engine::torch, Precision::bf16, 21.1},
};

constexpr std::array kMachines{
    KnownMachine{"an Intel Xeon with AMX", "amx_bf16", "", kXeonWithAmx},
    KnownMachine{"an AMD EPYC (Zen 5)", "avx512_bf16", "amx_bf16", kZen5},
};

}  // namespace

std::optional<double> KnownMachine::latency_ms(Engine engine, Precision precision) const {
    const auto known = std::ranges::find_if(
        figures, [&](const KnownFigure& each) { return each.engine == engine && each.precision == precision; });
    return known == figures.end() ? std::nullopt : std::optional(known->latency_ms);
}

const KnownMachine* machine_like(const CpuDescription& cpu) {
    const auto has = [&](std::string_view set) {
        return std::ranges::find(cpu.instruction_sets, set) != cpu.instruction_sets.end();
    };
    const auto* const like = std::ranges::find_if(kMachines, [&](const KnownMachine& machine) {
        return has(machine.has) && (machine.has_not.empty() || !has(machine.has_not));
    });
    return like == kMachines.end() ? nullptr : like;
}

}  // namespace inference_models::recommendation
