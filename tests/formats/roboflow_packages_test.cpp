#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <inference_models/log.hpp>
#include <string>

#include "formats/package.hpp"
#include "formats/package_maker.hpp"

namespace inference_models::formats {
namespace {

namespace fs = std::filesystem;
using namespace tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RoboflowPackage : public ::testing::Test {
protected:
    RoboflowPackage() { write_onnx_package(package_); }

    [[nodiscard]] Package listed() const { return list_packages(package_).packages.at(0); }
    [[nodiscard]] PackageContents contents() const { return read_package_contents(listed()); }
    [[nodiscard]] Error listing_error() const {
        return error_of([this] { static_cast<void>(listed()); });
    }
    [[nodiscard]] std::string in(const std::string& name) const { return (package_ / name).string(); }
    void write(const std::string& name, const std::string& bytes) const { write_file(package_ / name, bytes); }
    /// The same package, stored in another form.
    void become(const std::string& backend_type, const std::string& weights,
                const std::string& bytes = "PK\x03\x04 a/constants.pkl PK\x05\x06") const {
        write("model_config.json", with(kModelConfig, "\"onnx\"", "\"" + backend_type + "\""));
        fs::remove(package_ / "weights.onnx");
        write(weights, bytes);
    }

    TemporaryDirectory temporary_;
    fs::path package_ = temporary_.path() / "detector";
};

TEST_F(RoboflowPackage, EveryStepOfPreProcessingIsRead) {
    write("inference_config.json", R"({
      "image_pre_processing": {
        "auto-orient": {"enabled": true},
        "static-crop": {"enabled": true, "x_min": 10, "x_max": 90, "y_min": 0, "y_max": 100},
        "contrast": {"enabled": true, "type": "Contrast Stretching"},
        "grayscale": {"enabled": true}
      },
      "network_input": {
        "training_input_size": {"height": 32, "width": 64.0},
        "dataset_version_resize_dimensions": {"height": 10, "width": 20},
        "dynamic_spatial_size_supported": true,
        "dynamic_spatial_size_mode": {"type": "pad-to-be-divisible", "value": 32},
        "color_mode": "bgr", "resize_mode": "stretch", "padding_value": null, "input_channels": 3,
        "scaling_factor": null,
        "normalization": [[1, 2, 3], [0.5, 4, 5]]
      },
      "forward_pass": {"static_batch_size": null, "max_dynamic_batch_size": null},
      "post_processing": {"type": "nms", "fused": false,
        "nms_parameters": {"max_detections": 300, "confidence_threshold": 0.4, "iou_threshold": 0.3, "class_agnostic": 0}},
      "model_initialization": null,
      "a key of tomorrow": [1, 2, 3]
    })");
    const vision::PreProcessing rules = contents().pre_processing;
    ASSERT_TRUE(rules.static_crop);
    EXPECT_EQ(rules.static_crop->x_min, 10);
    EXPECT_EQ(rules.static_crop->x_max, 90);
    EXPECT_EQ(rules.static_crop->y_min, 0);
    EXPECT_EQ(rules.static_crop->y_max, 100);
    EXPECT_EQ(rules.contrast, vision::Contrast::contrast_stretching);
    EXPECT_TRUE(rules.grayscale);
    EXPECT_EQ(rules.resize_mode, vision::ResizeMode::stretch);
    EXPECT_EQ(rules.network_size, (ImageSize{.width = 64, .height = 32}));
    EXPECT_EQ(rules.padding_value, 0);
    EXPECT_EQ(rules.network_color, ColorFormat::bgr);
    EXPECT_EQ(rules.scaling_factor, std::nullopt);
    ASSERT_TRUE(rules.normalization);
    EXPECT_THAT(rules.normalization->mean, ElementsAre(1.0F, 2.0F, 3.0F));
    EXPECT_THAT(rules.normalization->deviation, ElementsAre(0.5F, 4.0F, 5.0F));
}

TEST_F(RoboflowPackage, StepsThatAreOffNeedNothing) {
    write("inference_config.json",
          with(kInferenceConfig, "{",
               R"({"image_pre_processing": {"auto-orient": null, "static-crop": {"enabled": false},
                   "contrast": {"enabled": false}, "grayscale": {"enabled": false}}, )"));
    const vision::PreProcessing rules = contents().pre_processing;
    EXPECT_FALSE(rules.static_crop);
    EXPECT_FALSE(rules.contrast);
    EXPECT_FALSE(rules.grayscale);
}

TEST_F(RoboflowPackage, ResizeModesHaveTheirNames) {
    const std::pair<const char*, vision::ResizeMode> modes[]{
        {"stretch", vision::ResizeMode::stretch},
        {"letterbox", vision::ResizeMode::letterbox},
        {"center-crop", vision::ResizeMode::center_crop},
        {"letterbox-reflect-edges", vision::ResizeMode::letterbox_reflect_edges},
    };
    for (const auto& [name, mode] : modes) {
        write("inference_config.json", with(kInferenceConfig, "letterbox", name));
        EXPECT_EQ(contents().pre_processing.resize_mode, mode) << name;
        // The reference crops onto a black canvas, whatever padding_value says.
        const int padding = mode == vision::ResizeMode::center_crop ? 0 : 114;
        EXPECT_EQ(contents().pre_processing.padding_value, padding) << name;
    }
}

TEST_F(RoboflowPackage, FitLongerEdgeIsALetterboxForYolosAndSaysSo) {
    write("inference_config.json", with(kInferenceConfig, "letterbox", "fit-longer-edge"));
    std::string said;
    set_log_handler(LogLevel::warning, [&said](LogLevel, std::string_view message) { said = message; });
    const vision::PreProcessing rules = contents().pre_processing;
    set_log_handler(LogLevel::off, {});
    EXPECT_EQ(rules.resize_mode, vision::ResizeMode::letterbox);
    EXPECT_EQ(rules.padding_value, 127);
    EXPECT_THAT(said, HasSubstr("fit-longer-edge"));

    write("model_config.json", with(kModelConfig, "yolov8", "rfdetr"));
    expect_error(error_of([this] { static_cast<void>(contents()); }), ErrorKind::unsupported_model,
                 in("inference_config.json") + ": network_input.resize_mode", "rfdetr");
}

TEST_F(RoboflowPackage, ClassNamesAreStripped) {
    write("class_names.txt",
          "\xEF\xBB\xBFperson \r\n\r\n\tStra\xc3\x9f"
          "e\r\n");
    EXPECT_THAT(contents().class_names, ElementsAre("person",
                                                    "Stra\xc3\x9f"
                                                    "e"));
}

TEST_F(RoboflowPackage, OtherSizesAreTakenAsThePackageAndItsNetworkSay) {
    const std::string stated = R"("dynamic_spatial_size_supported": false)";
    const auto stride = [&](const std::string& said) {
        write("inference_config.json", with(kInferenceConfig, stated, said));
        return listed().sizes.value().stride;
    };
    const std::string multiples = R"("dynamic_spatial_size_supported": true,
        "dynamic_spatial_size_mode": {"type": "pad-to-be-divisible", "value": 16})";
    EXPECT_EQ(stride(multiples), std::nullopt);  // the network takes 64x32 alone
    OnnxNetwork network = small_detector();
    network.height.reset();
    network.width.reset();
    write("weights.onnx", build_onnx(network));
    EXPECT_EQ(stride(multiples), 16);
    EXPECT_EQ(listed().sizes.value().own, (ImageSize{.width = 64, .height = 32}));
    EXPECT_EQ(stride(R"("dynamic_spatial_size_supported": true, "dynamic_spatial_size_mode": {"type": "any-size"})"),
              1);
    EXPECT_EQ(stride(R"("dynamic_spatial_size_supported": false, "dynamic_spatial_size_mode": {"type": "any-size"})"),
              std::nullopt);
    EXPECT_EQ(stride(R"("dynamic_spatial_size_supported": true)"), std::nullopt);  // which ones, nobody says
    EXPECT_EQ(stride(stated), std::nullopt);
    become("torch-script", "weights.torchscript");
    EXPECT_EQ(stride(multiples), 16);
}

TEST_F(RoboflowPackage, OnlyLetterboxesKeepProportions) {
    const std::pair<const char*, bool> modes[]{{R"("letterbox")", true},
                                               {R"("letterbox-reflect-edges")", true},
                                               {R"("fit-longer-edge")", true},
                                               {R"("stretch")", false},
                                               {R"("center-crop")", false}};
    for (const auto& [mode, keeps] : modes) {
        write("inference_config.json", with(kInferenceConfig, R"("letterbox")", mode));
        EXPECT_EQ(listed().sizes.value().letterboxed, keeps) << mode;
    }
}

TEST_F(RoboflowPackage, ADynamicBatchIsAsThePackageSays) {
    OnnxNetwork network = small_detector();
    network.batch.reset();
    write("weights.onnx", build_onnx(network));
    EXPECT_EQ(listed().batch, (BatchRule{1, 1}));
    write("inference_config.json",
          with(kInferenceConfig, R"("static_batch_size": 1)", R"("max_dynamic_batch_size": 8)"));
    EXPECT_EQ(listed().batch, (BatchRule{1, 8}));
    write("inference_config.json", with(kInferenceConfig, R"("static_batch_size": 1)", ""));
    EXPECT_EQ(listed().batch, (BatchRule{1, std::nullopt}));
    write("model_config.json", with(kModelConfig, "{", R"({"dynamic_batch_size_supported": true, )"));
    EXPECT_EQ(listed().batch, (BatchRule{1, std::nullopt}));
    write("model_config.json", with(kModelConfig, "{", R"({"static_batch_size": 4, )"));
    EXPECT_EQ(listed().batch, (BatchRule{4, 4}));
}

TEST_F(RoboflowPackage, QuantizationIsStatedOrSeen) {
    EXPECT_EQ(listed().quantization, Precision::fp32);
    write("model_config.json", with(kModelConfig, "{", R"({"quantization": "fp16", )"));
    EXPECT_EQ(listed().quantization, Precision::fp16);
    write("model_config.json", with(kModelConfig, "{", R"({"quantization": "unknown", )"));
    EXPECT_EQ(listed().quantization, Precision::fp32);
    become("torch-script", "weights.torchscript");
    EXPECT_EQ(listed().quantization, std::nullopt);
}

TEST_F(RoboflowPackage, FusedNmsMustBeWhatTheNetworkDoes) {
    OnnxNetwork network = small_detector();
    network.outputs = {OnnxOutput{.name = "output0", .shape = {1, 300, 6}, .values = std::vector<float>(1800)}};
    write("weights.onnx", build_onnx(network));
    const Package package = listed();
    expect_error(error_of([&] { static_cast<void>(read_package_contents(package)); }), ErrorKind::corrupted_package,
                 in("inference_config.json") + ": post_processing.fused", "[1, 300, 6]");
    write("inference_config.json", with(kInferenceConfig, "false}\n", "true}\n"));
    EXPECT_TRUE(contents().post_processing.fused_nms);
}

TEST_F(RoboflowPackage, IncompatibleProvidersAreRead) {
    write("model_config.json", with(kModelConfig, "{", R"({"incompatible_providers": ["CUDAExecutionProvider"], )"));
    EXPECT_THAT(listed().onnx->incompatible_providers, ElementsAre("CUDAExecutionProvider"));
}

TEST_F(RoboflowPackage, TorchScriptNeedsAStatedBatch) {
    become("torch-script", "weights.torchscript");
    EXPECT_EQ(listed().format, PackageFormat::torch_script);
    EXPECT_EQ(listed().batch, (BatchRule{1, 1}));
    write("inference_config.json", with(kInferenceConfig, R"("static_batch_size": 1)", ""));
    expect_error(listing_error(), ErrorKind::corrupted_package,
                 in("inference_config.json") + ": forward_pass.static_batch_size", "is missing");

    write("inference_config.json",
          with(kInferenceConfig, R"("static_batch_size": 1)", R"("max_dynamic_batch_size": 8)"));
    EXPECT_EQ(listed().batch, (BatchRule{1, 8}));
    write("inference_config.json", with(kInferenceConfig, R"("static_batch_size": 1)", ""));
    write("model_config.json",
          with(kModelConfig, R"("onnx")", R"("torch-script", "dynamic_batch_size_supported": true)"));
    EXPECT_EQ(listed().batch, (BatchRule{1, std::nullopt}));
}

TEST_F(RoboflowPackage, WeightsThatOnlyAnEngineReadsAreLookedAt) {
    become("torch-script", "weights.torchscript", "PK\x03\x04 a/constants.pkl");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("weights.torchscript"), "a truncated zip archive");
    write("weights.torchscript", "PK\x03\x04 a/data.pkl PK\x05\x06");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("weights.torchscript"), "a PyTorch checkpoint");
    write("weights.torchscript", "?");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("weights.torchscript"), "not a TorchScript file");
    write("trt_config.json", R"({"static_batch_size": 1})");
    become("trt", "engine.plan", "version https://git-lfs.github.com/spec/v1\n");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("engine.plan"), "a Git LFS pointer");
    write("engine.plan", "a header of somebody's own, then ftrt");
    EXPECT_EQ(listed().format, PackageFormat::trt_engine);
}

TEST_F(RoboflowPackage, StatedFeaturesAreReadWithTheirValues) {
    EXPECT_TRUE(listed().features.empty());
    write("model_config.json", with(kModelConfig, "{", R"({"model_features": null, "trusted_source": false, )"));
    EXPECT_TRUE(listed().features.empty());
    EXPECT_FALSE(listed().fused_nms);
    EXPECT_TRUE(listed().trusted_source);  // the user named the path

    write("model_config.json", with(kModelConfig, "{", R"({"model_features": {
        "nms_fused": {"max_detections": 300, "confidence_threshold": 0.25, "iou_threshold": 0.7, "class_agnostic": 1},
        "of_tomorrow": [1, "x", null], "not_stated": null}, )"));
    const Package package = listed();
    EXPECT_THAT(
        package.features,
        ElementsAre(
            std::pair("nms_fused",
                      R"({"class_agnostic":1,"confidence_threshold":0.25,"iou_threshold":0.7,"max_detections":300})"),
            std::pair("of_tomorrow", R"([1,"x",null])")));
    ASSERT_TRUE(package.fused_nms);
    EXPECT_EQ(package.fused_nms->max_detections, 300);
    EXPECT_EQ(package.fused_nms->confidence_threshold, 0.25);
    EXPECT_EQ(package.fused_nms->iou_threshold, 0.7);
    EXPECT_EQ(package.fused_nms->class_agnostic, true);

    write("model_config.json", with(kModelConfig, "{", R"({"model_features": {"nms_fused": {}}, )"));
    ASSERT_TRUE(listed().fused_nms);
    EXPECT_EQ(listed().fused_nms->max_detections, std::nullopt);
    EXPECT_EQ(listed().fused_nms->class_agnostic, std::nullopt);
}

TEST_F(RoboflowPackage, FusedNmsOfTheInferenceConfigIsNoStatedFeature) {
    OnnxNetwork network = small_detector();
    network.outputs = {OnnxOutput{.name = "output0", .shape = {1, 300, 6}, .values = std::vector<float>(1800, 0.0F)}};
    write("weights.onnx", build_onnx(network));
    write("inference_config.json", with(kInferenceConfig, R"("fused": false)", R"("fused": true)"));
    EXPECT_TRUE(contents().post_processing.fused_nms);
    EXPECT_FALSE(listed().fused_nms);
    EXPECT_TRUE(listed().features.empty());
}

TEST_F(RoboflowPackage, TorchScriptFactsAreRead) {
    become("torch-script", "weights.torchscript");
    write("model_config.json",
          R"({"model_architecture": "yolov8", "task_type": "object-detection", "backend_type": "torch-script",
              "torch_version": "2.6.0", "torchvision_version": "0.21.0", "supported_device_types": ["cpu", "cuda"]})");
    ASSERT_TRUE(listed().torch_script);
    EXPECT_EQ(listed().torch_script->torch_version, "2.6.0");
    EXPECT_EQ(listed().torch_script->torchvision_version, "0.21.0");
    EXPECT_THAT(listed().torch_script->supported_devices, ElementsAre(DeviceKind::cpu, DeviceKind::cuda));
}

TEST_F(RoboflowPackage, TrtConfigGivesTheBatch) {
    become("trt", "engine.plan", "ftrt");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("trt_config.json"), "is missing");
    write("trt_config.json", R"({"static_batch_size": 1})");
    EXPECT_EQ(listed().format, PackageFormat::trt_engine);
    EXPECT_EQ(listed().batch, (BatchRule{1, 1}));
    write("trt_config.json", R"({"static_batch_size": 8})");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("trt_config.json") + ": static_batch_size",
                 "another field says");

    write("inference_config.json", with(kInferenceConfig, R"("static_batch_size": 1)", ""));
    write("trt_config.json",
          R"({"dynamic_batch_size_min": 2, "dynamic_batch_size_opt": 4, "dynamic_batch_size_max": 8})");
    EXPECT_EQ(listed().batch, (BatchRule{2, 8}));
    write("trt_config.json",
          R"({"dynamic_batch_size_min": 2, "dynamic_batch_size_opt": 4, "dynamic_batch_size_max": 3})");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("trt_config.json") + ": dynamic_batch_size_max",
                 "it must be 4 to");
    write("trt_config.json", R"({"dynamic_batch_size_min": 2, "dynamic_batch_size_max": 3})");
    EXPECT_EQ(listing_error().subject(), in("trt_config.json") + ": dynamic_batch_size_opt");
}

TEST_F(RoboflowPackage, WhatAnEngineIsBoundToIsReadInBothSpellings) {
    become("trt", "engine.plan", "ftrt");
    write("trt_config.json", R"({"static_batch_size": 1})");
    EXPECT_EQ(listed().tensorrt->tensorrt_version, "");

    const std::string config = with(kModelConfig, "\"onnx\"", "\"trt\"");
    write("model_config.json",
          with(config, "{", R"({"trt_version": "10.9.0.34", "cuda_device_cc": "8.9", "cuda_version": "12.8",
               "cuda_device_type": "nvidia-l4", "same_cc_compatible": true, "trt_forward_compatible": true,
               "trt_lean_runtime_excluded": true, "machine_type": "gpu-server",
               "machine_specs": {"driver_version": "550.1", "os_version": "ubuntu-22.04"}, )"));
    TensorRtFacts facts = listed().tensorrt.value();
    EXPECT_EQ(facts.tensorrt_version, "10.9.0.34");
    EXPECT_EQ(facts.compute_capability, "8.9");
    EXPECT_EQ(facts.cuda_version, "12.8");
    EXPECT_EQ(facts.device_name, "nvidia-l4");
    EXPECT_TRUE(facts.same_compute_capability_compatible);
    EXPECT_TRUE(facts.forward_compatible);
    EXPECT_TRUE(facts.lean_runtime_excluded);
    EXPECT_FALSE(facts.jetson_l4t_version);
    EXPECT_EQ(facts.driver_version, "550.1");
    EXPECT_EQ(facts.os_version, "ubuntu-22.04");

    write("local_trt_package_manifest.json", R"({"packageManifest": {"type": "trt-model-package-v1",
          "trtVersion": "10.3.0", "cudaDeviceCC": "8.7", "sameCCCompatible": false, "machineType": "jetson",
          "machineSpecs": {"type": "jetson-machine-specs-v1", "l4tVersion": "36.4.3", "deviceName": "orin-nx",
                           "driverVersion": "540.4"}}, "files": {}})");
    facts = listed().tensorrt.value();
    EXPECT_EQ(facts.tensorrt_version, "10.3.0");
    EXPECT_EQ(facts.compute_capability, "8.7");
    EXPECT_EQ(facts.jetson_l4t_version, "36.4.3");
    EXPECT_EQ(facts.jetson_module, "orin-nx");
    EXPECT_EQ(facts.driver_version, "540.4");

    write("local_trt_package_manifest.json", R"({"packageManifest": {"cudaDeviceCC": 8.7}})");
    expect_error(listing_error(), ErrorKind::corrupted_package,
                 in("local_trt_package_manifest.json") + ": packageManifest.cudaDeviceCC", "must be a text");
}

TEST_F(RoboflowPackage, OtherFormatsAreListed) {
    become("torch", "weights.pth");
    EXPECT_EQ(listed().format, PackageFormat::torch);
    EXPECT_EQ(listed().weights, package_ / "weights.pth");
    become("hugging-face", "model.safetensors");
    EXPECT_EQ(listed().format, PackageFormat::hugging_face);
    fs::remove(package_ / "model.safetensors");
    expect_error(listing_error(), ErrorKind::corrupted_package, in("model.safetensors"), "is missing");
}

TEST_F(RoboflowPackage, KeyPointsNeedTheirFile) {
    write("model_config.json", with(kModelConfig, "object-detection", "keypoint-detection"));
    expect_error(listing_error(), ErrorKind::corrupted_package, in("keypoints_metadata.json"), "is missing");
}

}  // namespace
}  // namespace inference_models::formats
