#include "recommendation/known_measurements.hpp"

#include <algorithm>
#include <array>

namespace inference_models::recommendation {
namespace {

/// Of a pilot of these adapters in C++, on a virtual machine with two cores; the versions were not recorded.
constexpr std::array kXeonWithAmx{
    KnownFigure{Engine::onnxruntime, Precision::fp32, 46.9}, KnownFigure{Engine::openvino, Precision::fp32, 38.2},
    KnownFigure{Engine::torch, Precision::fp32, 47.5},       KnownFigure{Engine::openvino, Precision::bf16, 16.1},
    KnownFigure{Engine::torch, Precision::bf16, 24.1},
};

/// `make bench` with ONNX Runtime 1.32.0, OpenVINO 2026.4.1, PyTorch 2.13.0 on a virtual machine with two cores.
constexpr std::array kZen5{
    KnownFigure{Engine::onnxruntime, Precision::fp32, 25.8}, KnownFigure{Engine::openvino, Precision::fp32, 22.9},
    KnownFigure{Engine::torch, Precision::fp32, 27.5},       KnownFigure{Engine::openvino, Precision::bf16, 12.7},
    KnownFigure{Engine::torch, Precision::bf16, 24.5},
};

constexpr std::array<std::string_view, 1> kAmx{"amx_bf16"};
/// Zen 4 and Cooper Lake lack the second.
constexpr std::array<std::string_view, 2> kZen5Has{"avx512_bf16", "avx_vnni"};

constexpr std::array kMachines{
    KnownMachine{"an Intel Xeon with AMX", kAmx, {}, kXeonWithAmx},
    KnownMachine{"an AMD EPYC (Zen 5)", kZen5Has, kAmx, kZen5},
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
        return std::ranges::all_of(machine.has, has) && std::ranges::none_of(machine.has_not, has);
    });
    return like == kMachines.end() ? nullptr : like;
}

}  // namespace inference_models::recommendation
