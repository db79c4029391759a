#include "runtime/cpu.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/files.hpp"

namespace inference_models::runtime {
namespace {

using std::string_view;

constexpr std::uint32_t kMostCores = 65'536;

/// The kernel's names of instruction sets, and ours.
constexpr std::array<std::pair<string_view, string_view>, 24> kInstructionSets{{
    {"sse4_2", "sse4_2"},
    {"avx", "avx"},
    {"avx2", "avx2"},
    {"fma", "fma"},
    {"f16c", "f16c"},
    {"avx512f", "avx512"},
    {"avx512_vnni", "avx512_vnni"},
    {"avx512_bf16", "avx512_bf16"},
    {"avx512_fp16", "avx512_fp16"},
    {"avx_vnni", "avx_vnni"},
    {"avx_vnni_int8", "avx_vnni_int8"},
    {"avx10", "avx10"},
    {"amx_int8", "amx_int8"},
    {"amx_bf16", "amx_bf16"},
    {"amx_fp16", "amx_fp16"},
    {"neon", "neon"},
    {"asimd", "neon"},
    {"asimdhp", "neon_fp16"},
    {"asimddp", "neon_dotprod"},
    {"i8mm", "i8mm"},
    {"bf16", "bf16"},
    {"sve", "sve"},
    {"sve2", "sve2"},
    {"sme", "sme"},
}};

/// ARM's own cores, by `CPU part`: their /proc/cpuinfo has no name.
constexpr std::array<std::pair<string_view, string_view>, 14> kArmCores{{
    {"0xd03", "ARM Cortex-A53"},
    {"0xd05", "ARM Cortex-A55"},
    {"0xd07", "ARM Cortex-A57"},
    {"0xd08", "ARM Cortex-A72"},
    {"0xd0b", "ARM Cortex-A76"},
    {"0xd0c", "ARM Neoverse-N1"},
    {"0xd40", "ARM Neoverse-V1"},
    {"0xd41", "ARM Cortex-A78"},
    {"0xd42", "ARM Cortex-A78AE"},
    {"0xd49", "ARM Neoverse-N2"},
    {"0xd4f", "ARM Neoverse-V2"},
    {"0xd83", "ARM Neoverse-V3AE"},
    {"0xd84", "ARM Neoverse-V3"},
    {"0xd8e", "ARM Neoverse-N3"},
}};

std::string model_of(string_view cpuinfo) {
    if (const string_view name = value_of(cpuinfo, "model name", ':'); !name.empty()) return std::string(name);
    if (value_of(cpuinfo, "CPU implementer", ':') != "0x41") return {};
    const string_view part = value_of(cpuinfo, "CPU part", ':');
    const auto* const row = std::ranges::find(kArmCores, part, &std::pair<string_view, string_view>::first);
    return row == kArmCores.end() ? std::string{} : std::string(row->second);
}

std::vector<std::string> instruction_sets_of(string_view cpuinfo) {
    string_view flags = value_of(cpuinfo, "flags", ':');
    if (flags.empty()) flags = value_of(cpuinfo, "Features", ':');
    const auto present = split(flags, " \t");
    std::vector<std::string> sets;
    for (const auto& [kernel_name, name] : kInstructionSets) {
        if (std::ranges::find(present, kernel_name) != present.end()) sets.emplace_back(name);
    }
    return sets;
}

std::optional<std::uint32_t> core_number(string_view text) {
    std::uint32_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = problem == std::errc{} && end == text.data() + text.size();
    return whole && value < kMostCores ? std::optional{value} : std::nullopt;
}

/// The length of a kernel's list, `0-3,8`; 0 where it is none.
std::uint32_t count_of_list(string_view list) {
    std::uint32_t count = 0;
    for (const string_view range : split(trimmed(list), ",")) {
        const std::size_t dash = range.find('-');
        const auto first = core_number(range.substr(0, dash));
        const auto last = dash == string_view::npos ? first : core_number(range.substr(dash + 1));
        if (!first || !last || *last < *first) return 0;
        count += *last - *first + 1;
    }
    return std::min(count, kMostCores);
}

std::uint32_t online_cores(const std::filesystem::path& root, string_view cpuinfo) {
    if (const std::uint32_t online = count_of_list(read_text(root / "sys/devices/system/cpu/online"))) return online;
    const auto lines = lines_of(cpuinfo);
    const auto processors =
        std::ranges::count_if(lines, [](string_view line) { return line.starts_with("processor"); });
    return static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(processors, kMostCores));
}

}  // namespace

std::uint32_t thread_budget(std::uint32_t cores_by_affinity, std::optional<double> cores_by_cgroup) noexcept {
    double threads = cores_by_affinity;
    if (cores_by_cgroup) threads = std::min(threads, *cores_by_cgroup);
    return std::max(1U, static_cast<std::uint32_t>(threads));
}

CpuDescription describe_cpu(const Surroundings& surroundings, std::optional<double> cores_by_cgroup) {
    const std::string cpuinfo = read_text(surroundings.at("/proc/cpuinfo"));
    CpuDescription cpu;
    cpu.model = model_of(cpuinfo);
    cpu.architecture = surroundings.architecture;
    cpu.instruction_sets = instruction_sets_of(cpuinfo);
    cpu.cores = online_cores(surroundings.root, cpuinfo);
    if (cpu.cores == 0) cpu.cores = std::max(1U, surroundings.cores_by_affinity);
    cpu.cores_by_affinity = surroundings.cores_by_affinity == 0 ? cpu.cores : surroundings.cores_by_affinity;
    cpu.cores_by_cgroup = cores_by_cgroup;
    cpu.threads = thread_budget(cpu.cores_by_affinity, cpu.cores_by_cgroup);
    return cpu;
}

}  // namespace inference_models::runtime
