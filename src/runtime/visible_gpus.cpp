#include "runtime/visible_gpus.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>

#include "runtime/files.hpp"

namespace inference_models::runtime {
namespace {

using std::string_view;

constexpr string_view kUuidPrefix = "GPU-";
constexpr string_view kPartPrefix = "MIG-";

/// By its index as the driver counts. CUDA counts the fastest first unless CUDA_DEVICE_ORDER=PCI_BUS_ID, which makes a
/// difference only where the GPUs of a machine are of different kinds.
const InstalledGpu* gpu_of_index(const std::vector<InstalledGpu>& installed, string_view entry) {
    std::size_t index = 0;
    const auto [end, problem] = std::from_chars(entry.data(), entry.data() + entry.size(), index);
    const bool is_index = problem == std::errc{} && end == entry.data() + entry.size();
    return is_index && index < installed.size() ? &installed[index] : nullptr;
}

/// By the beginning of its UUID, which has to fit one GPU alone.
const InstalledGpu* gpu_of_uuid(const std::vector<InstalledGpu>& installed, string_view entry) {
    const auto fits = [&](const InstalledGpu& gpu) { return gpu.uuid.starts_with(entry); };
    const auto found = std::ranges::find_if(installed, fits);
    const bool is_unique = found != installed.end() && std::none_of(std::next(found), installed.end(), fits);
    return is_unique ? &*found : nullptr;
}

bool can_be_resolved(const std::vector<InstalledGpu>& installed, string_view entry) {
    if (entry.starts_with(kPartPrefix)) return false;
    return !entry.starts_with(kUuidPrefix) ||
           std::ranges::none_of(installed, [](const InstalledGpu& gpu) { return gpu.uuid.empty(); });
}

}  // namespace

std::vector<GpuDescription> visible_gpus(const std::vector<InstalledGpu>& installed, const Surroundings& surroundings) {
    // Unlike for other variables, an empty text is an order: none.
    const auto order = surroundings.environment ? surroundings.environment("CUDA_VISIBLE_DEVICES") : std::nullopt;
    std::vector<GpuDescription> all;
    std::ranges::transform(installed, std::back_inserter(all), &InstalledGpu::description);
    if (!order) return all;

    std::vector<const InstalledGpu*> visible;
    for (const string_view part : split(*order, ",")) {
        const string_view entry = trimmed(part);
        if (!can_be_resolved(installed, entry)) return all;
        const InstalledGpu* const gpu =
            entry.starts_with(kUuidPrefix) ? gpu_of_uuid(installed, entry) : gpu_of_index(installed, entry);
        if (gpu == nullptr) break;
        if (std::ranges::find(visible, gpu) != visible.end()) return {};  // CUDA shows none where one is named twice
        visible.push_back(gpu);
    }
    std::vector<GpuDescription> descriptions;
    descriptions.reserve(visible.size());
    for (const InstalledGpu* const gpu : visible) descriptions.push_back(gpu->description);
    return descriptions;
}

}  // namespace inference_models::runtime
