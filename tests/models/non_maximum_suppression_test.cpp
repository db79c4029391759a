#include "models/non_maximum_suppression.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace inference_models::models {
namespace {

using testing::ElementsAre;

Detections random_boxes(std::mt19937& random, int count, int classes) {
    std::uniform_real_distribution<float> corner(0, 100);
    std::uniform_real_distribution<float> side(1, 40);
    std::uniform_int_distribution<int> score(0, 20);  // few values, so that many are equal
    std::uniform_int_distribution<int> class_id(0, classes - 1);
    Detections boxes;
    for (int i = 0; i < count; ++i) {
        const float x = corner(random);
        const float y = corner(random);
        boxes.xyxy.push_back({x, y, x + side(random), y + side(random)});
        boxes.class_id.push_back(class_id(random));
        boxes.confidence.push_back(static_cast<float>(score(random)) / 20.0F);
    }
    return boxes;
}

/// The definition, written another way: every box strikes out all later ones that overlap it, in doubles.
Detections by_striking_out(const Detections& boxes, const ObjectDetectionOptions& options) {
    std::vector<std::size_t> order(boxes.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return boxes.confidence[a] > boxes.confidence[b]; });
    std::vector<bool> struck(boxes.size(), false);
    Detections kept;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (struck[i]) continue;
        const Box& a = boxes.xyxy[order[i]];
        kept.xyxy.push_back(a);
        kept.class_id.push_back(boxes.class_id[order[i]]);
        kept.confidence.push_back(boxes.confidence[order[i]]);
        for (std::size_t j = i + 1; j < order.size(); ++j) {
            const Box& b = boxes.xyxy[order[j]];
            const double width = std::min<double>(a.x_max, b.x_max) - std::max<double>(a.x_min, b.x_min);
            const double height = std::min<double>(a.y_max, b.y_max) - std::max<double>(a.y_min, b.y_min);
            if (width <= 0 || height <= 0) continue;
            const double area_a = double{a.x_max - a.x_min} * double{a.y_max - a.y_min};
            const double area_b = double{b.x_max - b.x_min} * double{b.y_max - b.y_min};
            const bool overlaps = width * height / (area_a + area_b - width * height) > options.iou_threshold;
            const bool same = options.class_agnostic_nms || boxes.class_id[order[i]] == boxes.class_id[order[j]];
            if (overlaps && same) struck[j] = true;
        }
    }
    const auto most = std::min(kept.size(), static_cast<std::size_t>(options.max_detections));
    kept.xyxy.resize(most);
    kept.class_id.resize(most);
    kept.confidence.resize(most);
    return kept;
}

TEST(NonMaximumSuppression, EqualsTheDefinitionOnRandomBoxes) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        ObjectDetectionOptions options;
        options.class_agnostic_nms = round % 2 == 0;
        options.iou_threshold = 0.1F * static_cast<float>(round % 9 + 1) + 0.003F;
        options.max_detections = round % 5 == 0 ? 3 : 300;
        const Detections boxes = random_boxes(random, round, 3);
        EXPECT_EQ(non_maximum_suppression(boxes, options), by_striking_out(boxes, options)) << "round " << round;
    }
}

TEST(NonMaximumSuppression, AnOverlapOfExactlyTheThresholdStays) {
    Detections boxes;
    boxes.xyxy = {{0, 0, 2, 1}, {1, 0, 3, 1}};  // intersection 1, union 3
    boxes.class_id = {0, 0};
    boxes.confidence = {0.9F, 0.8F};
    ObjectDetectionOptions options;
    options.iou_threshold = 1.0F / 3.0F;
    EXPECT_EQ(non_maximum_suppression(boxes, options).size(), 2U);
    options.iou_threshold = 0.33F;
    EXPECT_EQ(non_maximum_suppression(boxes, options).size(), 1U);
}

TEST(NonMaximumSuppression, BoxesWithoutAreaSuppressNothing) {
    Detections boxes;
    boxes.xyxy = {{5, 5, 5, 5}, {5, 5, 5, 5}};
    boxes.class_id = {0, 0};
    boxes.confidence = {0.5F, 0.9F};
    EXPECT_THAT(non_maximum_suppression(boxes, {}).confidence, ElementsAre(0.9F, 0.5F));
}

}  // namespace
}  // namespace inference_models::models
