#include "benchmark/average_precision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "benchmark/coco_labels.hpp"
#include "support/errors.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_data.hpp"

namespace inference_models {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kClassNames{"car", "person", "cat", "toothbrush", "bottle"};

class CocoLabelsTest : public testing::Test {
protected:
    CocoLabels read(const json& document) const {
        std::ofstream(file_) << document.dump();
        return read_coco_labels(file_);
    }

    tests::TemporaryDirectory directory_;
    std::filesystem::path file_ = directory_.path() / "labels.json";
};

/// Made by tests/benchmark/make_average_precision.py with pycocotools.
json cases() {
    std::ifstream file(tests::source_directory() / "tests/benchmark/average_precision.json");
    return json::parse(file);
}

/// What was found in one image; the ids of categories become those of the class names.
Detections detections(const json& found, const CocoLabels& labels) {
    std::vector<std::size_t> order(found.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return found[i][2].get<float>(); });
    Detections result;
    for (const std::size_t i : order) {
        const json& box = found[i][0];
        const std::string& name = labels.categories.at(found[i][1].get<std::int64_t>());
        result.xyxy.push_back({box[0].get<float>(), box[1].get<float>(), box[2].get<float>(), box[3].get<float>()});
        result.class_id.push_back(
            static_cast<std::int32_t>(std::ranges::find(kClassNames, name) - kClassNames.begin()));
        result.confidence.push_back(found[i][2].get<float>());
    }
    return result;
}

std::vector<std::string> file_names(const json& labels) {
    std::vector<std::string> names;
    for (const json& image : labels["images"]) names.push_back("/data/" + image["file_name"].get<std::string>());
    return names;
}

TEST_F(CocoLabelsTest, AveragePrecisionIsThatOfPycocotools) {
    const json all = cases();
    ASSERT_EQ(all.size(), 5U);
    for (const json& one : all) {
        const CocoLabels labels = read(one["labels"]);
        const BenchmarkLabels of_images = labels_of(labels, file_names(one["labels"]), kClassNames);
        std::vector<Detections> found;
        for (const json& of_image : one["detections"]) found.push_back(detections(of_image, labels));
        const AveragePrecision result = average_precision(of_images.images, found);
        EXPECT_NEAR(result.ap, one["expected"]["ap"].get<double>(), 1e-12);
        EXPECT_NEAR(result.ap50, one["expected"]["ap50"].get<double>(), 1e-12);
    }
}

json small_labels() {
    return json::parse(R"({
        "images": [{"id": 7, "file_name": "a/1.jpg"}, {"id": 9, "file_name": "b/1.jpg"}, {"id": 8, "file_name": "2.jpg"}],
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "zebra"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4.5], "iscrowd": 0},
            {"id": 2, "image_id": 7, "category_id": 2, "bbox": [1, 2, 3, 4]},
            {"id": 3, "image_id": 8, "category_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": true}]})");
}

BenchmarkLabels labels_for(const CocoLabels& labels, const std::vector<std::string>& names) {
    return labels_of(labels, names, kClassNames);
}

TEST_F(CocoLabelsTest, ImagesAreFoundByTheEndOfTheirPaths) {
    const CocoLabels labels = read(small_labels());
    const BenchmarkLabels found = labels_for(labels, {"/data/b/1.jpg", "x/2.jpg", "a/1.jpg"});
    EXPECT_EQ(found.images[0].image_id, 9);
    EXPECT_EQ(found.images[1].image_id, 8);
    EXPECT_EQ(found.images[2].image_id, 7);
    EXPECT_EQ(found.images[2].objects.at(0).category, 1) << "the index of `person`";
    EXPECT_EQ(found.images[2].objects.at(0).box.height, 4.5);
    EXPECT_TRUE(found.images[1].objects.at(0).is_crowd);
    EXPECT_THAT(found.classes_without_model, ElementsAre("zebra"));
}

TEST_F(CocoLabelsTest, AnImageThatIsNotThereOrMayBeSeveralIsAnError) {
    const CocoLabels labels = read(small_labels());
    const Error missing = tests::error_of([&] { static_cast<void>(labels_for(labels, {"a/1.jpg", "11.jpg"})); });
    EXPECT_EQ(missing.kind(), ErrorKind::invalid_argument);
    EXPECT_THAT(missing.message(), HasSubstr("has no labels of the image 11.jpg"));
    const Error ambiguous = tests::error_of([&] { static_cast<void>(labels_for(labels, {"1.jpg"})); });
    EXPECT_THAT(ambiguous.message(), HasSubstr("has several images that may be 1.jpg"));
    const Error elsewhere = tests::error_of([&] { static_cast<void>(labels_for(labels, {"c/1.jpg"})); });
    EXPECT_EQ(elsewhere.subject(), "c/1.jpg");
}

TEST_F(CocoLabelsTest, LabelsOfNothingThatTheModelKnowsAreAnError) {
    const CocoLabels labels = read(small_labels());
    for (const std::string name : {"2.jpg", "b/1.jpg"}) {  // a crowd alone, and nothing
        const Error error = tests::error_of([&] { static_cast<void>(labels_for(labels, {name})); });
        EXPECT_THAT(error.message(), HasSubstr("labels no object of the model's classes"));
    }
}

TEST_F(CocoLabelsTest, WhatIsWrongInTheFileIsNamedWithItsPlace) {
    const auto expect = [&](const std::function<void(json&)>& change, const std::string& field) {
        json document = small_labels();
        change(document);
        const Error error = tests::error_of([&] { static_cast<void>(read(document)); });
        EXPECT_EQ(error.kind(), ErrorKind::corrupted_package);
        EXPECT_EQ(error.subject(), file_.string() + ": " + field);
    };
    expect([](json& labels) { labels.erase("images"); }, "images");
    expect([](json& labels) { labels["images"][1]["id"] = 7; }, "images[1].id");
    expect([](json& labels) { labels["images"][1]["id"] = "seven"; }, "images[1].id");
    expect([](json& labels) { labels["categories"][1]["id"] = 1; }, "categories[1].id");
    expect([](json& labels) { labels["annotations"][0]["image_id"] = 1; }, "annotations[0].image_id");
    expect([](json& labels) { labels["annotations"][0]["category_id"] = 3; }, "annotations[0].category_id");
    expect([](json& labels) { labels["annotations"][0]["bbox"] = {1, 2, 3}; }, "annotations[0].bbox");
    expect([](json& labels) { labels["annotations"][0]["bbox"][2] = -3; }, "annotations[0].bbox[2]");
    expect([](json& labels) { labels["annotations"][0]["bbox"][0] = 1e300; }, "annotations[0].bbox[0]");
    expect([](json& labels) { labels["annotations"][0]["iscrowd"] = 2; }, "annotations[0].iscrowd");
    expect([](json& labels) { labels["annotations"] = {{"a", 1}}; }, "annotations");
}

}  // namespace
}  // namespace inference_models
