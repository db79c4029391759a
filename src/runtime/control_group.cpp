#include "runtime/control_group.hpp"

#include <charconv>
#include <climits>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/files.hpp"

namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;

/// Version 1 writes "no limit" as the largest multiple of the page size in 63 bits; no machine has this much.
constexpr std::uint64_t kUnlimitedBytes = std::uint64_t{1} << 60U;

std::optional<std::uint64_t> number(std::string_view text) {
    text = trimmed(text);
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;  // `max`, `-1`
    return value;
}

template <class Value>
void tighten(std::optional<Value>& limit, std::optional<Value> other) {
    if (other && (!limit || *other < *limit)) limit = other;
}

std::optional<double> quota(std::string_view microseconds, std::string_view period) {
    const auto allowed = number(microseconds);
    const auto per = number(period);
    if (!allowed || !per || *allowed == 0 || *per == 0) return std::nullopt;
    return static_cast<double>(*allowed) / static_cast<double>(*per);
}

std::optional<std::uint64_t> memory(std::string_view text) {
    const auto bytes = number(text);
    return bytes && *bytes > 0 && *bytes < kUnlimitedBytes ? bytes : std::nullopt;
}

void tighten_by_group(ControlGroupLimits& limits, const fs::path& group) {
    const std::string cpu_max = read_text(group / "cpu.max");  // `150000 100000` or `max 100000`
    const auto parts = split(cpu_max, " \n");
    if (parts.size() == 2) tighten(limits.cores, quota(parts[0], parts[1]));
    tighten(limits.memory_bytes, memory(read_text(group / "memory.max")));

    tighten(limits.cores, quota(read_text(group / "cpu.cfs_quota_us"), read_text(group / "cpu.cfs_period_us")));
    tighten(limits.memory_bytes, memory(read_text(group / "memory.limit_in_bytes")));
}

/// A group and those above it. In a container the path may be the host's, so that only the mount itself, which then
/// is the container's own group, exists: it always is the last.
std::vector<fs::path> groups_from(const fs::path& mount, std::string_view path) {
    constexpr std::size_t kDeepest = 64;
    std::vector<fs::path> groups{mount};
    for (const std::string_view part : split(path.substr(0, PATH_MAX), "/")) {
        if (part == ".." || groups.size() > kDeepest) return {mount};  // `..`: outside of the namespace that we see
        groups.push_back(groups.back() / part);
    }
    return groups;
}

/// The directories below which a hierarchy of this kind is mounted.
std::vector<fs::path> mounts_of(std::string_view controllers) {
    const fs::path all = "sys/fs/cgroup";
    if (controllers.empty()) return {all, all / "unified"};
    std::vector<fs::path> mounts{all / controllers};  // `cpu,cpuacct` is mounted under this name
    for (const std::string_view controller : split(controllers, ",")) mounts.push_back(all / controller);
    return mounts;
}

}  // namespace

ControlGroupLimits control_group_limits(const fs::path& root) {
    ControlGroupLimits limits;
    const std::string memberships = read_text(root / "proc/self/cgroup");
    for (const std::string_view line : lines_of(memberships)) {  // `4:cpu,cpuacct:/path`; version 2 is `0::/path`
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first == std::string_view::npos ? first : first + 1);
        if (second == std::string_view::npos) continue;
        for (const fs::path& mount : mounts_of(line.substr(first + 1, second - first - 1))) {
            for (const fs::path& group : groups_from(root / mount, line.substr(second + 1))) {
                tighten_by_group(limits, group);
            }
        }
    }
    return limits;
}

}  // namespace inference_models::runtime
