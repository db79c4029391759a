#include "engines/engine_catalog.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "common/version_number.hpp"

namespace inference_models::engines {
namespace {

using ::testing::StartsWith;

TEST(EngineCatalog, HasAnEntryForEachEngineInItsOrder) {
    for (const Engine engine : {Engine::onnxruntime, Engine::torch, Engine::openvino, Engine::tensorrt}) {
        EXPECT_EQ(traits(engine).engine, engine);
        EXPECT_EQ(engine_catalog()[static_cast<std::size_t>(engine)].engine, engine);
    }
    EXPECT_EQ(engine_catalog().size(), 4U);
}

TEST(EngineCatalog, EachEntryIsComplete) {
    std::set<std::string_view> variables;
    std::set<std::string_view> adapters;
    for (const EngineTraits& engine : engine_catalog()) {
        SCOPED_TRACE(engine.requirement);
        EXPECT_THAT(std::string(engine.library_variable), StartsWith("INFERENCE_MODELS_"));
        EXPECT_TRUE(variables.insert(engine.library_variable).second);
        EXPECT_TRUE(adapters.insert(engine.adapter_library).second);
        EXPECT_TRUE(parse_version_number(engine.oldest_version));
        EXPECT_FALSE(engine.wheels.empty());
        EXPECT_FALSE(engine.sonames.empty());
        EXPECT_FALSE(engine.installations.empty());
        EXPECT_FALSE(engine.formats.empty());
        EXPECT_FALSE(engine.devices.empty());
        EXPECT_EQ(std::ranges::count(engine.precisions, Precision::fp32), 1);
    }
}

/// The backend that a (format, engine) pair is asked for by, if the engine opens the format.
std::optional<BackendType> backend_of(Engine engine, PackageFormat format) {
    const auto formats = traits(engine).formats;
    const auto found = std::ranges::find(formats, format, &FormatSupport::format);
    return found == formats.end() ? std::nullopt : std::optional(found->backend);
}

TEST(EngineCatalog, BackendsAreTheGuidesPairsOfFormatAndEngine) {
    EXPECT_EQ(backend_of(Engine::onnxruntime, PackageFormat::onnx), BackendType::onnx);
    EXPECT_EQ(backend_of(Engine::openvino, PackageFormat::onnx), BackendType::openvino);
    EXPECT_EQ(backend_of(Engine::openvino, PackageFormat::openvino_ir), BackendType::openvino);
    EXPECT_EQ(backend_of(Engine::torch, PackageFormat::torch_script), BackendType::torch);
    EXPECT_EQ(backend_of(Engine::torch, PackageFormat::pt2), BackendType::torch);
    EXPECT_EQ(backend_of(Engine::tensorrt, PackageFormat::trt_engine), BackendType::trt);
    EXPECT_EQ(backend_of(Engine::tensorrt, PackageFormat::onnx), std::nullopt);
    EXPECT_EQ(backend_of(Engine::onnxruntime, PackageFormat::trt_engine), std::nullopt);
}

TEST(EngineCatalog, TensorRtRunsOnGpusOnly) {
    EXPECT_EQ(std::ranges::count(traits(Engine::tensorrt).devices, DeviceKind::cpu), 0);
    EXPECT_EQ(std::ranges::count(traits(Engine::tensorrt).devices, DeviceKind::cuda), 1);
}

TEST(NewestOnnxOpset, IsWhatTheReleasesSayThemselves) {
    EXPECT_EQ(newest_onnx_opset("1.16.3"), 19);
    EXPECT_EQ(newest_onnx_opset("1.17.3"), 20);
    EXPECT_EQ(newest_onnx_opset("1.18.1"), 21);
    EXPECT_EQ(newest_onnx_opset("1.20.1"), 21);
    EXPECT_EQ(newest_onnx_opset("1.21.1"), 22);
    EXPECT_EQ(newest_onnx_opset("1.22.1"), 22);
    EXPECT_EQ(newest_onnx_opset("1.23.2"), 23);
    EXPECT_EQ(newest_onnx_opset("1.24.4"), 25);
    EXPECT_EQ(newest_onnx_opset("1.25.1"), 26);
    EXPECT_EQ(newest_onnx_opset("1.31.0"), 26);
    EXPECT_EQ(newest_onnx_opset("1.32.0"), 28);
}

TEST(NewestOnnxOpset, KnowsNothingAgainstNewerOrUnknownReleases) {
    EXPECT_EQ(newest_onnx_opset("1.33.0"), 0);
    EXPECT_EQ(newest_onnx_opset("2.0"), 0);
    EXPECT_EQ(newest_onnx_opset(""), 0);
    EXPECT_EQ(newest_onnx_opset("nightly"), 0);
}

}  // namespace
}  // namespace inference_models::engines
