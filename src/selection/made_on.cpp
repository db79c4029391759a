#include "selection/made_on.hpp"

#include "common/version_number.hpp"

#include <string_view>

namespace inference_models::selection {
namespace {

bool continues_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// A machine tells more than a package: `ubuntu-22.04` is `Ubuntu 22.04.5 LTS`, and `ubuntu-2` is not.
bool begins_with(const std::string& full_name, const std::string& stated) {
    const std::string name = normalised(full_name);
    const std::string start = normalised(stated);
    return !start.empty() && name.starts_with(start) &&
           (name.size() == start.size() || !continues_word(name[start.size()]));
}

}  // namespace

std::string normalised(std::string name) {
    for (char& c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c == ' ') c = '-';
    }
    return name;
}

bool made_on_this_gpu(const TensorRtFacts& engine, const GpuDescription& gpu) {
    return !engine.device_name.empty() && normalised(engine.device_name) == normalised(gpu.name);
}

bool made_on_this_jetson_module(const TensorRtFacts& engine, const RuntimeDescription& machine) {
    return machine.jetson && begins_with(machine.jetson->module, engine.jetson_module);
}

bool made_on_this_os(const TensorRtFacts& engine, const RuntimeDescription& machine) {
    return begins_with(machine.os, engine.os_version);
}

bool made_on_this_l4t(const TensorRtFacts& engine, const RuntimeDescription& machine) {
    return machine.jetson && engine.jetson_l4t_version &&
           compare_stated_parts(machine.jetson->l4t_version, *engine.jetson_l4t_version) == 0;
}

bool made_on_this_driver(const TensorRtFacts& engine, const RuntimeDescription& machine) {
    return compare_stated_parts(machine.cuda.driver_version, engine.driver_version) == 0;
}

}  // namespace inference_models::selection
