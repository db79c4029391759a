#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <tuple>

#include "common/mapped_file.hpp"
#include "formats/package.hpp"
#include "formats/package_maker.hpp"

namespace inference_models::formats {
namespace {

namespace fs = std::filesystem;
using namespace tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A directory that holds one whole package of a small detector, for a test to break.
class BrokenPackage : public ::testing::Test {
protected:
    BrokenPackage() { write_onnx_package(package_); }

    [[nodiscard]] Error listing_error() const {
        return error_of([this] { static_cast<void>(list_packages(package_)); });
    }

    /// Of the second step, after a listing without problems.
    [[nodiscard]] Error contents_error() const {
        return error_of([this] { static_cast<void>(read_package_contents(list_packages(package_).packages.at(0))); });
    }

    [[nodiscard]] std::string in(const std::string& name) const { return (package_ / name).string(); }
    void write(const std::string& name, const std::string& bytes) const { write_file(package_ / name, bytes); }

    TemporaryDirectory temporary_;
    fs::path package_ = temporary_.path() / "detector";
};

TEST_F(BrokenPackage, IsWholeBeforeItIsBroken) {
    const Listing listing = list_packages(package_);
    EXPECT_EQ(listing.model_id, "detector");
    ASSERT_EQ(listing.packages.size(), 1);
    const PackageContents contents = read_package_contents(listing.packages[0]);
    EXPECT_THAT(contents.class_names, ElementsAre("person", "car"));
    EXPECT_EQ(contents.pre_processing.network_size, (ImageSize{.width = 64, .height = 32}));
}

TEST_F(BrokenPackage, EachMissingFileIsNamed) {
    for (const char* const name : {"inference_config.json", "class_names.txt", "weights.onnx"}) {
        write_onnx_package(package_);
        fs::remove(package_ / name);
        expect_error(listing_error(), ErrorKind::corrupted_package, in(name), "is missing");
    }
}

TEST_F(BrokenPackage, AMissingModelConfigIsShownAsItShouldBe) {
    fs::remove(package_ / "model_config.json");
    const Error error = listing_error();
    expect_error(error, ErrorKind::corrupted_package, in("model_config.json"), "is missing");
    const std::string& hint = error.hint();
    ASSERT_NE(hint.find('{'), std::string::npos) << hint;
    write("model_config.json", hint.substr(hint.find('{')));
    EXPECT_EQ(list_packages(package_).packages.at(0).architecture, "yolov8");
}

TEST_F(BrokenPackage, ATruncatedNetworkIsCalledSo) {
    const std::string bytes = build_onnx(small_detector());
    write("weights.onnx", bytes.substr(0, bytes.size() / 2));
    const Error error = listing_error();
    expect_error(error, ErrorKind::corrupted_package, in("weights.onnx"), "truncated");
}

TEST_F(BrokenPackage, AForeignFileIsCalledByItsName) {
    const std::pair<std::string, std::string> cases[]{
        {"", "an empty file"},
        {"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a Git LFS pointer"},
        {"\n <!DOCTYPE html><html>", "an HTML page"},
        {"PK\x03\x04 archive/data.pkl PK\x05\x06", "a PyTorch checkpoint"},
        {"PK\x03\x04 archive/data.pkl", "a truncated zip archive"},
        {"PK\x03\x04 archive/constants.pkl archive/data.pkl PK\x05\x06", "a TorchScript file"},
        {"PK\x03\x04 notes.txt PK\x05\x06", "a zip archive"},
        {"ftrt and more", "a TensorRT engine"},
        {"\x89PNG\r\n", "a picture"},
        {"{\"a\": 1}", "a JSON file"},
        {std::string("\x10\0\0\0\0\0\0\0{\"weight\":", 18), "a safetensors file"},
        {"<?xml version=\"1.0\"?>\n<net name=\"a\">", "an OpenVINO IR file"},
    };
    for (const auto& [bytes, name] : cases) {
        write("weights.onnx", bytes);
        expect_error(listing_error(), ErrorKind::corrupted_package, in("weights.onnx"), "it looks like " + name);
    }
}

TEST_F(BrokenPackage, BytesWithoutMeaningAreNoNetwork) {
    write("weights.onnx", "nothing of any known format");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("weights.onnx"), "not an ONNX file");
}

TEST_F(BrokenPackage, JsonThatIsNoJsonIsLocated) {
    write("model_config.json", "{\n  \"model_architecture\": yolov8\n}");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("model_config.json"), "line 2, column 25");
    write("model_config.json", "version https://git-lfs.github.com/spec/v1\n");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("model_config.json"), "a Git LFS pointer");
    write("model_config.json", "[1, 2]");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("model_config.json"), "must be an object");
    write("model_config.json", "");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("model_config.json"), "an empty file");
}

TEST_F(BrokenPackage, JsonThatIsMeantToHurtIsRefused) {
    const std::string path = in("model_config.json");
    write("model_config.json", with(kModelConfig, "{", R"({"backend_type": "trt", )"));
    expect_error(listing_error(), ErrorKind::corrupted_package, path, "states `backend_type` twice");
    write("model_config.json", R"({"a": )" + std::string(100'000, '[') + std::string(100'000, ']') + "}");
    expect_error(listing_error(), ErrorKind::corrupted_package, path, "levels deep");
    write("model_config.json", std::string((16U << 20U) + 1, ' '));
    expect_error(listing_error(), ErrorKind::corrupted_package, path, "at most");
    write("model_config.json", with(kModelConfig, "yolov8", "yolo\xff"));
    expect_error(listing_error(), ErrorKind::corrupted_package, path, "not valid JSON");
    write("model_config.json", with(kModelConfig, "{", R"({"dynamic_batch_size_supported": 1e999, )"));
    expect_error(listing_error(), ErrorKind::corrupted_package, path, "JSON");
}

/// (the piece of the file, what stands there instead, the field, a part of the message)
using Change = std::tuple<std::string, std::string, std::string, std::string>;

TEST_F(BrokenPackage, EachFieldOfModelConfigIsChecked) {
    const Change changes[]{
        {R"("model_architecture": "yolov8", )", "", "model_architecture", "is missing"},
        {R"("yolov8")", "8", "model_architecture", "must be a text"},
        {R"("yolov8")", R"("")", "model_architecture", "is empty"},
        {R"("yolov8")", "null", "model_architecture", "is missing"},
        {R"("object-detection")", "[]", "task_type", "must be a text"},
        {R"(, "backend_type": "onnx")", "", "backend_type", "is missing"},
        {R"("onnx")", R"("tensorflow")", "backend_type", "`tensorflow`"},
        {R"("onnx")", "{}", "backend_type", "must be a text"},
        {"{", R"({"quantization": "int4", )", "quantization", "`int4`"},
        {"{", R"({"quantization": 8, )", "quantization", "must be a text"},
        {"{", R"({"static_batch_size": "1", )", "static_batch_size", "must be a number"},
        {"{", R"({"static_batch_size": 0, )", "static_batch_size", "is 0"},
        {"{", R"({"static_batch_size": 1.5, )", "static_batch_size", "must be a whole number"},
        {"{", R"({"static_batch_size": 99999999999999999999, )", "static_batch_size", "it must be 1 to"},
        {"{", R"({"static_batch_size": 18446744073709551615, )", "static_batch_size", "it must be 1 to"},
        {"{", R"({"dynamic_batch_size_supported": 1, )", "dynamic_batch_size_supported", "must be true or false"},
        {"{", R"({"incompatible_providers": "CUDA", )", "incompatible_providers", "must be a list"},
        {"{", R"({"incompatible_providers": ["a", 2], )", "incompatible_providers[1]", "must be a text"},
    };
    for (const auto& [piece, replacement, field, part] : changes) {
        SCOPED_TRACE(replacement);
        write("model_config.json", with(kModelConfig, piece, replacement));
        expect_error(listing_error(), ErrorKind::corrupted_package, in("model_config.json") + ": " + field, part);
    }
}

TEST_F(BrokenPackage, WhatThisVersionDoesNotHaveIsUnsupported) {
    const Change changes[]{
        {R"("object-detection")", R"("vlm")", "task_type", "`vlm`"},
        {R"("onnx")", R"("custom")", "backend_type", "Python code"},
        {"{", R"({"model_module": "model.py", )", "model_module", "Python code"},
        {"{", R"({"model_class": "Model", )", "model_class", "Python code"},
    };
    for (const auto& [piece, replacement, field, part] : changes) {
        write("model_config.json", with(kModelConfig, piece, replacement));
        expect_error(listing_error(), ErrorKind::unsupported_model, in("model_config.json") + ": " + field, part);
    }
}

TEST_F(BrokenPackage, EachFieldOfInferenceConfigIsChecked) {
    const std::string input = "network_input.";
    const std::string steps = R"({"image_pre_processing": )";
    const Change changes[]{
        {R"("height": 32, )", "", input + "training_input_size.height", "is missing"},
        {R"("height": 32)", R"("height": "32")", input + "training_input_size.height", "must be a number"},
        {R"("height": 32)", R"("height": 0)", input + "training_input_size.height", "is 0"},
        {R"("height": 32)", R"("height": -32)", input + "training_input_size.height", "is -32"},
        {R"("width": 64)", R"("width": 1e9)", input + "training_input_size.width", "it must be 1 to"},
        {R"("width": 64)", R"("width": 64.5)", input + "training_input_size.width", "must be a whole number"},
        {R"({"height": 32, "width": 64})", "[32, 64]", input + "training_input_size", "must be an object"},
        {R"("dynamic_spatial_size_supported": false)", R"("dynamic_spatial_size_supported": 0)",
         input + "dynamic_spatial_size_supported", "must be true or false"},
        {R"("dynamic_spatial_size_supported": false,)", "", input + "dynamic_spatial_size_supported", "is missing"},
        {R"("input_channels": 3)", R"("dynamic_spatial_size_mode": {"type": "divisor"}, "input_channels": 3)",
         input + "dynamic_spatial_size_mode.type", "`divisor`"},
        {R"("input_channels": 3)",
         R"("dynamic_spatial_size_mode": {"type": "pad-to-be-divisible", "value": 0}, "input_channels": 3)",
         input + "dynamic_spatial_size_mode.value", "is 0"},
        {R"("input_channels": 3)", R"("dataset_version_resize_dimensions": {"height": 1}, "input_channels": 3)",
         input + "dataset_version_resize_dimensions.width", "is missing"},
        {R"("color_mode": "rgb")", R"("color_mode": "RGBA")", input + "color_mode", "`RGBA`"},
        {R"("color_mode": "rgb",)", "", input + "color_mode", "is missing"},
        {R"("letterbox")", R"("squeeze")", input + "resize_mode", "`squeeze`"},
        {R"("letterbox")", "1", input + "resize_mode", "must be a text"},
        {R"("padding_value": 114)", R"("padding_value": 256)", input + "padding_value", "is 256"},
        {R"("padding_value": 114)", R"("padding_value": -1)", input + "padding_value", "is -1"},
        {R"("padding_value": 114)", R"("padding_value": [114])", input + "padding_value", "must be a number"},
        {R"("input_channels": 3)", R"("input_channels": 1)", input + "input_channels", "is 1"},
        {R"("input_channels": 3,)", "", input + "input_channels", "is missing"},
        {R"("scaling_factor": 255)", R"("scaling_factor": 0)", input + "scaling_factor", "greater than 0"},
        {R"("scaling_factor": 255)", R"("scaling_factor": -255)", input + "scaling_factor", "greater than 0"},
        {R"("scaling_factor": 255)", R"("scaling_factor": 1e-60)", input + "scaling_factor", "greater than 0"},
        {R"("scaling_factor": 255)", R"("scaling_factor": 1e60)", input + "scaling_factor", "too large"},
        {R"("scaling_factor": 255)", R"("scaling_factor": true)", input + "scaling_factor", "must be a number"},
        {R"("scaling_factor": 255)", R"("normalization": [[0, 0, 0]])", input + "normalization", "two lists"},
        {R"("scaling_factor": 255)", R"("normalization": [[0, 0], [1, 1, 1]])", input + "normalization[0]",
         "2 numbers"},
        {R"("scaling_factor": 255)", R"("normalization": [[0, 0, 0], [1, 0, 1]])", input + "normalization[1]",
         "deviation of 0"},
        {R"("scaling_factor": 255)", R"("normalization": [[0, "0", 0], [1, 1, 1]])", input + "normalization[0][1]",
         "must be a number"},
        {R"("scaling_factor": 255)", R"("normalization": 1)", input + "normalization", "must be a list"},
        {"{", steps + "[], ", "image_pre_processing", "must be an object"},
        {"{", steps + R"({"auto-orient": {}}, )", "image_pre_processing.auto-orient.enabled", "is missing"},
        {"{", steps + R"({"auto-orient": {"enabled": 1}}, )", "image_pre_processing.auto-orient.enabled",
         "true or false"},
        {"{", steps + R"({"grayscale": true}, )", "image_pre_processing.grayscale", "must be an object"},
        {"{", steps + R"({"contrast": {"enabled": true, "type": "Gamma"}}, )", "image_pre_processing.contrast.type",
         "`Gamma`"},
        {"{", steps + R"({"contrast": {"enabled": true}}, )", "image_pre_processing.contrast.type", "is missing"},
        {"{", steps + R"({"static-crop": {"enabled": true, "x_min": 0, "x_max": 101, "y_min": 0, "y_max": 9}}, )",
         "image_pre_processing.static-crop.x_max", "is 101"},
        {"{", steps + R"({"static-crop": {"enabled": true, "x_min": 50, "x_max": 50, "y_min": 0, "y_max": 9}}, )",
         "image_pre_processing.static-crop.x_max", "greater than x_min"},
        {"{", steps + R"({"static-crop": {"enabled": true, "x_min": 0, "x_max": 50, "y_min": 9, "y_max": 3}}, )",
         "image_pre_processing.static-crop.y_max", "greater than y_min"},
        {R"("type": "nms")", R"("type": "softmax")", "post_processing.type", "must be `nms`"},
        {R"("type": "nms")", R"("type": "soft-nms")", "post_processing.type", "`soft-nms`"},
        {R"("fused": false)", R"("fused": "no")", "post_processing.fused", "must be true or false"},
        {R"("type": "nms", "fused": false)", R"("type": "nms")", "post_processing.fused", "is missing"},
        {R"({"type": "nms", "fused": false})", "null", "post_processing", "is missing"},
        {R"("fused": false)", R"("fused": false, "nms_parameters": {"iou_threshold": 2})",
         "post_processing.nms_parameters.iou_threshold", "must be 0 to 1"},
        {R"("network_input")", R"("network")", "network_input", "is missing"},
        // What the graph says otherwise.
        {R"("height": 32)", R"("height": 64)", input + "training_input_size.height", "[1, 3, 32, 64] has 32"},
        {R"("fused": false)", R"("fused": true)", "post_processing.fused", "[1, 6, 5]"},
    };
    for (const auto& [piece, replacement, field, part] : changes) {
        SCOPED_TRACE(replacement);
        write("inference_config.json", with(kInferenceConfig, piece, replacement));
        expect_error(contents_error(), ErrorKind::corrupted_package, in("inference_config.json") + ": " + field, part);
    }
}

TEST_F(BrokenPackage, AFeatureThatMakesNoSenseIsNamed) {
    const std::tuple<const char*, const char*, const char*> features[]{
        {"[]", "model_features", "must be an object"},
        {R"({"nms_fused": "yes"})", "model_features.nms_fused", "is neither true, false nor an object"},
        {R"({"nms_fused": {"max_detections": -1}})", "model_features.nms_fused.max_detections", "is -1"},
        {R"({"nms_fused": {"max_detections": 0.5}})", "model_features.nms_fused.max_detections", "whole number"},
        {R"({"nms_fused": {"confidence_threshold": "x"}})", "model_features.nms_fused.confidence_threshold",
         "must be a number"},
        {R"({"nms_fused": {"iou_threshold": 1.5}})", "model_features.nms_fused.iou_threshold", "must be 0 to 1"},
        {R"({"nms_fused": {"class_agnostic": 2}})", "model_features.nms_fused.class_agnostic", "must be true or false"},
    };
    for (const auto& [stated, field, part] : features) {
        SCOPED_TRACE(stated);
        write("model_config.json", with(kModelConfig, "{", std::string(R"({"model_features": )") + stated + ", "));
        expect_error(listing_error(), ErrorKind::corrupted_package, in("model_config.json") + ": " + field, part);
    }
}

TEST_F(BrokenPackage, ABatchThatContradictsTheGraphIsNamed) {
    const std::string file = in("inference_config.json");
    write("inference_config.json", with(kInferenceConfig, R"("static_batch_size": 1)", R"("static_batch_size": 8)"));
    expect_error(listing_error(), ErrorKind::corrupted_package, file + ": forward_pass.static_batch_size",
                 "`images` [1, 3, 32, 64] takes exactly 1");
    write("inference_config.json", with(kInferenceConfig, "static_batch_size", "max_dynamic_batch_size"));
    EXPECT_EQ(list_packages(package_).packages.at(0).batch, (BatchRule{1, 1}));
    write("inference_config.json",
          with(kInferenceConfig, R"("static_batch_size": 1)", R"("max_dynamic_batch_size": 8)"));
    expect_error(listing_error(), ErrorKind::corrupted_package, file + ": forward_pass.max_dynamic_batch_size",
                 "exactly 1");
    write("inference_config.json", with(kInferenceConfig, R"("static_batch_size": 1)", ""));
    write("model_config.json", with(kModelConfig, "{", R"({"dynamic_batch_size_supported": true, )"));
    expect_error(listing_error(), ErrorKind::corrupted_package,
                 in("model_config.json") + ": dynamic_batch_size_supported", "exactly 1");
}

TEST_F(BrokenPackage, ABatchOfTheGraphBeyondAnyNetworksIsRefused) {
    OnnxNetwork network = small_detector();
    write("inference_config.json", with(kInferenceConfig, R"("static_batch_size": 1)", ""));
    network.batch = 65'536;
    write("weights.onnx", build_onnx(network));
    EXPECT_EQ(list_packages(package_).packages.at(0).batch, (BatchRule{65'536, 65'536}));
    for (const std::int64_t batch : {std::int64_t{65'537}, std::int64_t{1} << 40U, INT64_MAX}) {
        network.batch = batch;
        write("weights.onnx", build_onnx(network));
        expect_error(listing_error(), ErrorKind::corrupted_package, in("weights.onnx"),
                     std::to_string(batch) + " images per run");
    }
}

TEST_F(BrokenPackage, InputsThatNoMemoryHoldsAreRefused) {
    OnnxNetwork network = small_detector();
    network.batch.reset();
    network.height = network.width = 16'384;
    write("weights.onnx", build_onnx(network));
    const std::string large = with(with(kInferenceConfig, "32", "16384"), "64", "16384");
    write("inference_config.json", with(large, R"("static_batch_size": 1)", R"("static_batch_size": 5)"));
    EXPECT_EQ(read_package_contents(list_packages(package_).packages.at(0)).pre_processing.network_size.width, 16'384);
    for (const char* const batch : {R"("static_batch_size": 6)", R"("max_dynamic_batch_size": 65536)"}) {
        write("inference_config.json", with(large, R"("static_batch_size": 1)", batch));
        expect_error(contents_error(), ErrorKind::corrupted_package, package_.string(), "images of 16384x16384");
    }
}

TEST_F(BrokenPackage, TwoFieldsThatFixTheBatchMustAgree) {
    write("model_config.json", with(kModelConfig, "{", R"({"static_batch_size": 4, )"));
    expect_error(listing_error(), ErrorKind::corrupted_package, in("model_config.json") + ": static_batch_size",
                 "another field says a fixed batch of 1");
}

TEST_F(BrokenPackage, ForwardPassIsCheckedInTheListing) {
    write("inference_config.json", with(kInferenceConfig, R"("static_batch_size": 1)", R"("static_batch_size": "1")"));
    expect_error(listing_error(), ErrorKind::corrupted_package,
                 in("inference_config.json") + ": forward_pass.static_batch_size", "must be a number");
}

TEST_F(BrokenPackage, ClassNamesMustFitTheNetwork) {
    for (const auto& [names, count] : {std::pair{"person\n", "1 class names"}, {"a\nb\nc\n", "3 class names"}}) {
        write("class_names.txt", names);
        const Error error = contents_error();
        expect_error(error, ErrorKind::corrupted_package, in("class_names.txt"), count);
        EXPECT_THAT(error.message(), HasSubstr("for 2 classes"));
    }
}

TEST_F(BrokenPackage, ClassNamesMustBeText) {
    const std::string path = in("class_names.txt");
    write("class_names.txt", " \n\r\n\t\n");
    expect_error(contents_error(), ErrorKind::corrupted_package, path, "no class names");
    write("class_names.txt", "");
    expect_error(contents_error(), ErrorKind::corrupted_package, path, "no class names");
    for (const char* const bytes : {"\xff", "caf\xe9", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
        write("class_names.txt", "person\n" + std::string(bytes) + "\n");
        expect_error(contents_error(), ErrorKind::corrupted_package, path, "in line 2 bytes that are not UTF-8");
    }
    write("class_names.txt", "person\n\n" + std::string(2000, 'a'));
    expect_error(contents_error(), ErrorKind::corrupted_package, path, "in line 3 a name that is too long");
}

TEST_F(BrokenPackage, ANetworkThatTakesNoColourImagesIsRefused) {
    std::string bytes = build_onnx(small_detector());
    // The input's second dimension: `3` becomes `1`.
    const std::string three("\x0a\x02\x08\x03", 4);
    bytes.replace(bytes.find(three), three.size(), std::string("\x0a\x02\x08\x01", 4));
    write("weights.onnx", bytes);
    expect_error(contents_error(), ErrorKind::corrupted_package, in("weights.onnx"), "[1, 1, 32, 64]");
}

/// Whatever happens to a file, reading it ends in an error of ours or in a package.
void expect_no_crash(const fs::path& package) {
    try {
        for (const Package& found : list_packages(package).packages) static_cast<void>(read_package_contents(found));
    } catch (const Error& error) {
        EXPECT_FALSE(error.message().empty());
    }
}

/// The network also stands for itself, so that it is read in both ways.
class Mutation : public BrokenPackage, public ::testing::WithParamInterface<const char*> {
protected:
    Mutation() {
        OnnxNetwork network = small_detector();
        network.metadata = ultralytics_metadata(kTwoNames);
        write_onnx_package(package_, network);
    }

    void change(const std::string& bytes) const {
        write(GetParam(), bytes);
        expect_no_crash(package_);
        if (GetParam() == std::string("weights.onnx")) expect_no_crash(package_ / GetParam());
    }
};

TEST_P(Mutation, NeverCrashes) {
    const std::string bytes = read_text_file(package_ / GetParam());
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 200);
    for (std::size_t length = 0; length < bytes.size(); length += step) {
        change(bytes.substr(0, length));
    }
    std::uint32_t random = 20'240'229;  // a fixed seed: xorshift
    const auto next = [&random] {
        random ^= random << 13U;
        random ^= random >> 17U;
        random ^= random << 5U;
        return random;
    };
    for (int round = 0; round < 500; ++round) {
        std::string changed = bytes;
        for (std::uint32_t flips = 1 + next() % 3; flips > 0; --flips) {
            char& byte = changed[next() % changed.size()];
            byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (next() % 8)));
        }
        change(changed);
    }
}

INSTANTIATE_TEST_SUITE_P(Files, Mutation,
                         ::testing::Values("weights.onnx", "model_config.json", "inference_config.json",
                                           "class_names.txt"));

}  // namespace
}  // namespace inference_models::formats
