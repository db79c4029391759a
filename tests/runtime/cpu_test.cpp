#include "runtime/cpu.hpp"

#include <gmock/gmock.h>

#include "runtime/fake_machine.hpp"

namespace inference_models::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ThreadBudget, IsTheSmallerOfAffinityAndWholeCoresOfTheQuotaAndNeverZero) {
    EXPECT_EQ(thread_budget(8, std::nullopt), 8U);
    EXPECT_EQ(thread_budget(8, 1.5), 1U);
    EXPECT_EQ(thread_budget(8, 3.999), 3U);
    EXPECT_EQ(thread_budget(8, 0.25), 1U);
    EXPECT_EQ(thread_budget(2, 64.0), 2U);
    EXPECT_EQ(thread_budget(0, std::nullopt), 1U);
    EXPECT_EQ(thread_budget(8, 1e18), 8U);
}

TEST(Cpu, ReadsAnIntelServer) {
    const FakeMachine machine;
    machine.add("proc/cpuinfo",
                "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz\n"
                "flags\t\t: fpu avx avx2 fma f16c avx512f avx512_vnni avx512_bf16 avx512_fp16 avx_vnni amx_bf16 "
                "amx_tile amx_int8\n");
    const CpuDescription cpu = machine.description().cpu;
    EXPECT_EQ(cpu.model, "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz");
    EXPECT_EQ(cpu.architecture, "x86_64");
    EXPECT_THAT(cpu.instruction_sets, ElementsAre("avx", "avx2", "fma", "f16c", "avx512", "avx512_vnni", "avx512_bf16",
                                                  "avx512_fp16", "avx_vnni", "amx_int8", "amx_bf16"));
    EXPECT_EQ(cpu.cores, 8U);
    EXPECT_EQ(cpu.cores_by_cgroup, std::nullopt);
    EXPECT_EQ(cpu.threads, 8U);
}

TEST(Cpu, ReadsAnArmBoard) {
    FakeMachine machine;
    machine.architecture = "aarch64";
    machine.add("proc/cpuinfo",
                "processor\t: 0\nFeatures\t: fp asimd evtstrm aes asimdhp asimddp\nCPU implementer\t: 0x41\n"
                "CPU part\t: 0xd0b\n");
    const CpuDescription cpu = machine.description().cpu;
    EXPECT_EQ(cpu.model, "ARM Cortex-A76");
    EXPECT_THAT(cpu.instruction_sets, ElementsAre("neon", "neon_fp16", "neon_dotprod"));
}

TEST(Cpu, CountsCoresThatAreOnline) {
    const FakeMachine machine;
    machine.add("sys/devices/system/cpu/online", "0-3,8,10-11\n");
    EXPECT_EQ(machine.description().cpu.cores, 7U);
    std::filesystem::remove(machine.at("sys/devices/system/cpu/online"));
    machine.add("proc/cpuinfo", "processor : 0\nprocessor : 1\nprocessor : 2\n");
    EXPECT_EQ(machine.description().cpu.cores, 3U);
}

TEST(Cpu, FollowsTheAffinityThatACpusetGives) {
    FakeMachine machine;
    machine.cores_by_affinity = 3;
    const CpuDescription cpu = machine.description().cpu;
    EXPECT_EQ(cpu.cores, 8U);
    EXPECT_EQ(cpu.cores_by_affinity, 3U);
    EXPECT_EQ(cpu.threads, 3U);
}

TEST(ControlGroup, RootGroupOfAContainerOfVersion2) {
    const FakeMachine machine;
    machine.add("sys/fs/cgroup/cpu.max", "150000 100000\n");
    machine.add("sys/fs/cgroup/memory.max", "2147483648\n");
    const RuntimeDescription description = machine.description();
    EXPECT_EQ(description.cpu.cores_by_cgroup, 1.5);
    EXPECT_EQ(description.cpu.threads, 1U);
    EXPECT_EQ(description.memory.cgroup_limit_bytes, 2147483648U);
}

TEST(ControlGroup, UnlimitedGroupsOfVersion2AreNoLimit) {
    const FakeMachine machine;
    machine.add("sys/fs/cgroup/cpu.max", "max 100000\n");
    machine.add("sys/fs/cgroup/memory.max", "max\n");
    const RuntimeDescription description = machine.description();
    EXPECT_EQ(description.cpu.cores_by_cgroup, std::nullopt);
    EXPECT_EQ(description.memory.cgroup_limit_bytes, std::nullopt);
}

TEST(ControlGroup, TheTightestOfNestedGroupsHolds) {
    const FakeMachine machine;
    machine.add("proc/self/cgroup", "0::/service.slice/inner\n");
    machine.add("sys/fs/cgroup/service.slice/cpu.max", "200000 100000\n");
    machine.add("sys/fs/cgroup/service.slice/inner/cpu.max", "400000 100000\n");
    machine.add("sys/fs/cgroup/service.slice/memory.max", "8000000000\n");
    machine.add("sys/fs/cgroup/service.slice/inner/memory.max", "4000000000\n");
    const RuntimeDescription description = machine.description();
    EXPECT_EQ(description.cpu.cores_by_cgroup, 2.0);
    EXPECT_EQ(description.memory.cgroup_limit_bytes, 4000000000U);
}

TEST(ControlGroup, Version1WithThePathOfTheHost) {
    const FakeMachine machine;
    // Without a namespace a container sees its path on the host, and its own group mounted in the place of the root.
    machine.add("proc/self/cgroup", "7:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/docker/abc\n");
    machine.add("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "250000\n");
    machine.add("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    machine.add("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
    const RuntimeDescription description = machine.description();
    EXPECT_EQ(description.cpu.cores_by_cgroup, 2.5);
    EXPECT_EQ(description.cpu.threads, 2U);
    EXPECT_EQ(description.memory.cgroup_limit_bytes, 1073741824U);
}

TEST(ControlGroup, Version1Unlimited) {
    const FakeMachine machine;
    machine.add("proc/self/cgroup", "4:memory:/\n1:cpu:/\n");
    machine.add("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    machine.add("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    machine.add("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    const RuntimeDescription description = machine.description();
    EXPECT_EQ(description.cpu.cores_by_cgroup, std::nullopt);
    EXPECT_EQ(description.memory.cgroup_limit_bytes, std::nullopt);
}

TEST(ControlGroup, NeverLeavesTheHierarchy) {
    const FakeMachine machine;
    machine.add("proc/self/cgroup", "0::/../../outside\n");
    machine.add("sys/outside/cpu.max", "100000 100000\n");
    machine.add("sys/fs/cgroup/cpu.max", "300000 100000\n");
    EXPECT_EQ(machine.description().cpu.cores_by_cgroup, 3.0);
}

TEST(ControlGroup, AbsurdNumbersAreNoLimit) {
    for (const char* text :
         {"", "0 0", "100000 0", "-5 100000", "99999999999999999999999 1", "1 2 3", "a b", "\xff\xfe"}) {
        const FakeMachine machine;
        machine.add("sys/fs/cgroup/cpu.max", text);
        EXPECT_EQ(machine.description().cpu.cores_by_cgroup, std::nullopt) << text;
    }
}

TEST(Cpu, AbsurdListsOfCoresAreNotBelieved) {
    for (const char* text : {"0-4294967295", "3-1", "x", "0-", "99999999999999999999"}) {
        const FakeMachine machine;
        machine.add("sys/devices/system/cpu/online", text);
        EXPECT_EQ(machine.description().cpu.cores, 1U) << text;  // as /proc/cpuinfo says
    }
}

TEST(Cpu, AMachineThatTellsNothingHasOneThread) {
    FakeMachine machine;
    std::filesystem::remove_all(machine.at("proc"));
    std::filesystem::remove_all(machine.at("sys"));
    machine.cores_by_affinity = 0;
    const CpuDescription cpu = machine.description().cpu;
    EXPECT_EQ(cpu.threads, 1U);
    EXPECT_THAT(cpu.instruction_sets, IsEmpty());
}

}  // namespace
}  // namespace inference_models::runtime
