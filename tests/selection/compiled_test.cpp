// Packages that were compiled for one machine.
#include "selection/expectations.hpp"
#include "selection/machines.hpp"
#include "selection/selection.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace inference_models::selection {
namespace {

RuntimeDescription this_machine() {
    RuntimeDescription machine = cpu_server_with_onnxruntime_and_torch();
    machine.cpu.instruction_sets = {"avx2", "avx512", "avx512_bf16"};
    return machine;
}

formats::Package compiled(formats::Package package, Engine engine, const std::string& runtime_version) {
    package.id += ".compiled";
    package.compiled = CompiledFacts{.engine = engine,
                                     .runtime_version = runtime_version,
                                     .architecture = "x86_64",
                                     .instruction_sets = {"avx2", "avx512"},
                                     .command = "inference-models compile m --engine e"};
    return package;
}

formats::Package compiled_onnx() {
    return compiled(onnx_package(), Engine::onnxruntime, "1.32.0");
}

formats::Package compiled_torch(Precision precision = Precision::fp32) {
    formats::Package package = compiled(torch_script_package(), Engine::torch, "2.13.0+cpu");
    package.format = PackageFormat::pt2;
    package.quantization = precision;
    return package;
}

LoadOptions backend(BackendType type) {
    LoadOptions request;
    request.backends = {type};
    return request;
}

std::vector<Candidate> rank(const RuntimeDescription& machine, std::vector<formats::Package> packages,
                            const LoadOptions& request) {
    return rank_candidates(listing_of(std::move(packages)), machine, request, kFamilies);
}

TEST(Compiled, ComesBeforeItsSource) {
    const auto candidates = rank(this_machine(), {onnx_package(), compiled_onnx()}, backend(BackendType::onnx));
    EXPECT_EQ(where(candidates[0]), "onnx-fp32.compiled onnxruntime cpu");
    EXPECT_EQ(candidates[0].status, chosen);
    EXPECT_EQ(where(candidates[1]), "onnx-fp32 onnxruntime cpu");
    EXPECT_EQ(candidates[1].status, usable);
    EXPECT_THAT(candidates[1].reason, testing::HasSubstr("a package that was compiled for this machine comes first"));
}

TEST(Compiled, IsNeverUsedByAnotherEngine) {
    RuntimeDescription machine = cpu_server_with_openvino_too();
    machine.cpu.instruction_sets = this_machine().cpu.instruction_sets;
    LoadOptions request;
    request.model_package_id = "onnx-fp32.compiled";
    expect_ranking(rank(machine, {compiled_onnx()}, request),
                   {{chosen, "onnx-fp32.compiled onnxruntime cpu", "onnxruntime 1.32.0 on cpu"},
                    {rejected, "onnx-fp32.compiled openvino cpu", "the package was compiled for ONNX Runtime"}});
}

TEST(Compiled, ForAnotherArchitectureIsOut) {
    RuntimeDescription machine = this_machine();
    machine.cpu.architecture = "aarch64";
    const auto candidates = rank(machine, {compiled_torch(), torch_script_package()}, backend(BackendType::torch));
    EXPECT_EQ(where(candidates[0]), "torchscript-fp32 torch cpu");
    EXPECT_EQ(candidates[0].status, chosen);
    EXPECT_EQ(candidates[1].status, rejected);
    EXPECT_EQ(candidates[1].reason, "the package was compiled for x86_64, this machine is aarch64");
}

TEST(Compiled, ForAnotherProcessorIsOutAndToldHowToMakeItAnew) {
    RuntimeDescription machine = this_machine();
    machine.cpu.instruction_sets = {"avx2"};
    const auto candidates = rank(machine, {compiled_torch(), torch_script_package()}, backend(BackendType::torch));
    EXPECT_EQ(where(candidates[0]), "torchscript-fp32 torch cpu");
    EXPECT_EQ(candidates[1].status, possible);
    EXPECT_THAT(candidates[1].reason,
                testing::HasSubstr("compiled for a CPU with avx512, which this one does not have"));
    EXPECT_THAT(candidates[1].remedy, testing::HasSubstr("inference-models compile m --engine e"));
}

TEST(Compiled, WithAnotherRuntimeIsOutAndToldHowToMakeItAnew) {
    RuntimeDescription machine = this_machine();
    install_torch(machine, "2.12.0+cpu");
    const auto candidates = rank(machine, {compiled_torch()}, backend(BackendType::torch));
    EXPECT_EQ(candidates[0].status, possible);
    EXPECT_THAT(candidates[0].reason, testing::HasSubstr("compiled with PyTorch 2.13.0+cpu and runs on that version "
                                                         "alone, here is 2.12.0+cpu"));
    EXPECT_THAT(candidates[0].remedy, testing::HasSubstr("inference-models compile m --engine e"));
}

TEST(Compiled, LowerPrecisionIsTakenOnlyWhenAskedFor) {
    LoadOptions request = backend(BackendType::torch);
    const auto unasked = rank(this_machine(), {compiled_torch(Precision::bf16), torch_script_package()}, request);
    EXPECT_EQ(where(unasked[0]), "torchscript-fp32 torch cpu");
    EXPECT_EQ(unasked[0].precision, Precision::fp32);
    EXPECT_EQ(unasked[1].status, rejected);
    EXPECT_EQ(unasked[1].reason, "bf16 is used only when asked for");

    for (const RequestedPrecision asked : {RequestedPrecision::bf16, RequestedPrecision::fastest}) {
        request.precision = asked;
        const auto ranked = rank(this_machine(), {compiled_torch(Precision::bf16), torch_script_package()}, request);
        EXPECT_EQ(where(ranked[0]), "torchscript-fp32.compiled torch cpu") << to_string(asked);
        EXPECT_EQ(ranked[0].status, chosen);
        EXPECT_EQ(ranked[0].precision, Precision::bf16);
    }
}

TEST(Compiled, InALowerPrecisionStandsBehindFp32WhereBothAreAccepted) {
    LoadOptions request = backend(BackendType::torch);
    request.quantization = {Precision::fp32, Precision::bf16};
    const auto ranked = rank(this_machine(), {compiled_torch(Precision::bf16), torch_script_package()}, request);
    EXPECT_EQ(where(ranked[0]), "torchscript-fp32 torch cpu");
    EXPECT_EQ(ranked[1].status, usable);
}

TEST(Compiled, InFp32IsNotTakenForBf16) {
    LoadOptions request = backend(BackendType::torch);
    request.precision = RequestedPrecision::bf16;
    const auto candidates = rank(this_machine(), {compiled_torch(), torch_script_package()}, request);
    EXPECT_EQ(where(candidates[0]), "torchscript-fp32 torch cpu");
    EXPECT_EQ(candidates[0].precision, Precision::bf16);
    EXPECT_EQ(candidates[1].status, rejected);
    EXPECT_THAT(candidates[1].reason, testing::HasSubstr("precision=bf16 was asked for"));
}

TEST(Compiled, NamingItAsksForItsPrecision) {
    LoadOptions request = backend(BackendType::torch);
    request.model_package_id = "torchscript-fp32.compiled";
    const auto candidates = rank(this_machine(), {compiled_torch(Precision::bf16)}, request);
    EXPECT_EQ(candidates[0].status, chosen);
}

TEST(Compiled, AnotherSizeThanTheModelsOwnIsUsedOnlyWhenAsked) {
    formats::Package source = onnx_package();
    source.sizes = formats::SizeRule{.own = {.width = 640, .height = 640}, .stride = std::nullopt};
    formats::Package small = compiled_onnx();
    small.made_from = std::make_shared<const formats::Package>(source);
    small.sizes = formats::SizeRule{.own = {.width = 320, .height = 320}, .stride = std::nullopt};
    LoadOptions request = backend(BackendType::onnx);
    const auto unasked = rank(this_machine(), {small, source}, request);
    EXPECT_EQ(where(unasked[0]), "onnx-fp32 onnxruntime cpu");
    EXPECT_THAT(unasked[1].reason, testing::HasSubstr("it was compiled for 320x320"));
    EXPECT_EQ(unasked[1].remedy, "use image_size=320x320, which runs here");

    request.image_size = small.sizes->own;
    EXPECT_EQ(where(rank(this_machine(), {small, source}, request)[0]), "onnx-fp32.compiled onnxruntime cpu");
    small.sizes = source.sizes;
    request.image_size.reset();
    EXPECT_EQ(where(rank(this_machine(), {small, source}, request)[0]), "onnx-fp32.compiled onnxruntime cpu");
}

TEST(Compiled, ForSeveralImagesPerRunItStandsBehindItsSourceUnlessABatchIsAsked) {
    formats::Package four = compiled_onnx();
    four.batch = {.min = 4, .max = 4};
    formats::Package source = onnx_package();
    source.batch = {.min = 1, .max = std::nullopt};
    LoadOptions request = backend(BackendType::onnx);
    EXPECT_EQ(where(rank(this_machine(), {four, source}, request)[0]), "onnx-fp32 onnxruntime cpu");
    request.batch_size = AcceptedRange<std::int64_t>{4, 4};
    EXPECT_EQ(where(rank(this_machine(), {four, source}, request)[0]), "onnx-fp32.compiled onnxruntime cpu");
}

}  // namespace
}  // namespace inference_models::selection
