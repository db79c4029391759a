#include "hub/figures/figures_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <inference_models/error.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "common/log.hpp"
#include "hub/cache/cache_layout.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/file_lock.hpp"
#include "hub/figures/figures_file.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using selection::Figures;

bool wait() {
    return true;
}

std::string gpu_of(Device device, const RuntimeDescription& machine) {
    const bool is_known = device.kind == DeviceKind::cuda && device.index < machine.gpus.size();
    return is_known ? machine.gpus[device.index].name : std::string();
}

json providers_of(Engine engine, const LoadOptions& request) {
    json providers = json::array();
    if (engine != Engine::onnxruntime) return providers;
    for (const ExecutionProvider& each : request.onnx_execution_providers) {
        providers.push_back({each.name, each.options});
    }
    return providers;
}

/// The package's own size follows from its files.
json size_of(const formats::Package& package, const LoadOptions& request) {
    std::optional<ImageSize> size = request.image_size;
    if (!size && package.sizes) size = package.sizes->own;
    return size ? json{size->height, size->width} : json();
}

/// All that figures hold for beside the package, the engine, the device and the precision, as one line of JSON.
std::string setting_of(const formats::Package& package, Engine engine, Device device, const RuntimeDescription& machine,
                       const LoadOptions& request) {
    const CpuDescription& cpu = machine.cpu;
    const json setting{
        {"product_version", machine.product_version},
        {"runtime_version", machine.engine(engine).version},
        {"cpu", cpu.model},
        {"architecture", cpu.architecture},
        {"instruction_sets", cpu.instruction_sets},
        {"gpu", gpu_of(device, machine)},
        {"threads", std::min(request.threads.value_or(cpu.threads), cpu.threads)},
        {"network_size", size_of(package, request)},
        {"rect", request.rect},
        {"batch_size", request.batch_size ? json{request.batch_size->min, request.batch_size->max} : json()},
        {"onnx_execution_providers", providers_of(engine, request)}};
    return setting.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Whether two records are of the same candidate in the same setting.
bool is_same(const FiguresRecord& a, const FiguresRecord& b) {
    return a.package == b.package && a.figures.engine == b.figures.engine && a.figures.device == b.figures.device &&
           a.figures.precision == b.figures.precision && a.setting == b.setting;
}

/// What was proven of the same files in the same setting stays proven where images show nothing; the times are newer.
/// What could not be run then, and can be now, was not proven to be wrong.
void keep_proof(const FiguresRecord& known, FiguresRecord& record) {
    const bool shows_nothing = record.figures.verdict == AgreementVerdict::proves_nothing;
    if (!shows_nothing || known.figures.latency_ms <= 0) return;
    record.figures.verdict = known.figures.verdict;
    record.figures.shortfall = known.figures.shortfall;
}

/// Whose figures are newer stays.
void add(std::vector<FiguresRecord>& records, FiguresRecord record) {
    const auto known = std::ranges::find_if(records, [&](const FiguresRecord& each) { return is_same(each, record); });
    if (known == records.end()) {
        records.push_back(std::move(record));
    } else if (known->figures.measured_at <= record.figures.measured_at) {
        keep_proof(*known, record);
        *known = std::move(record);
    }
}

/// A file that makes no sense is told of, and then as good as none.
std::vector<FiguresRecord> records_in(const fs::path& path) {
    if (!facts_of(path)) return {};
    try {
        return read_figures_file(path);
    } catch (const Error& error) {
        log::message(LogLevel::warning,
                     "What was measured here is not used: {}. `inference-models tune` measures anew.", error.message());
        return {};
    }
}

const MeasuredPackage& package_of(std::span<const MeasuredPackage> packages, const std::string& id) {
    const auto found = std::ranges::find(packages, id, [](const MeasuredPackage& each) { return each.package.id; });
    if (found != packages.end()) return *found;
    throw Error(ErrorKind::invalid_argument, id, fmt::format("{} is none of the packages that were measured", id),
                "Identify it before it is measured.");
}

/// What was read of packages is remembered where that is possible without waiting: else it is read again.
void keep_hashes(const CacheLayout& cache, const FileHashes& learned) {
    const FiguresLayout layout = cache.figures();
    try {
        const auto store = FileLock::try_take(cache.lock(), FileLock::Kind::shared);
        const auto lock = store ? FileLock::try_take(layout.lock(), FileLock::Kind::exclusive) : std::nullopt;
        if (!lock) return;
        FileHashes all = FileHashes::read(layout.hashes());
        all.add(learned);
        all.write(layout.hashes());
    } catch (const Error& error) {
        log::message(LogLevel::debug, "Hashes of packages are not kept: {}", error.message());
    }
}

struct Digested {
    const formats::Package* package = nullptr;
    std::string digest;
};

/// Those of which something may have been measured.
std::vector<Digested> digests_of(const CacheLayout& cache, std::span<const formats::Package> packages) {
    const FileHashes known = FileHashes::read(cache.figures().hashes());
    FileHashes learned;
    std::vector<Digested> digested;
    for (const formats::Package& package : packages) {
        if (package.problem || package.weights.empty() || !may_be_known(package, known)) continue;
        try {
            digested.push_back({&package, package_digest(package, known, learned)});
        } catch (const Error& error) {  // whoever loads it says what is wrong with it
            log::message(LogLevel::debug, "No figures are looked for of {}: {}", package.id, error.message());
        }
    }
    if (!learned.empty()) keep_hashes(cache, learned);
    return digested;
}

/// All that was compared with the first of the references that anything was compared with.
std::vector<FiguresRecord> records_of_reference(const CacheLayout& cache, std::span<const Digested> here,
                                                std::span<const std::string> references) {
    for (const std::string& id : references) {
        const auto reference =
            std::ranges::find(here, id, [](const Digested& each) -> const std::string& { return each.package->id; });
        if (reference == here.end()) continue;
        std::vector<FiguresRecord> records = records_in(cache.figures().compared_with(reference->digest));
        if (!records.empty()) return records;
    }
    return {};
}

}  // namespace

MeasuredPackage identify(const formats::Package& package) {
    FileHashes learned;
    std::string digest = package_digest(package, {}, learned);
    return {package, std::move(digest), std::move(learned)};
}

void keep_figures(const fs::path& cache_directory, std::span<const MeasuredPackage> packages,
                  const std::string& reference_id, std::span<const Figures> figures, const RuntimeDescription& machine,
                  const LoadOptions& request) {
    const CacheLayout cache(cache_directory);
    const FiguresLayout layout = cache.figures();
    cache.make(layout.directory());
    const FileLock store = FileLock::take(cache.lock(), FileLock::Kind::shared, wait,
                                          fmt::format("{} is being pruned", cache_directory.string()));
    cache.make(layout.directory());
    const FileLock lock =
        FileLock::take(layout.lock(), FileLock::Kind::exclusive, wait, "another process remembers what it measured");

    const fs::path path = layout.compared_with(package_of(packages, reference_id).digest);
    std::vector<FiguresRecord> records = records_in(path);
    for (const Figures& each : figures) {
        const MeasuredPackage& measured = package_of(packages, each.package_id);
        add(records, {measured.digest, setting_of(measured.package, each.engine, each.device, machine, request), each});
    }
    // Without these nobody looks for figures, so they come first.
    FileHashes hashes = FileHashes::read(layout.hashes());
    for (const MeasuredPackage& each : packages) hashes.add(each.hashes);
    hashes.write(layout.hashes());
    write_figures_file(path, std::move(records));
}

bool has_figures(const fs::path& cache_directory) {
    if (cache_directory.empty()) return false;
    const auto facts = facts_of(CacheLayout(cache_directory).figures().directory());
    return facts && facts->is_directory;
}

std::vector<Figures> find_figures(const fs::path& cache_directory, std::span<const formats::Package> packages,
                                  std::span<const std::string> references, const RuntimeDescription& machine,
                                  const LoadOptions& request) {
    if (!has_figures(cache_directory)) return {};
    const CacheLayout cache(cache_directory);
    const std::vector<Digested> here = digests_of(cache, packages);
    std::vector<Figures> found;
    for (const FiguresRecord& record : records_of_reference(cache, here, references)) {
        const Figures& figures = record.figures;
        for (const auto& [package, digest] : here) {
            const bool is_it = digest == record.package &&
                               setting_of(*package, figures.engine, figures.device, machine, request) == record.setting;
            if (!is_it) continue;
            found.push_back(figures);
            found.back().package_id = package->id;  // the same files may have had another name
        }
    }
    return found;
}

}  // namespace inference_models::hub
