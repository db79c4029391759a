#include "runtime/jetson.hpp"

#include <array>
#include <string_view>

#include "common/version_number.hpp"
#include "runtime/debian_packages.hpp"
#include "runtime/files.hpp"

namespace inference_models::runtime {
namespace {

using std::string_view;

/// `36.4.3` for `# R36 (release), REVISION: 4.3, GCID: ...`.
std::string l4t_of_release_file(string_view text) {
    constexpr string_view kRelease = "# R";
    constexpr string_view kRevision = "REVISION: ";
    const std::size_t revision = text.find(kRevision);
    if (!text.starts_with(kRelease) || revision == string_view::npos) return {};
    const string_view major = text.substr(kRelease.size(), text.find(' ', kRelease.size()) - kRelease.size());
    const string_view rest = text.substr(revision + kRevision.size());
    const string_view minor = rest.substr(0, rest.find_first_of(", \n"));
    if (!parse_version_number(major) || !parse_version_number(minor)) return {};
    return std::string(major) + '.' + std::string(minor);
}

std::string l4t_version(const std::filesystem::path& root) {
    if (std::string version = l4t_of_release_file(read_text(root / "etc/nv_tegra_release")); !version.empty())
        return version;
    const std::string package = debian_package_version(root, "nvidia-l4t-core");  // `36.4.3-20250107174145`
    return package.substr(0, package.find('-'));
}

struct Chip {
    string_view name;
    string_view compute_capability;
};

/// By the word in the module's name; `Nano` stands last since there is an Orin Nano too.
constexpr std::array<Chip, 5> kChips{
    {{"Thor", "11.0"}, {"Orin", "8.7"}, {"Xavier", "7.2"}, {"TX2", "6.2"}, {"Nano", "5.3"}}};

}  // namespace

std::optional<JetsonDescription> find_jetson(const std::filesystem::path& root) {
    const std::string text = read_text(root / "proc/device-tree/model");
    const string_view model = trimmed(text);
    const bool is_tegra = read_text(root / "proc/device-tree/compatible").find("nvidia,tegra") != std::string::npos;
    if (!is_tegra && model.find("Jetson") == string_view::npos && !file_exists(root / "etc/nv_tegra_release")) {
        return std::nullopt;
    }
    return JetsonDescription{std::string(model), l4t_version(root)};
}

GpuDescription integrated_gpu(const JetsonDescription& jetson, const MemoryDescription& memory) {
    for (const Chip& chip : kChips) {
        if (jetson.module.find(chip.name) == std::string::npos) continue;
        return {std::string(chip.name) + " (integrated)", std::string(chip.compute_capability), memory.total_bytes};
    }
    return {"Tegra (integrated)", {}, memory.total_bytes};
}

}  // namespace inference_models::runtime
