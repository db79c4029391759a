#include <inference_models/model_metadata.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <inference_models/error.hpp>
#include <nlohmann/json.hpp>

#include "hub/public_url.hpp"
#include "support/errors.hpp"

namespace inference_models {
namespace {

using namespace tests;
using ::testing::HasSubstr;
using ::testing::Not;

ModelMetadata model() {
    PackageMetadata onnx;
    onnx.id = "onnxfp32";
    onnx.quantization = Precision::fp32;
    onnx.batch = {.min = 1, .max = std::nullopt};
    onnx.onnx = OnnxFacts{8, 17, {"TensorrtExecutionProvider"}};
    onnx.fused_nms = FusedNms{300, 0.25, std::nullopt, false};
    onnx.features = {{"nms_fused", R"({"max_detections":300})"}};
    onnx.trusted_source = true;
    onnx.files = {{"weights.onnx", "https://user:word@host/w.onnx?signature=SECRET#SECRET", std::string(32, 'a'),
                   std::string(64, 'b'), 12'839'457}};
    PackageMetadata engine;
    engine.id = "trt\x1b[31m";
    engine.format = PackageFormat::trt_engine;
    engine.batch = {.min = 1, .max = 16};
    engine.tensorrt.emplace().device_name = "nvidia-l4";
    engine.files = {{"engine.plan", "https://host/e", "", "", std::nullopt}};
    ModelMetadata model;
    model.model_id = "yolov8n-640";
    model.weights_provider = "roboflow";
    model.architecture = "yolov8";
    model.task_type = "object-detection";
    model.dependencies = {{"backbone", "vit", ""}};
    model.recommended_parameters.confidence = 0.35;
    model.packages = {onnx, engine};
    model.notes = {"a package was left out"};
    return model;
}

TEST(ModelMetadataText, IsATableOfPackages) {
    EXPECT_EQ(to_text(model()), R"(model id                yolov8n-640
architecture            yolov8
variant                 -
task                    object-detection
weights provider        roboflow
packages                2
dependencies            backbone (vit)
recommended confidence  0.35

package   format  batch  quantization  size     trusted
onnxfp32  onnx    N      fp32          12.8 MB  yes
trt?[31m  trt     1..16  -             ?        no

Note: a package was left out
)");
}

TEST(ModelMetadataText, OfAPackageHasAllThatIsKnown) {
    const ModelMetadata whole = model();
    const std::string text = to_text(whole, package_of(whole, "onnxfp32"));
    for (const char* const fact : {"opset                   17\n", "TensorrtExecutionProvider",
                                   "at most 300 detections, confidence 0.25, for each class", "weights.onnx  12.8 MB",
                                   "https://host/w.onnx\n", "feature nms_fused"}) {
        EXPECT_THAT(text, HasSubstr(fact));
    }
    EXPECT_THAT(text, HasSubstr(std::string(64, 'b')));
    EXPECT_THAT(to_text(whole, whole.packages[1]), HasSubstr("nvidia-l4"));
}

TEST(ModelMetadata, NeverShowsWhatGivesAccessToAFile) {
    const ModelMetadata whole = model();
    for (const std::string& shown :
         {to_text(whole), to_json(whole), to_text(whole, whole.packages[0]), to_json(whole, whole.packages[0])}) {
        EXPECT_THAT(shown, Not(HasSubstr("SECRET")));
        EXPECT_THAT(shown, Not(HasSubstr("user:word")));
    }
    EXPECT_EQ(hub::public_url("http://a:b@c@host:1/x@y?q"), "http://host:1/x@y");
    EXPECT_EQ(hub::public_url("http://host"), "http://host");
}

TEST(ModelMetadataJson, HasTheMembersUnderTheirNames) {
    const auto json = nlohmann::json::parse(to_json(model()));
    EXPECT_EQ(json["recommended_parameters"]["confidence"], 0.35);
    const auto& package = json["packages"][0];
    EXPECT_EQ(package["batch"], (nlohmann::json{{"min", 1}, {"max", nullptr}}));
    EXPECT_EQ(package["onnx"]["opset"], 17);
    EXPECT_EQ(package["features"]["nms_fused"]["max_detections"], 300);
    EXPECT_EQ(package["files"][0]["size_bytes"], 12'839'457);
    EXPECT_TRUE(package["tensorrt"].is_null());
    EXPECT_TRUE(json["packages"][1]["files"][0]["size_bytes"].is_null());
    const ModelMetadata whole = model();
    EXPECT_EQ(nlohmann::json::parse(to_json(whole, whole.packages[1]))["model_id"], "yolov8n-640");
}

TEST(ModelMetadata, APackageThatThereIsNotNamesThoseThatThereAre) {
    const ModelMetadata whole = model();
    const Error error = error_of([&] { static_cast<void>(package_of(whole, "none")); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    EXPECT_THAT(error.hint(), HasSubstr("onnxfp32"));
}

}  // namespace
}  // namespace inference_models
