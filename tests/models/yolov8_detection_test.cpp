#include "models/yolov8_detection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "models/families.hpp"
#include "support/errors.hpp"

namespace inference_models::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_of;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Detections decode(const DecoderFacts& facts, std::vector<std::int64_t> shape, std::vector<float> values,
                  const ObjectDetectionOptions& options = {}) {
    const OutputSlice output{"output0", shape, values};
    return make_detection_decoder("yolov8", facts)->decode(std::span(&output, 1), options);
}

// Three boxes with two classes, transposed as the network gives them.
const std::vector<std::int64_t> kShape{6, 3};
const std::vector<float> kValues{10,  50,  90,    // centre x
                                 20,  50,  90,    // centre y
                                 4,   10,  10,    // width
                                 8,   10,  10,    // height
                                 .1F, .9F, .4F,   // class 0
                                 .7F, .2F, .3F};  // class 1

TEST(YoloV8Detection, TakesTheBestClassOfEachBoxAboveTheThreshold) {
    const Detections found = decode({2, {}}, kShape, kValues);
    EXPECT_THAT(found.confidence, ElementsAre(.9F, .7F));  // the third is not above 0.4, but equal to it
    EXPECT_THAT(found.class_id, ElementsAre(0, 1));
    EXPECT_THAT(found.xyxy, ElementsAre(Box{45, 45, 55, 55}, Box{8, 16, 12, 24}));
}

TEST(YoloV8Detection, RefusesAnotherNumberOfClasses) {
    const Error error = error_of([] { (void)decode({3, {}}, kShape, kValues); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_output);
    EXPECT_EQ(error.subject(), "output0");
    EXPECT_THAT(error.message(), HasSubstr("[batch, 6, 3]"));
    EXPECT_THAT(error.message(), HasSubstr("3 classes"));
    EXPECT_THAT(error.hint(), HasSubstr("class names"));
}

TEST(YoloV8Detection, RefusesNaNAndInfinityWhereverTheyAre) {
    for (std::size_t at = 0; at < kValues.size(); ++at) {
        auto values = kValues;
        values[at] = kNaN;
        EXPECT_EQ(error_of([&] { (void)decode({2, {}}, kShape, values); }).kind(), ErrorKind::invalid_output) << at;
    }
    auto values = kValues;
    values[1] = std::numeric_limits<float>::infinity();
    const Error error = error_of([&] { (void)decode({2, {}}, kShape, values); });
    EXPECT_THAT(error.message(), HasSubstr("output0"));
    EXPECT_THAT(error.hint(), HasSubstr("backend"));
}

TEST(YoloV8Detection, ReadsRowsOfANetworkWithFusedNms) {
    const std::vector<float> rows{1, 2, 3, 4, .4F, 1,   // equal to the threshold: kept here
                                  5, 6, 7, 8, .9F, 0,   //
                                  0, 0, 0, 0, 0,   0};  // filled up
    const Detections found = decode({2, {.fused_nms = true}}, {3, 6}, rows);
    EXPECT_THAT(found.confidence, ElementsAre(.9F, .4F));
    EXPECT_THAT(found.class_id, ElementsAre(0, 1));
    ObjectDetectionOptions all;
    all.confidence = 0;
    EXPECT_EQ(decode({2, {.fused_nms = true}}, {3, 6}, rows, all).size(), 2U);
    all.max_detections = 1;
    EXPECT_THAT(decode({2, {.fused_nms = true}}, {3, 6}, rows, all).confidence, ElementsAre(.9F));
}

TEST(YoloV8Detection, RefusesFusedRowsOfAnotherClassOrShape) {
    const std::vector<float> row{1, 2, 3, 4, .9F, 2};
    const Error unknown_class = error_of([&] { (void)decode({2, {.fused_nms = true}}, {1, 6}, row); });
    EXPECT_EQ(unknown_class.kind(), ErrorKind::invalid_output);
    EXPECT_THAT(unknown_class.message(), HasSubstr("class 2"));
    const Error shape = error_of([&] { (void)decode({2, {.fused_nms = true}}, {6, 1}, row); });
    EXPECT_THAT(shape.message(), HasSubstr("[batch, boxes, 6]"));
}

TEST(Families, EverySupportedDetectorHasADecoder) {
    for (const auto& family : supported_families()) {
        EXPECT_NE(make_detection_decoder(family.architecture, {1, {}}), nullptr) << family.architecture;
    }
    EXPECT_EQ(make_detection_decoder("resnet", {1, {}}), nullptr);
}

}  // namespace
}  // namespace inference_models::models
