#include <gtest/gtest.h>

#include <filesystem>
#include <inference_models/auto_model.hpp>
#include <inference_models/object_detection_model.hpp>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/current_directory.hpp"
#include "support/errors.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_data.hpp"

namespace inference_models {
namespace {

std::unique_ptr<ObjectDetectionModel> load(const std::filesystem::path& package, BackendType backend) {
    LoadOptions options;
    options.backends = {backend};
    return ObjectDetectionModel::from_pretrained(package.string(), options);
}

class RealModelOn : public ::testing::TestWithParam<BackendType> {};
INSTANTIATE_TEST_SUITE_P(Backend, RealModelOn,
                         ::testing::Values(BackendType::onnx, BackendType::torch, BackendType::openvino),
                         [](const auto& test) { return std::string(to_string(test.param)); });

TEST_P(RealModelOn, TwoThreadsGetTheResultsOfOne) {
    const auto data = tests::test_data();
    if (!data) GTEST_SKIP() << tests::kNoTestData;
    const auto model = load(*data / "models/yolov8n-640", GetParam());
    const auto work = [&](const char* name) {
        const Image photo = load_image(*data / "images" / name);
        const Detections expected = model->infer(photo);
        EXPECT_FALSE(expected.empty());
        for (int i = 0; i < 100; ++i) ASSERT_EQ(model->infer(photo), expected) << name << ", call " << i;
    };
    std::thread bus(work, "bus.jpg");
    std::thread cats(work, "coco_39769_cats.jpeg");
    bus.join();
    cats.join();
}

struct Tolerance {
    double confidence;
    double pixels;
};

void expect_the_same(const Detections& found, const Detections& expected, Tolerance tolerance,
                     const std::string& what) {
    EXPECT_EQ(found.class_id, expected.class_id) << what;
    if (found.class_id != expected.class_id) return;
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(found.confidence[i], expected.confidence[i], tolerance.confidence) << what;
        const Box& box = found.xyxy[i];
        const Box& other = expected.xyxy[i];
        EXPECT_NEAR(box.x_min, other.x_min, tolerance.pixels) << what;
        EXPECT_NEAR(box.y_min, other.y_min, tolerance.pixels) << what;
        EXPECT_NEAR(box.x_max, other.x_max, tolerance.pixels) << what;
        EXPECT_NEAR(box.y_max, other.y_max, tolerance.pixels) << what;
    }
}

/// Compares what every engine finds in the pictures of a directory with what ONNX Runtime does, and counts that.
std::size_t expect_the_same_in_every_engine(const std::filesystem::path& model, const std::filesystem::path& pictures,
                                            Tolerance tolerance) {
    const auto onnx = load(model, BackendType::onnx);
    const auto torch = load(model, BackendType::torch);
    const auto openvino = load(model, BackendType::openvino);
    EXPECT_EQ(torch->description().package_id, "torch-script-fp32");
    EXPECT_EQ(openvino->description().package_id, "onnx-fp32");
    EXPECT_EQ(openvino->description().precision, Precision::fp32);
    std::size_t objects = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(pictures)) {
        static const std::set<std::string> endings{".jpg", ".jpeg", ".png", ".webp"};
        if (!endings.contains(entry.path().extension().string())) continue;
        const Image photo = load_image(entry.path());
        const Detections expected = onnx->infer(photo);
        expect_the_same(torch->infer(photo), expected, tolerance, "PyTorch: " + entry.path().string());
        expect_the_same(openvino->infer(photo), expected, tolerance, "OpenVINO: " + entry.path().string());
        objects += expected.size();
    }
    return objects;
}

TEST(RealModel, IsTheSameInEveryEngine) {
    const auto data = tests::test_data();
    if (!data) GTEST_SKIP() << tests::kNoTestData;
    EXPECT_GT(expect_the_same_in_every_engine(*data / "models/yolov8n-640", *data / "images", {1e-5, 0.01}), 20U);
}

TEST(BundledModel, IsTheSameInEveryEngine) {
    const tests::TemporaryDirectory elsewhere;
    const tests::CurrentDirectory here(elsewhere.path());
    EXPECT_GT(
        expect_the_same_in_every_engine("codes-n-640", tests::source_directory() / "examples/pictures", {1e-4, 0.02}),
        0U);
}

TEST(BundledModel, IsLoadedByItsId) {
    const tests::TemporaryDirectory elsewhere;
    const tests::CurrentDirectory here(elsewhere.path());
    const auto model = AutoModel::from_pretrained("codes-n-640");
    EXPECT_EQ(model->description().model_id, "codes-n-640");
    EXPECT_EQ(model->class_names(), (std::vector<std::string>{"qr-code", "data-matrix", "aztec", "pdf417", "barcode"}));
    EXPECT_EQ(model->description().precision, Precision::fp32);

    LoadOptions options;
    options.quantization = {Precision::int8};
    const auto int8 = AutoModel::from_pretrained("codes-n-640", options);
    EXPECT_EQ(int8->description().package_id, "onnx-int8");
    EXPECT_EQ(int8->description().engine, Engine::openvino);
    EXPECT_EQ(int8->description().precision, Precision::int8);

    options.weights_provider = "bundled";  // nobody else is asked
    const Error error = tests::error_of([&] { static_cast<void>(AutoModel::explain("code-n-640", options)); });
    EXPECT_EQ(error.kind(), ErrorKind::model_not_found);
    EXPECT_NE(error.hint().find("Did you mean codes-n-640?"), std::string::npos) << error.hint();
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

TEST_P(RealModelOn, NeverTakesMoreThreadsThanTheProcessWasGiven) {
    const auto data = tests::test_data();
    if (!data) GTEST_SKIP() << tests::kNoTestData;
    LoadOptions options;
    options.backends = {GetParam()};
    options.threads = 1000;
    const auto model = AutoModel::from_pretrained((*data / "models/yolov8n-640").string(), options);
    EXPECT_EQ(model->description().threads, AutoModel::describe_runtime().cpu.threads);
}

}  // namespace
}  // namespace inference_models
