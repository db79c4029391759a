#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "runtime/fake_machine.hpp"

namespace inference_models::runtime {
namespace {

using ::testing::ElementsAre;
using Json = nlohmann::ordered_json;

std::vector<std::string> keys(const Json& object) {
    std::vector<std::string> names;
    for (const auto& item : object.items()) names.push_back(item.key());
    return names;
}

TEST(RuntimeJson, HasTheMembersUnderTheirNames) {
    const FakeMachine machine;
    machine.add("sys/fs/cgroup/cpu.max", "150000 100000");
    machine.add("proc/driver/nvidia/gpus/0/information", "Model: NVIDIA L4\n");
    machine.add_library("usr/lib/x86_64-linux-gnu/libcudart.so.12.0.146");
    machine.add("proc/device-tree/model", "NVIDIA Jetson Orin");
    const Json json = Json::parse(to_json(machine.description()));
    EXPECT_THAT(keys(json), ElementsAre("product_version", "os", "kernel", "libc", "cpu", "memory", "gpus", "cuda",
                                        "jetson", "engines", "extras", "notes"));
    EXPECT_THAT(keys(json["cpu"]), ElementsAre("model", "architecture", "instruction_sets", "cores",
                                               "cores_by_affinity", "cores_by_cgroup", "threads"));
    EXPECT_THAT(keys(json["memory"]), ElementsAre("total_bytes", "available_bytes", "cgroup_limit_bytes"));
    EXPECT_THAT(keys(json["gpus"][0]), ElementsAre("name", "compute_capability", "memory_bytes"));
    EXPECT_THAT(keys(json["cuda"]), ElementsAre("driver_version", "driver_cuda_version", "runtimes"));
    EXPECT_THAT(keys(json["cuda"]["runtimes"][0]), ElementsAre("version", "library"));
    EXPECT_THAT(keys(json["jetson"]), ElementsAre("module", "l4t_version"));
    EXPECT_THAT(keys(json["engines"][0]),
                ElementsAre("engine", "adapter", "adapter_compiler", "installed", "version", "library", "why_not",
                            "remedy", "execution_providers", "cuda_version", "searched"));
    EXPECT_THAT(keys(json["engines"][0]["searched"][0]), ElementsAre("origin", "path", "outcome"));
    EXPECT_THAT(keys(json["extras"][0]), ElementsAre("name", "satisfied", "reason", "command"));
    EXPECT_EQ(json["cpu"]["cores_by_cgroup"], 1.5);
    EXPECT_EQ(json["engines"][3]["engine"], "tensorrt");
    EXPECT_EQ(to_json(machine.description()).back(), '}');
}

TEST(RuntimeJson, WhatIsNotThereIsNullOrEmpty) {
    const FakeMachine machine;
    const Json json = Json::parse(to_json(machine.description()));
    EXPECT_TRUE(json["jetson"].is_null());
    EXPECT_TRUE(json["cpu"]["cores_by_cgroup"].is_null());
    EXPECT_TRUE(json["memory"]["cgroup_limit_bytes"].is_null());
    EXPECT_EQ(json["gpus"], Json::array());
    EXPECT_EQ(json["cuda"]["runtimes"], Json::array());
    EXPECT_EQ(json["engines"][0]["execution_providers"], Json::array());
}

TEST(RuntimeJson, OfAnEmptyDescriptionIsStillADocument) {
    const Json json = Json::parse(to_json(RuntimeDescription{}));
    EXPECT_EQ(json["engines"], Json::array());
    EXPECT_EQ(json["cpu"]["instruction_sets"], Json::array());
}

}  // namespace
}  // namespace inference_models::runtime
