#include <gtest/gtest.h>

#include <inference_models/auto_model.hpp>
#include <inference_models/object_detection_model.hpp>
#include <thread>
#include <vector>

#include "support/test_data.hpp"

namespace inference_models {
namespace {

TEST(RealModel, TwoThreadsGetTheResultsOfOne) {
    const auto data = tests::test_data();
    if (!data) GTEST_SKIP() << tests::kNoTestData;
    const auto model = ObjectDetectionModel::from_pretrained((*data / "models/yolov8n-640").string());
    const auto work = [&](const char* name) {
        const Image photo = load_image(*data / "images" / name);
        const Detections expected = model->infer(photo);
        EXPECT_FALSE(expected.empty());
        for (int i = 0; i < 200; ++i) ASSERT_EQ(model->infer(photo), expected) << name << ", call " << i;
    };
    std::thread bus(work, "bus.jpg");
    std::thread cats(work, "coco_39769_cats.jpeg");
    bus.join();
    cats.join();
}

TEST(RealModel, DescribesHowItRuns) {
    const auto data = tests::test_data();
    if (!data) GTEST_SKIP() << tests::kNoTestData;
    LoadOptions options;
    options.backends = {BackendType::onnx};
    options.threads = 1;
    const auto model = AutoModel::from_pretrained((*data / "models/yolov8n-640").string(), options);
    const ModelDescription& description = model->description();
    EXPECT_EQ(description.model_id, "yolov8n-640");
    EXPECT_EQ(description.package_id, "onnx-fp32");
    EXPECT_EQ(description.architecture, "yolov8");
    EXPECT_EQ(description.engine, Engine::onnxruntime);
    EXPECT_EQ(description.backend, BackendType::onnx);
    EXPECT_EQ(description.precision, Precision::fp32);
    EXPECT_EQ(description.device, Device{});
    EXPECT_EQ(description.threads, 1U);
    EXPECT_EQ(description.network_input, (ImageSize{640, 640}));
    EXPECT_TRUE(description.runtime_library.string().ends_with(description.runtime_version));
    ASSERT_NE(description.explanation.chosen(), nullptr);
    EXPECT_EQ(description.explanation.chosen()->package_id, "onnx-fp32");
    EXPECT_EQ(model->class_names().size(), 80U);
}

TEST(RealModel, NeverTakesMoreThreadsThanTheProcessWasGiven) {
    const auto data = tests::test_data();
    if (!data) GTEST_SKIP() << tests::kNoTestData;
    LoadOptions options;
    options.threads = 1000;
    const auto model = AutoModel::from_pretrained((*data / "models/yolov8n-640").string(), options);
    EXPECT_EQ(model->description().threads, AutoModel::describe_runtime().cpu.threads);
}

}  // namespace
}  // namespace inference_models
