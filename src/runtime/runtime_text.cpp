#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <inference_models/runtime_description.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/printable.hpp"

namespace inference_models {
namespace {

using Row = std::vector<std::string>;

/// A line for each row, its columns wide enough for their longest text, the last one as it comes. Names come from
/// files: nothing in them may steer a terminal.
std::vector<std::string> aligned(std::vector<Row> rows) {
    for (Row& row : rows) std::ranges::transform(row, row.begin(), printable);
    std::vector<std::size_t> widths;
    for (const Row& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::vector<std::string> lines;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("  {:<{}}", row[i], widths[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        lines.push_back(line + '\n');
    }
    return lines;
}

std::string section(std::string_view title, std::vector<Row> rows) {
    return fmt::format("{}\n{}", title, fmt::join(aligned(std::move(rows)), ""));
}

std::string gibibytes(std::uint64_t bytes) {
    return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / static_cast<double>(std::uint64_t{1} << 30U));
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

std::string cores(const CpuDescription& cpu) {
    std::string text = fmt::format("{} online, {} by affinity", cpu.cores, cpu.cores_by_affinity);
    if (cpu.cores_by_cgroup) text += fmt::format(", {:.4g} by control group", *cpu.cores_by_cgroup);
    return fmt::format("{}: {} thread{}", text, cpu.threads, cpu.threads == 1 ? "" : "s");
}

std::string memory(const MemoryDescription& memory) {
    std::string text =
        fmt::format("{}, {} available", gibibytes(memory.total_bytes), gibibytes(memory.available_bytes));
    if (memory.cgroup_limit_bytes) text += fmt::format(", {} by control group", gibibytes(*memory.cgroup_limit_bytes));
    return text;
}

std::string gpu(const GpuDescription& gpu) {
    std::string text = or_dash(gpu.name);
    if (!gpu.compute_capability.empty()) text += fmt::format(", compute capability {}", gpu.compute_capability);
    if (gpu.memory_bytes > 0) text += fmt::format(", {}", gibibytes(gpu.memory_bytes));
    return text;
}

std::string machine_section(const RuntimeDescription& machine) {
    std::vector<Row> rows{{"product", "inference_models " + machine.product_version},
                          {"system", fmt::format("{}, kernel {}, {}", or_dash(machine.os), or_dash(machine.kernel),
                                                 or_dash(machine.libc))},
                          {"processor", fmt::format("{} ({})", or_dash(machine.cpu.model), machine.cpu.architecture)},
                          {"instructions", or_dash(fmt::format("{}", fmt::join(machine.cpu.instruction_sets, " ")))},
                          {"cores", cores(machine.cpu)},
                          {"memory", memory(machine.memory)}};
    if (machine.jetson) {
        rows.push_back({"jetson", fmt::format("{}, L4T {}", or_dash(machine.jetson->module),
                                              or_dash(machine.jetson->l4t_version))});
    }
    for (std::size_t i = 0; i < machine.gpus.size(); ++i)
        rows.push_back({fmt::format("gpu {}", i), gpu(machine.gpus[i])});
    if (machine.gpus.empty()) rows.push_back({"gpu", "none"});
    return section("Machine", std::move(rows));
}

std::string detail(std::string_view text) {
    return text.empty() ? std::string{} : fmt::format("      {}\n", printable(text));
}

std::string adapter_word(const EngineRuntime& runtime) {
    if (!runtime.adapter.empty()) return "yes";
    return runtime.adapter_compiler.empty() ? "no" : "on first use";
}

/// A table, and below each of its rows where the library lies, or why there is none and what to do about it.
std::string engine_section(const RuntimeDescription& machine) {
    std::vector<Row> rows{{"engine", "state", "version", "cuda", "adapter"}};
    for (const EngineRuntime& runtime : machine.engines) {
        rows.push_back({std::string(display_name(runtime.engine)), runtime.installed ? "installed" : "missing",
                        or_dash(runtime.version), or_dash(runtime.cuda_version), adapter_word(runtime)});
    }
    const std::vector<std::string> lines = aligned(std::move(rows));
    std::string text = "Engines\n" + lines.front();
    for (std::size_t i = 0; i < machine.engines.size(); ++i) {
        const EngineRuntime& runtime = machine.engines[i];
        text += lines[i + 1];
        if (runtime.installed) text += detail(runtime.library.string());
        text += detail(runtime.why_not);
        text += detail(runtime.remedy);
        if (runtime.execution_providers.empty()) continue;
        text += detail(fmt::format("with {}", fmt::join(runtime.execution_providers, ", ")));
    }
    return text;
}

std::string cuda_section(const CudaDescription& cuda) {
    const std::string newest = cuda.driver_cuda_version.empty() ? "" : ", runs CUDA " + cuda.driver_cuda_version;
    std::vector<Row> rows{{"driver", cuda.driver_version.empty() ? "none" : cuda.driver_version + newest}};
    for (const CudaRuntime& runtime : cuda.runtimes) {
        rows.push_back({"runtime", fmt::format("{} {}", or_dash(runtime.version), runtime.library.string())});
    }
    if (cuda.runtimes.empty()) rows.push_back({"runtime", "none"});
    return section("CUDA", std::move(rows));
}

/// A line says what is there; below it, where something is missing, the command stands ready to be copied.
std::string extra_section(const std::vector<Extra>& extras) {
    std::vector<Row> rows;
    for (const Extra& extra : extras) {
        rows.push_back({extra.name, extra.satisfied ? "yes" : "no", extra.reason});
        if (!extra.satisfied) rows.push_back({"", "", extra.command});
    }
    return section("Extras", std::move(rows));
}

std::string note_section(const std::vector<std::string>& notes) {
    std::string text;
    for (const std::string& note : notes) text += fmt::format("\nNote: {}\n", printable(note));
    return text;
}

}  // namespace

std::string to_text(const RuntimeDescription& description) {
    return machine_section(description) + '\n' + engine_section(description) + '\n' + cuda_section(description.cuda) +
           '\n' + extra_section(description.extras) + note_section(description.notes);
}

}  // namespace inference_models
