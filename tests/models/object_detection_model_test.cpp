#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <inference_models/object_detection_model.hpp>
#include <thread>
#include <vector>

#include "models/loaded_network.hpp"
#include "support/errors.hpp"
#include "support/test_engine.hpp"

namespace inference_models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using tests::error_of;

constexpr int kSide = 8;  // of the network's input

/// A detector in the test engine: two boxes, one class; the mean of the input is added to every value.
constexpr const char* kTwoBoxes = "values 2 6  2 6  2 2  2 2  0.3 0.2\n";

models::LoadedNetwork loaded_network(const std::string& script, BatchRule batch = {}) {
    models::LoadedNetwork loaded;
    loaded.network = tests::load_test_network(script);
    loaded.batch = batch;
    loaded.contents.class_names = {"thing"};
    loaded.contents.pre_processing.network_size = {kSide, kSide};
    loaded.contents.pre_processing.scaling_factor = 255.0F;
    loaded.description.model_id = "test";
    loaded.description.architecture = "yolov8";
    return loaded;
}

std::unique_ptr<Model> make(const std::string& script, BatchRule batch = {}) {
    return models::make_model(loaded_network(script, batch));
}

/// A picture of one shade; the network sees shade / 255.
Image shade(int value, ImageSize size = {kSide, kSide}) {
    Image image(size);
    std::ranges::fill(image.pixels(), static_cast<std::uint8_t>(value));
    return image;
}

ObjectDetectionOptions everything() {
    ObjectDetectionOptions options;
    options.confidence = 0;
    return options;
}

TEST(ObjectDetectionModel, BoxesAreInPixelsOfTheImage) {
    const auto model = make(std::string("input 1 3 8 8\noutput 1 5 2\n") + kTwoBoxes);
    // 16x16 into 8x8: half the scale. A black picture adds nothing.
    const auto found = model->as<ObjectDetectionModel>().infer(shade(0, {16, 16}), everything());
    EXPECT_THAT(found.xyxy, ElementsAre(Box{2, 2, 6, 6}, Box{10, 10, 14, 14}));
    EXPECT_THAT(found.confidence, ElementsAre(0.3F, 0.2F));
}

TEST(ObjectDetectionModel, StagesOneByOneEqualInfer) {
    const auto owner = make(std::string("input -1 3 8 8\noutput -1 5 2\n") + kTwoBoxes, {1, 2});
    const auto& model = owner->as<ObjectDetectionModel>();
    const std::vector<Image> pictures{shade(10), shade(60, {30, 20}), shade(200)};
    const std::vector<ImageView> images(pictures.begin(), pictures.end());
    const auto input = model.pre_process(images);
    EXPECT_THAT(input.tensor.shape(), ElementsAre(3, 3, kSide, kSide));
    const auto outputs = model.forward(input.tensor);
    ASSERT_THAT(outputs, SizeIs(1));
    EXPECT_THAT(outputs[0].shape(), ElementsAre(3, 5, 2));
    EXPECT_EQ(model.post_process(outputs, input.metadata, everything()), model.infer(images, everything()));
}

TEST(ObjectDetectionModel, ANetworkThatDeclaresNoShapeIsTriedBeforeSomebodyReliesOnIt) {
    const Error refused =
        error_of([] { (void)make("input\noutput 1 5 2\nvalues 1\nfail run traced for another size"); });
    EXPECT_EQ(refused.kind(), ErrorKind::engine_failure);
    EXPECT_EQ(refused.message(), "traced for another size");
    const Error batch = error_of([] { (void)make("input\noutput 3 5 2\nvalues 1"); });
    EXPECT_EQ(batch.kind(), ErrorKind::invalid_output);
    const Error classes = error_of([] { (void)make("input\noutput 1 6 2\nvalues 0"); });  // there is one class
    EXPECT_EQ(classes.kind(), ErrorKind::invalid_output);
    const auto model = make(std::string("input\noutput 1 5 2\n") + kTwoBoxes);
    EXPECT_THAT(model->as<ObjectDetectionModel>().infer(shade(0), everything()).xyxy, SizeIs(2));
}

TEST(ObjectDetectionModel, PixelsLieAsTheEngineLikesThem) {
    const std::string script = std::string("input -1 3 8 8\noutput -1 5 2\n") + kTwoBoxes;
    const auto plain_owner = make(script, {1, 2});
    const auto other_owner = make(script + "order channels_last\n", {1, 2});
    const auto& plain = plain_owner->as<ObjectDetectionModel>();
    const auto& other = other_owner->as<ObjectDetectionModel>();
    std::vector<Image> pictures(3, Image({30, 20}));
    // The channels differ, so a pixel in the wrong place changes the mean of the first one.
    for (std::size_t i = 0; i < pictures[1].pixels().size(); ++i) {
        pictures[1].pixels()[i] = static_cast<std::uint8_t>(i % 3 * 80 + i % 7);
    }
    const std::vector<ImageView> images(pictures.begin(), pictures.end());
    const auto expected = plain.infer(images, everything());
    EXPECT_NE(expected[0], expected[1]);
    EXPECT_EQ(other.infer(images, everything()), expected);
    const auto input = other.pre_process(images);
    EXPECT_TRUE(std::ranges::equal(input.tensor.bytes(), plain.pre_process(images).tensor.bytes()));
    EXPECT_EQ(other.post_process(other.forward(input.tensor), input.metadata, everything()), expected);
}

TEST(ObjectDetectionModel, BatchesAreSplitAndFilledUpAsThePackageAllows) {
    const std::vector<Image> pictures{shade(0), shade(51), shade(102), shade(153), shade(204)};
    const std::vector<ImageView> images(pictures.begin(), pictures.end());
    const auto one_by_one = make(std::string("input 1 3 8 8\noutput 1 5 2\n") + kTwoBoxes, {1, 1});
    const auto expected = one_by_one->as<ObjectDetectionModel>().infer(images, everything());
    ASSERT_THAT(expected, SizeIs(5));
    EXPECT_NE(expected[0], expected[4]);
    // The test engine's output has the batch that it was given, so a wrong batch would be an error.
    const auto threes = make(std::string("input 3 3 8 8\noutput 3 5 2\n") + kTwoBoxes, {3, 3});
    EXPECT_EQ(threes->as<ObjectDetectionModel>().infer(images, everything()), expected);
    EXPECT_EQ(threes->description().max_batch_size, 3);
    const auto any = make(std::string("input -1 3 8 8\noutput -1 5 2\n") + kTwoBoxes, {1, std::nullopt});
    EXPECT_EQ(any->as<ObjectDetectionModel>().infer(images, everything()), expected);
    EXPECT_THAT(any->as<ObjectDetectionModel>().infer(std::span<const ImageView>{}, everything()), SizeIs(0));
}

/// The same detector for rectangles: whole multiples of 4 pixels, up to 8x8.
std::unique_ptr<Model> make_rect(const std::string& script, BatchRule batch) {
    models::LoadedNetwork loaded = loaded_network(script, batch);
    loaded.contents.pre_processing.rect_stride = 4;
    return models::make_model(std::move(loaded));
}

TEST(ObjectDetectionModel, ImagesOfDifferentSizesInOneCallAreRunApart) {
    const std::vector<Image> pictures{shade(10, {16, 16}), shade(60, {16, 8}),  shade(90, {8, 16}), shade(120, {16, 8}),
                                      shade(150, {16, 5}), shade(180, {16, 7}), shade(210, {8, 16})};
    const std::vector<ImageView> images(pictures.begin(), pictures.end());
    const std::string script = std::string("input -1 3 -1 -1\noutput -1 5 2\n") + kTwoBoxes;
    const auto owner = make_rect(script, {1, 1});
    std::vector<Detections> expected;
    for (const ImageView& image : images) {
        expected.push_back(owner->as<ObjectDetectionModel>().infer(image, everything()));
    }
    // The mean of the input is seen in the answer, so padding, size and order all matter.
    EXPECT_FLOAT_EQ(expected[1].confidence[0], 0.3F + 60.0F / 255);       // nothing is padded: 8x4
    EXPECT_FLOAT_EQ(expected[4].confidence[0], 0.3F + 150.0F / 255 / 2);  // 2 of 4 rows are
    for (const BatchRule rule : {BatchRule{1, 1}, BatchRule{1, 2}, BatchRule{3, 3}, BatchRule{1, std::nullopt}}) {
        for (const char* const order : {"", "order channels_last\n"}) {
            const auto other = make_rect(script + order, rule);
            EXPECT_EQ(other->as<ObjectDetectionModel>().infer(images, everything()), expected);
        }
    }
}

TEST(ObjectDetectionModel, OneTensorHoldsImagesOfOneSize) {
    const auto owner = make_rect(std::string("input -1 3 -1 -1\noutput -1 5 2\n") + kTwoBoxes, {1, 2});
    const auto& model = owner->as<ObjectDetectionModel>();
    std::vector<Image> pictures{shade(10, {16, 8}), shade(60, {32, 16}), shade(99, {16, 7})};
    const std::vector<ImageView> images(pictures.begin(), pictures.end());
    const auto input = model.pre_process(images);
    EXPECT_THAT(input.tensor.shape(), ElementsAre(3, 3, 4, 8));
    EXPECT_EQ(input.metadata[2].network_size, (ImageSize{8, 4}));
    EXPECT_EQ(model.post_process(model.forward(input.tensor), input.metadata, everything()),
              model.infer(images, everything()));
    pictures.push_back(shade(0, {8, 16}));
    const std::vector<ImageView> mixed(pictures.begin(), pictures.end());
    const Error error = error_of([&] { (void)model.pre_process(mixed); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    EXPECT_THAT(error.message(), HasSubstr("2 sizes, 8x4 and 4x8 among them"));
    EXPECT_THAT(error.hint(), HasSubstr("each size"));
    for (const auto& [height, width] : {std::pair{6, 8}, {12, 8}, {8, 0}, {4, 2}}) {
        const Error refused =
            error_of([&] { (void)model.forward(Tensor(ElementType::float32, {1, 3, height, width})); });
        EXPECT_THAT(refused.message(), HasSubstr("[batch, 3, 8, 8] or smaller multiples of 4"));
    }
}

TEST(ObjectDetectionModel, ANetworkOfOneSizeTakesNoRectangles) {
    const Error error =
        error_of([] { (void)make_rect(std::string("input 1 3 8 8\noutput 1 5 2\n") + kTwoBoxes, {1, 1}); });
    EXPECT_EQ(error.kind(), ErrorKind::unsupported_model);
    EXPECT_THAT(error.message(), HasSubstr("[1, 3, 8, 8] in `images`, which is no batch of 8x8 images and of smaller"));
}

TEST(ObjectDetectionModel, AnotherSizeThanThePackagesIsTriedBeforeSomebodyReliesOnIt) {
    const std::string script = "input -1 3 -1 -1\noutput 1 5 2\nvalues 1\nfail run a constant of another size";
    EXPECT_NE(make(script), nullptr);
    models::LoadedNetwork loaded = loaded_network(script);
    loaded.is_to_be_tried = true;
    EXPECT_EQ(error_of([&] { (void)models::make_model(std::move(loaded)); }).message(), "a constant of another size");
}

TEST(ObjectDetectionModel, AnOutputForAnotherBatchIsAnError) {
    const auto model = make("input -1 3 8 8\noutput 2 5 2\nvalues 1", {1, 1});
    const Error error = error_of([&] { (void)model->as<ObjectDetectionModel>().infer(shade(0)); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_output);
    EXPECT_EQ(error.subject(), "output0");
    EXPECT_THAT(error.hint(), HasSubstr("batch"));
}

TEST(ObjectDetectionModel, NaNIsAnError) {
    const auto model = make("input 1 3 8 8\noutput 1 5 1\nvalues 1 1 1 1 nan");
    EXPECT_EQ(error_of([&] { (void)model->as<ObjectDetectionModel>().infer(shade(0)); }).kind(),
              ErrorKind::invalid_output);
}

TEST(ObjectDetectionModel, OptionsOutOfRangeAreErrorsThatNameThem) {
    const auto model = make(std::string("input 1 3 8 8\noutput 1 5 2\n") + kTwoBoxes);
    const auto error_with = [&](auto change) {
        ObjectDetectionOptions options;
        change(options);
        const Error error = error_of([&] { (void)model->as<ObjectDetectionModel>().infer(shade(0), options); });
        EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
        EXPECT_FALSE(error.hint().empty());
        return error.subject();
    };
    EXPECT_EQ(error_with([](auto& options) { options.confidence = 1.5F; }), "confidence");
    EXPECT_EQ(error_with([](auto& options) { options.confidence = std::nanf(""); }), "confidence");
    EXPECT_EQ(error_with([](auto& options) { options.iou_threshold = -0.1F; }), "iou_threshold");
    EXPECT_EQ(error_with([](auto& options) { options.max_detections = 0; }), "max_detections");
}

TEST(ObjectDetectionModel, ANetworkWithoutAnImageInputIsRefused) {
    const Error channels = error_of([] { (void)make("input 1 4 8 8\noutput 1 5 2\nvalues 0"); });
    EXPECT_EQ(channels.kind(), ErrorKind::unsupported_model);
    EXPECT_THAT(channels.message(), HasSubstr("[1, 4, 8, 8]"));
    const Error type = error_of([] { (void)make("input 1 3 8 8\ntype uint8\noutput 1 5 2\nvalues 0"); });
    EXPECT_THAT(type.message(), HasSubstr("uint8"));
    EXPECT_THAT(type.hint(), HasSubstr("float32"));
}

TEST(ObjectDetectionModel, ForwardRefusesATensorOfAnotherShape) {
    const auto model = make(std::string("input 1 3 8 8\noutput 1 5 2\n") + kTwoBoxes);
    const Error error =
        error_of([&] { (void)model->as<ObjectDetectionModel>().forward(Tensor(ElementType::float32, {1, 3, 4, 4})); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    EXPECT_THAT(error.message(), HasSubstr("[batch, 3, 8, 8]"));
}

TEST(ObjectDetectionModel, ThreadsGetTheirOwnResults) {
    const auto owner = make(std::string("input 1 3 8 8\noutput 1 5 2\n") + kTwoBoxes);
    const auto& model = owner->as<ObjectDetectionModel>();
    const auto work = [&](int value) {
        const Image picture = shade(value, {40 + value, 30});
        const Detections expected = model.infer(picture, everything());
        for (int i = 0; i < 200; ++i) ASSERT_EQ(model.infer(picture, everything()), expected);
    };
    std::vector<std::thread> threads;
    for (const int value : {0, 40, 90, 200}) threads.emplace_back(work, value);
    for (auto& thread : threads) thread.join();
}

class OtherTask final : public Model {
public:
    [[nodiscard]] TaskType task() const noexcept override { return TaskType::classification; }
    [[nodiscard]] const ModelDescription& description() const noexcept override { return description_; }
    [[nodiscard]] const std::vector<std::string>& class_names() const noexcept override { return names_; }

private:
    ModelDescription description_;
    std::vector<std::string> names_;
};

TEST(Model, AskedForAnotherTaskNamesItsOwn) {
    OtherTask model;
    const Error error = error_of([&] { (void)model.as<ObjectDetectionModel>(); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    EXPECT_THAT(error.message(), HasSubstr("classification"));
    EXPECT_THAT(error.message(), HasSubstr("object-detection"));
}

}  // namespace
}  // namespace inference_models
