#include <inference_models/runtime_description.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace inference_models {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json json_of(const std::optional<Value>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json json_of(const SearchedPlace& place) {
    return {{"origin", place.origin}, {"path", place.path.string()}, {"outcome", place.outcome}};
}

Json json_of(const GpuDescription& gpu) {
    return {{"name", gpu.name}, {"compute_capability", gpu.compute_capability}, {"memory_bytes", gpu.memory_bytes}};
}

Json json_of(const CudaRuntime& runtime) {
    return {{"version", runtime.version}, {"library", runtime.library.string()}};
}

Json json_of(const Extra& extra) {
    return {{"name", extra.name}, {"satisfied", extra.satisfied}, {"reason", extra.reason}, {"command", extra.command}};
}

Json json_of(const EngineRuntime& runtime);

template <class Item>
Json list_of(const std::vector<Item>& items) {
    Json list = Json::array();
    for (const Item& item : items) list.push_back(json_of(item));
    return list;
}

Json json_of(const EngineRuntime& runtime) {
    return {{"engine", to_string(runtime.engine)},
            {"adapter", runtime.adapter.string()},
            {"adapter_compiler", runtime.adapter_compiler.string()},
            {"installed", runtime.installed},
            {"version", runtime.version},
            {"library", runtime.library.string()},
            {"why_not", runtime.why_not},
            {"remedy", runtime.remedy},
            {"execution_providers", Json(runtime.execution_providers)},
            {"cuda_version", runtime.cuda_version},
            {"searched", list_of(runtime.searched)}};
}

Json json_of(const CpuDescription& cpu) {
    return {{"model", cpu.model},
            {"architecture", cpu.architecture},
            {"instruction_sets", Json(cpu.instruction_sets)},
            {"cores", cpu.cores},
            {"cores_by_affinity", cpu.cores_by_affinity},
            {"cores_by_cgroup", json_of(cpu.cores_by_cgroup)},
            {"threads", cpu.threads}};
}

Json json_of(const MemoryDescription& memory) {
    return {{"total_bytes", memory.total_bytes},
            {"available_bytes", memory.available_bytes},
            {"cgroup_limit_bytes", json_of(memory.cgroup_limit_bytes)}};
}

Json json_of(const CudaDescription& cuda) {
    return {{"driver_version", cuda.driver_version},
            {"driver_cuda_version", cuda.driver_cuda_version},
            {"runtimes", list_of(cuda.runtimes)}};
}

Json json_of(const JetsonDescription& jetson) {
    return {{"module", jetson.module}, {"l4t_version", jetson.l4t_version}};
}

}  // namespace

std::string to_json(const RuntimeDescription& machine) {
    const Json document{{"product_version", machine.product_version},
                        {"os", machine.os},
                        {"kernel", machine.kernel},
                        {"libc", machine.libc},
                        {"cpu", json_of(machine.cpu)},
                        {"memory", json_of(machine.memory)},
                        {"gpus", list_of(machine.gpus)},
                        {"cuda", json_of(machine.cuda)},
                        {"jetson", machine.jetson ? json_of(*machine.jetson) : Json(nullptr)},
                        {"engines", list_of(machine.engines)},
                        {"extras", list_of(machine.extras)},
                        {"notes", Json(machine.notes)}};
    // Paths are bytes; those that are not UTF-8 are replaced, since JSON has no other texts.
    return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace inference_models
