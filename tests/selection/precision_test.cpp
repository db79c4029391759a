// What a network is computed in: what is asked for, what an engine can make of a package, what a processor can do.
#include "selection/expectations.hpp"
#include "selection/machines.hpp"
#include "selection/selection.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace inference_models::selection {
namespace {

std::vector<Candidate> rank(const RuntimeDescription& machine, std::vector<formats::Package> packages,
                            std::optional<RequestedPrecision> precision = {}) {
    LoadOptions request;
    request.precision = precision;
    return rank_candidates(listing_of(std::move(packages)), machine, request, kFamilies);
}

RuntimeDescription cpu_with(std::vector<std::string> instruction_sets) {
    RuntimeDescription machine = cpu_server_with_openvino_too();
    machine.cpu.instruction_sets = std::move(instruction_sets);
    return machine;
}

formats::Package stored_in(std::optional<Precision> precision, formats::Package package = onnx_package()) {
    package.quantization = precision;
    return package;
}

TEST(Precision, WithoutAWordFp32IsComputedInFp32WhateverTheProcessorCanDo) {
    for (const Candidate& candidate :
         rank(cpu_with({"avx512_bf16", "amx_bf16", "amx_fp16"}), {onnx_package(), torch_script_package()})) {
        EXPECT_EQ(candidate.precision, Precision::fp32) << where(candidate);
    }
}

TEST(Precision, Bf16IsWhatTheEnginesThatConvertAreAskedFor) {
    const auto candidates =
        rank(cpu_with({"avx512_bf16"}), {onnx_package(), torch_script_package()}, RequestedPrecision::bf16);
    expect_ranking(candidates, {{chosen, "onnx-fp32 openvino cpu", "openvino 2026.4.1 on cpu"},
                                {usable, "torchscript-fp32 torch cpu", "behind the chosen one: later in the order"},
                                {rejected, "onnx-fp32 onnxruntime cpu",
                                 "precision=bf16 was asked for, ONNX Runtime computes this fp32 package in fp32",
                                 "use precision=fp32, which runs here"}});
    EXPECT_EQ(candidates[0].precision, Precision::bf16);
    EXPECT_EQ(candidates[1].precision, Precision::bf16);
    EXPECT_EQ(candidates[2].precision, std::nullopt);
}

TEST(Precision, AProcessorWithoutTheInstructionsIsAReason) {
    expect_ranking(rank(cpu_with({"avx2", "avx512"}), {torch_script_package()}, RequestedPrecision::bf16),
                   {{rejected, "torchscript-fp32 torch cpu",
                     "precision=bf16 was asked for, and this CPU has no instructions for it: none of avx512_bf16, "
                     "amx_bf16, bf16",
                     "use precision=fp32, which runs here"}});
    const auto half = rank(cpu_with({"avx512_bf16"}), {onnx_package()}, RequestedPrecision::fp16);
    EXPECT_THAT(half[1].reason, testing::HasSubstr("ONNX Runtime computes this fp32 package in fp32"));
    EXPECT_THAT(half[0].reason, testing::HasSubstr("none of avx512_fp16, amx_fp16, neon_fp16"));
}

TEST(Precision, FastestIsTheLowestThatTheProcessorHasInstructionsFor) {
    const std::pair<std::vector<std::string>, Precision> cases[]{
        {{"avx512_bf16"}, Precision::bf16}, {{"amx_fp16"}, Precision::fp16}, {{"avx512"}, Precision::fp32}};
    for (const auto& [instruction_sets, precision] : cases) {
        const auto candidates = rank(cpu_with(instruction_sets), {onnx_package()}, RequestedPrecision::fastest);
        EXPECT_EQ(candidates[0].status, chosen);
        EXPECT_EQ(candidates[0].precision, precision) << instruction_sets.front();
        EXPECT_EQ(candidates[1].precision, Precision::fp32);  // ONNX Runtime stays usable
    }
}

TEST(Precision, FastestComesBeforeTheOrderOfBackends) {
    RuntimeDescription machine = cpu_server_with_onnxruntime_and_torch();
    machine.cpu.instruction_sets = {"avx512_bf16"};
    const auto candidates = rank(machine, {onnx_package(), torch_script_package()}, RequestedPrecision::fastest);
    EXPECT_EQ(where(candidates[0]), "torchscript-fp32 torch cpu");
    EXPECT_EQ(where(candidates[1]), "onnx-fp32 onnxruntime cpu");
    EXPECT_THAT(candidates[1].reason, testing::HasSubstr("precision=fastest"));
}

TEST(Precision, FastestTakesNoInt8) {
    const auto candidates =
        rank(cpu_with({"avx512_bf16"}), {stored_in(Precision::int8, onnx_package("onnx-int8")), onnx_package()},
             RequestedPrecision::fastest);
    EXPECT_EQ(where(candidates[0]), "onnx-fp32 openvino cpu");
    for (const Candidate& candidate : candidates) {
        if (candidate.package_id == "onnx-int8") {
            EXPECT_EQ(candidate.status, rejected);
        }
    }
}

TEST(Precision, Int8AsksForPackagesThatAreQuantised) {
    const auto candidates =
        rank(laptop_with_onnxruntime(), {stored_in(Precision::int8, onnx_package("onnx-int8")), onnx_package()},
             RequestedPrecision::int8);
    EXPECT_EQ(where(candidates[0]), "onnx-int8 onnxruntime cpu");
    EXPECT_EQ(candidates[0].status, chosen);
    EXPECT_EQ(candidates[0].precision, Precision::int8);
    const auto without = rank(laptop_with_onnxruntime(), {onnx_package()}, RequestedPrecision::int8);
    EXPECT_EQ(without[0].status, rejected);
    EXPECT_THAT(without[0].reason, testing::HasSubstr("precision=int8 was asked for"));
}

TEST(Precision, HalfPrecisionThatWouldBeEmulatedIsComputedInFp32) {
    const auto emulated = rank(cpu_with({"avx512"}), {stored_in(Precision::fp16)});
    EXPECT_EQ(where(emulated[0]), "onnx-fp32 openvino cpu");
    EXPECT_EQ(emulated[0].precision, Precision::fp32);
    EXPECT_EQ(emulated[1].precision, Precision::fp16);  // ONNX Runtime computes what is stored
    EXPECT_EQ(rank(cpu_with({"amx_fp16"}), {stored_in(Precision::fp16)})[0].precision, Precision::fp16);
}

TEST(Precision, AGpuIsJudgedByItsComputeCapability) {
    RuntimeDescription machine = cuda_server();
    EXPECT_EQ(rank(machine, {torch_script_package()}, RequestedPrecision::bf16)[0].status, chosen);
    machine.gpus[0].compute_capability = "7.5";
    const auto old_gpu = rank(machine, {torch_script_package()}, RequestedPrecision::bf16);
    EXPECT_EQ(old_gpu[0].status, rejected);
    EXPECT_THAT(old_gpu[0].reason, testing::HasSubstr("this GPU has no instructions for it"));
}

}  // namespace
}  // namespace inference_models::selection
