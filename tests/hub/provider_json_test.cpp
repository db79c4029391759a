#include "hub/providers/provider_json.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <inference_models/error.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "support/errors.hpp"

namespace inference_models::hub {
namespace {

using namespace tests;
using namespace std::string_literals;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSource = "the answer of https://hub.test";

/// As Roboflow's API writes it, one package of each kind.
json roboflow_page() {
    return json::parse(R"({"modelMetadata": {
        "type": "external-model-metadata-v1", "modelId": "coco/3", "modelArchitecture": "yolov8", "modelVariant": "n",
        "taskType": "object-detection", "nextPage": "abc=",
        "modelDependencies": [{"type": "model-dependency-v1", "name": "text", "modelId": "clip/b", "modelPackageId": null}],
        "recommendedParameters": {"confidence": 0.4, "perClassConfidence": {"a cat": 0.25}, "somethingNew": 1},
        "modelPackages": [
          {"type": "external-model-package-v1", "packageId": "onnx1", "trustedSource": true,
           "packageManifest": {"type": "onnx-model-package-v1", "backendType": "onnx", "dynamicBatchSize": true,
                               "quantization": "fp32", "opset": 17, "incompatibleProviders": ["CoreMLExecutionProvider"]},
           "modelFeatures": {"nms_fused": {"max_detections": 300, "confidence_threshold": 0.3, "iou_threshold": 0.7,
                                           "class_agnostic": 1}, "dynamic_batching": true, "nothing": null},
           "packageFiles": [{"fileHandle": "weights.onnx", "downloadUrl": "https://s.test/w?a=b%20c",
                             "md5Hash": "0123456789ABCDEF0123456789abcdef"},
                            {"fileHandle": "class_names.txt", "downloadUrl": "http://s.test/c"}]},
          {"type": "external-model-package-v1", "packageId": "ts1",
           "packageManifest": {"type": "torch-script-model-package-v1", "backendType": "torch-script",
                               "staticBatchSize": 4, "quantization": "fp16", "supportedDeviceTypes": ["mps", "cuda"],
                               "torchVersion": "2.6.0", "torchVisionVersion": "0.21.0"},
           "packageFiles": [{"fileHandle": "weights.torchscript", "downloadUrl": "https://s.test/t"}]},
          {"type": "external-model-package-v1", "packageId": "trt1",
           "packageManifest": {"type": "trt-model-package-v1", "backendType": "trt", "dynamicBatchSize": true,
             "minBatchSize": 1, "optBatchSize": 4, "maxBatchSize": 8, "quantization": "int8",
             "cudaDeviceType": "orin", "cudaDeviceCC": "8.7", "cudaVersion": "12.6", "trtVersion": "10.3.0.30",
             "sameCCCompatible": true, "trtForwardCompatible": true, "trtLeanRuntimeExcluded": true,
             "machineType": "jetson", "machineSpecs": {"type": "jetson-machine-specs-v1", "l4tVersion": "36.4.3",
               "deviceName": "jetson-orin-nx", "driverVersion": "540.4.0"}},
           "packageFiles": [{"fileHandle": "engine.plan", "downloadUrl": "https://s.test/e"}]},
          {"type": "external-model-package-v1", "packageId": "trt2",
           "packageManifest": {"type": "trt-model-package-v1", "backendType": "trt", "staticBatchSize": 2,
             "quantization": "fp16", "cudaDeviceType": "nvidia-l4", "cudaDeviceCC": "8.9", "cudaVersion": "12.4",
             "trtVersion": "10.9.0.34", "machineType": "gpu-server",
             "machineSpecs": {"type": "gpu-server-specs-v1", "driverVersion": "550.1", "osVersion": "ubuntu-22.04"}},
           "packageFiles": [{"fileHandle": "engine.plan", "downloadUrl": "https://s.test/e2"}]},
          {"type": "external-model-package-v1", "packageId": "hf1",
           "packageManifest": {"type": "hf-model-package-v1", "backendType": "hf", "quantization": "unknown"},
           "packageFiles": [{"fileHandle": "vit/model.safetensors", "downloadUrl": "https://s.test/h"}]},
          {"type": "external-model-package-v1", "packageId": "u1",
           "packageManifest": {"type": "ultralytics-model-package-v1"},
           "packageFiles": [{"fileHandle": "weights.pt", "downloadUrl": "https://s.test/u"}]},
          {"type": "external-model-package-v1", "packageId": "oak1",
           "packageManifest": {"type": "oak-model-package-v1"}, "packageFiles": []}]}})");
}

MetadataPage read(const json& page) {
    return read_metadata_page(page.dump(), kSource);
}

TEST(ProviderJson, IsReadAsRoboflowWritesIt) {
    const MetadataPage page = read(roboflow_page());
    const ModelMetadata& model = page.model;
    EXPECT_EQ(page.next_page, "abc=");
    EXPECT_EQ(model.model_id, "coco/3");
    EXPECT_EQ(model.architecture, "yolov8");
    EXPECT_EQ(model.variant, "n");
    EXPECT_EQ(model.task_type, "object-detection");
    EXPECT_EQ(model.weights_provider, "");
    EXPECT_THAT(model.notes, IsEmpty());
    EXPECT_THAT(model.dependencies, ElementsAre(ModelDependency{"text", "clip/b", ""}));
    EXPECT_EQ(model.recommended_parameters, (RecommendedParameters{0.4, {{"a cat", 0.25}}}));
    ASSERT_EQ(model.packages.size(), 6U);  // oak is not meant for us

    PackageMetadata onnx;
    onnx.id = "onnx1";
    onnx.quantization = Precision::fp32;
    onnx.batch = {1, std::nullopt};
    onnx.onnx = OnnxFacts{0, 17, {"CoreMLExecutionProvider"}};
    onnx.fused_nms = FusedNms{300, 0.3, 0.7, true};
    onnx.features = {
        {"dynamic_batching", "true"},
        {"nms_fused", R"({"class_agnostic":1,"confidence_threshold":0.3,"iou_threshold":0.7,"max_detections":300})"}};
    onnx.trusted_source = true;
    onnx.files = {
        {"weights.onnx", "https://s.test/w?a=b%20c", "0123456789abcdef0123456789abcdef", "", std::nullopt},
        {"class_names.txt", "http://s.test/c", "", "", std::nullopt},
    };
    EXPECT_EQ(model.packages[0], onnx);

    const PackageMetadata& torch_script = model.packages[1];
    EXPECT_EQ(torch_script.format, PackageFormat::torch_script);
    EXPECT_EQ(torch_script.batch, (BatchRule{4, 4}));
    EXPECT_FALSE(torch_script.trusted_source);
    EXPECT_EQ(torch_script.torch_script, (TorchScriptFacts{{DeviceKind::cuda}, "2.6.0", "0.21.0"}));

    const PackageMetadata& jetson = model.packages[2];
    EXPECT_EQ(jetson.batch, (BatchRule{1, 8}));
    EXPECT_EQ(jetson.tensorrt, (TensorRtFacts{"10.3.0.30", "12.6", "540.4.0", "", "orin", "8.7", true, true, true,
                                              "36.4.3", "jetson-orin-nx"}));
    const PackageMetadata& server = model.packages[3];
    EXPECT_EQ(server.batch, (BatchRule{2, 2}));
    EXPECT_EQ(server.tensorrt, (TensorRtFacts{"10.9.0.34", "12.4", "550.1", "ubuntu-22.04", "nvidia-l4", "8.9", false,
                                              false, false, std::nullopt, ""}));

    EXPECT_EQ(model.packages[4].format, PackageFormat::hugging_face);
    EXPECT_EQ(model.packages[4].quantization, std::nullopt);
    EXPECT_EQ(model.packages[4].batch, (BatchRule{1, std::nullopt}));
    EXPECT_EQ(model.packages[5].format, PackageFormat::ultralytics);
}

struct Fault {
    std::string name;
    std::function<void(json& package)> make;
    std::string reason;  ///< a part of the note
};

/// Each is put into the first package; the others must remain.
std::vector<Fault> package_faults() {
    const auto manifest = [](const char* key, const json& value) {
        return [=](json& package) { package["packageManifest"][key] = value; };
    };
    const auto file = [](const char* key, const json& value) {
        return [=](json& package) { package["packageFiles"][0][key] = value; };
    };
    const auto member = [](const char* key, const json& value) { return [=](json& package) { package[key] = value; }; };
    const auto replaced = [](const json& value) { return [=](json& package) { package = value; }; };
    const auto trt_bounds = [](const json& least, const json& best, const json& most) {
        return [=](json& package) {
            package["packageManifest"] = {{"type", "trt-model-package-v1"}, {"dynamicBatchSize", true},
                                          {"minBatchSize", least},          {"optBatchSize", best},
                                          {"maxBatchSize", most},           {"quantization", "fp16"}};
        };
    };
    return {
        {"not an object", replaced(7), "it must be an object"},
        {"type", member("type", "external-model-package-v2"), "`external-model-package-v2`, which this version"},
        {"id", member("packageId", "../../x"), "packageId is no package's id"},
        {"hidden id", member("packageId", ".x"), "packageId is no package's id"},
        {"id type", member("packageId", 5), "packageId is of type number"},
        {"duplicate id", member("packageId", "ts1"), "is a second package with this id"},
        {"no files", member("packageFiles", json::array()), "packageFiles is empty"},
        {"files type", member("packageFiles", "x"), "it must be a list"},
        {"too many files", member("packageFiles", json(std::vector<int>(1001))), "at most 1000"},
        {"trusted type", member("trustedSource", "true"), "trustedSource is of type string"},
        {"handle up", file("fileHandle", "../../x"), "fileHandle is `../../x`, which is no place inside"},
        {"absolute handle", file("fileHandle", "/etc/passwd"), "no place inside"},
        {"terminal handle", file("fileHandle", "\x1b[2J"), "fileHandle is `?[2J`"},
        {"duplicate handle", file("fileHandle", "class_names.txt"), "a second file called `class_names.txt`"},
        {"file URL", file("downloadUrl", "file:///etc/passwd"), "downloadUrl is not an http or https address"},
        {"header in URL", file("downloadUrl", "http://x/\r\nA: b"), "downloadUrl is not"},
        {"md5", file("md5Hash", "xyz"), "md5Hash is not 32"},
        {"empty md5", file("md5Hash", ""), "md5Hash is not 32"},
        {"md5 of other digits", file("md5Hash", std::string(32, 'g')), "md5Hash is not 32"},
        {"sha256", file("sha256Hash", std::string(63, 'a')), "sha256Hash is not 64"},
        {"negative size", file("sizeBytes", -1), "sizeBytes is -1"},
        {"absurd size", file("sizeBytes", 1ULL << 63U), "sizeBytes is 9223372036854775808"},
        {"manifest type", manifest("type", "quantum-model-package-v1"), "`quantum-model-package-v1`, which this"},
        {"no manifest type", manifest("type", nullptr), "packageManifest.type is missing"},
        {"backend", manifest("backendType", "trt"), "contradicts the type `onnx-model-package-v1`"},
        {"quantization", manifest("quantization", "fp3"), "`fp3`, which is not known"},
        {"both batches", manifest("staticBatchSize", 1), "contradicts dynamicBatchSize"},
        {"no batch", manifest("dynamicBatchSize", false), "neither dynamicBatchSize nor a staticBatchSize"},
        {"opset", manifest("opset", -1), "opset is -1"},
        {"huge batch", manifest("maxBatchSize", 1'000'000), "maxBatchSize is 1000000"},
        {"bounds", trt_bounds(4, 2, 8), "contradict each other"},
        {"bounds at the end", trt_bounds(1, 9, 8), "contradict each other"},
        {"missing bound", trt_bounds(1, nullptr, 8), "optBatchSize is missing"},
        {"zero bound", trt_bounds(0, 1, 8), "minBatchSize is 0"},
        {"features type", member("modelFeatures", 5), "modelFeatures is of type number"},
        {"NMS type", member("modelFeatures", {{"nms_fused", "yes"}}), "neither true, false nor an object"},
        {"NMS value", member("modelFeatures", {{"nms_fused", {{"iou_threshold", 1.5}}}}), "must be 0 to 1"},
        {"NMS flag", member("modelFeatures", {{"nms_fused", {{"class_agnostic", 2}}}}),
         "class_agnostic must be true or false"},
        {"long feature", member("modelFeatures", {{"x", std::string(70'000, 'x')}}), "is too long"},
    };
}

TEST(ProviderJson, APackageThatMakesNoSenseIsLeftOutWithANote) {
    for (const Fault& fault : package_faults()) {
        SCOPED_TRACE(fault.name);
        json page = roboflow_page();
        json& packages = page["modelMetadata"]["modelPackages"];
        // Behind all others, so that it is the one that a duplicate id refuses.
        json broken = packages[0];
        broken["packageId"] = "broken";
        fault.make(broken);
        packages.push_back(broken);
        const ModelMetadata model = read(page).model;
        EXPECT_EQ(model.packages, read(roboflow_page()).model.packages);
        ASSERT_EQ(model.notes.size(), 1U);
        EXPECT_THAT(model.notes[0], AllOf(HasSubstr("is left out: "), HasSubstr(fault.reason)));
        if (broken.is_object() && broken["packageId"] == "broken") {
            EXPECT_THAT(model.notes[0], HasSubstr("package `broken` "));
        }
    }
}

TEST(ProviderJson, ADeviceThatIsNotKnownIsNoErrorUnlessItIsTheOnlyOne) {
    json page = roboflow_page();
    page["modelMetadata"]["modelPackages"][1]["packageManifest"]["supportedDeviceTypes"] = {"mps"};
    const ModelMetadata model = read(page).model;
    EXPECT_EQ(model.packages.size(), 5U);
    EXPECT_THAT(model.notes, ElementsAre(HasSubstr("names only devices that this version does not know: mps")));
}

TEST(ProviderJson, FusedNmsMayBeStatedWithoutItsParameters) {
    const auto fused = [](const json& value) {
        json page = roboflow_page();
        page["modelMetadata"]["modelPackages"][0]["modelFeatures"] = {{"nms_fused", value}};
        return read(page).model.packages.at(0).fused_nms;
    };
    EXPECT_EQ(fused(true), FusedNms{});
    EXPECT_EQ(fused(false), std::nullopt);
    EXPECT_EQ(fused(nullptr), std::nullopt);
    EXPECT_EQ(fused(json::object()), FusedNms{});
    EXPECT_EQ(fused({{"class_agnostic", false}}), (FusedNms{{}, {}, {}, false}));
}

TEST(ProviderJson, ADependencyOrRecommendationThatMakesNoSenseIsLeftOut) {
    json page = roboflow_page();
    page["modelMetadata"]["modelDependencies"][0]["modelId"] = "../x";
    page["modelMetadata"]["recommendedParameters"]["perClassConfidence"]["a cat"] = -1;
    const ModelMetadata model = read(page).model;
    EXPECT_THAT(model.dependencies, IsEmpty());
    EXPECT_EQ(model.recommended_parameters, RecommendedParameters{});
    EXPECT_THAT(model.notes,
                ElementsAre(HasSubstr("dependency `text` is left out"), HasSubstr("recommended parameters")));
    EXPECT_EQ(model.packages.size(), 6U);
}

Error problem_of(const std::string& text) {
    Error error = error_of([&] { static_cast<void>(read_metadata_page(text, kSource)); });
    EXPECT_EQ(error.kind(), ErrorKind::retrieval_failure);
    EXPECT_THAT(error.message(), HasSubstr(kSource));
    EXPECT_THAT(error.hint(), testing::Not(IsEmpty()));
    return error;
}

TEST(ProviderJson, ATextThatIsNoDescriptionOfAModelIsNamed) {
    const Error page = problem_of("\n<!DOCTYPE html><html><title>Log in</title></html>");
    EXPECT_THAT(page.message(), HasSubstr("is not JSON, but an HTML page"));
    EXPECT_THAT(page.hint(), AllOf(HasSubstr("login page"), HasSubstr("proxy")));
    EXPECT_THAT(problem_of("").message(), HasSubstr("is empty"));
    EXPECT_THAT(problem_of("{").message(), HasSubstr("is not valid JSON at line 1"));
    EXPECT_THAT(problem_of("[]").message(), HasSubstr("must be an object"));
    EXPECT_THAT(problem_of(R"({"error": "endpoint not found"})").message(),
                HasSubstr("has no `modelMetadata`; it says `endpoint not found`"));
    EXPECT_THAT(problem_of(R"({"modelMetadata": {}, "modelMetadata": {}})").message(), HasSubstr("twice"));
    EXPECT_THAT(problem_of(std::string(100'000, '[')).message(), HasSubstr("nested more than"));
    EXPECT_THAT(problem_of(std::string((std::size_t{16} << 20U) + 1, ' ')).message(), HasSubstr("at most"));
    for (const auto& [key, value] :
         std::vector<std::pair<std::string, json>>{{"type", "external-model-metadata-v9"},
                                                   {"modelId", nullptr},
                                                   {"modelId", "../../x"},
                                                   {"modelArchitecture", ""},
                                                   {"modelArchitecture", 8},
                                                   {"taskType", std::string(2000, 'x')},
                                                   {"modelPackages", nullptr},
                                                   {"nextPage", 5},
                                                   {"modelPackages", json(std::vector<int>(10'001))}}) {
        json broken = roboflow_page();
        broken["modelMetadata"][key] = value;
        EXPECT_THAT(problem_of(broken.dump()).message(), HasSubstr("modelMetadata." + key));
    }
}

// --- What is written

/// Makes models that use every member that the protocol has.
class RandomModels {
public:
    explicit RandomModels(unsigned seed) : numbers_(seed) {}

    ModelMetadata next() {
        ModelMetadata model;
        model.model_id = word() + "/" + word();
        model.architecture = text();
        if (flip()) model.variant = text();
        if (flip()) model.task_type = text();
        while (flip()) model.dependencies.push_back({text(), word(), flip() ? word() : ""});
        if (flip()) model.recommended_parameters.confidence = fraction();
        while (flip()) model.recommended_parameters.per_class_confidence[text()] = fraction();
        while (number(0, 5) != 0) model.packages.push_back(package(model.packages.size()));
        return model;
    }

private:
    std::int64_t number(std::int64_t least, std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(least, most)(numbers_);
    }
    bool flip() { return number(0, 1) == 1; }
    double fraction() { return std::uniform_real_distribution<double>(0, 1)(numbers_); }
    template <class Value>
    std::optional<Value> perhaps(Value value) {
        return flip() ? std::optional(std::move(value)) : std::nullopt;
    }
    std::string of_characters(std::string_view characters, std::size_t count) {
        std::string text;
        while (text.size() < count) {
            text += characters[static_cast<std::size_t>(number(0, static_cast<std::int64_t>(characters.size()) - 1))];
        }
        return text;
    }
    std::string word() { return "w" + of_characters("abcXYZ019-_.", 8); }
    std::string text() { return of_characters("ab \"\\/\n{}<>%", 6) + "\u00e4\U0001F600"; }

    PackageMetadata package(std::size_t index) {
        PackageMetadata package;
        package.id = word() + std::to_string(index);
        package.format = static_cast<PackageFormat>(number(0, 8));
        package.quantization = perhaps(static_cast<Precision>(number(0, 3)));
        package.batch = batch(package.format);
        if (package.format == PackageFormat::onnx) package.onnx = {number(0, 12), number(0, 30), {text(), text()}};
        if (package.format == PackageFormat::torch_script) package.torch_script = torch_script();
        if (package.format == PackageFormat::trt_engine) package.tensorrt = tensorrt();
        if (flip()) package.features = {{text(), "[1,{\"a\":null}]"}, {"dynamic", "true"}, {"name", "\"x\""}};
        if (flip()) set_fused_nms(package);
        package.trusted_source = flip();
        do package.files.push_back(file(package.files.size()));
        while (flip());
        return package;
    }

    BatchRule batch(PackageFormat format) {
        const std::int64_t least = number(1, 8);
        if (flip()) return {least, least};
        if (format == PackageFormat::trt_engine || flip()) return {least, least + number(1, 60)};
        return {least, std::nullopt};
    }

    TorchScriptFacts torch_script() {
        TorchScriptFacts facts{{}, text(), flip() ? text() : ""};
        if (flip()) facts.supported_devices.push_back(DeviceKind::cpu);
        if (flip()) facts.supported_devices.push_back(DeviceKind::cuda);
        return facts;
    }

    TensorRtFacts tensorrt() {
        TensorRtFacts facts{text(), text(), text(), "", text(), text(), flip(), flip(), flip(), std::nullopt, ""};
        if (flip()) {
            facts.jetson_l4t_version = text();
            facts.jetson_module = text();
        } else {
            facts.os_version = text();
        }
        return facts;
    }

    void set_fused_nms(PackageMetadata& package) {
        package.fused_nms = FusedNms{number(1, 1000), fraction(), fraction(), flip()};
        const json feature{{"max_detections", *package.fused_nms->max_detections},
                           {"confidence_threshold", *package.fused_nms->confidence_threshold},
                           {"iou_threshold", *package.fused_nms->iou_threshold},
                           {"class_agnostic", *package.fused_nms->class_agnostic}};
        package.features["nms_fused"] = feature.dump();
    }

    PackageFile file(std::size_t index) {
        return {word() + "/" + std::to_string(index), "https://s.test/" + word() + "?a=%20",
                flip() ? of_characters("0123456789abcdef", 32) : "",
                flip() ? of_characters("0123456789abcdef", 64) : "",
                perhaps(static_cast<std::uint64_t>(number(0, std::int64_t{1} << 44U)))};
    }

    std::mt19937_64 numbers_;
};

TEST(ProviderJson, WhatIsWrittenIsReadAgain) {
    RandomModels models(20'240'601);
    for (int i = 0; i < 2000; ++i) {
        const MetadataPage page{models.next(), i % 2 == 0 ? std::optional("next=" + std::to_string(i)) : std::nullopt};
        const MetadataPage again = read_metadata_page(write_metadata_page(page), kSource);
        ASSERT_THAT(again.model.notes, IsEmpty());
        ASSERT_EQ(again.model, page.model) << write_metadata_page(page);
        ASSERT_EQ(again.next_page, page.next_page);
    }
}

/// The members that Roboflow's own parser refuses a package without, by manifest type.
TEST(ProviderJson, WhatIsWrittenHasWhatRoboflowsParserDemands) {
    const std::map<std::string, std::vector<const char*>> demanded{
        {"onnx-model-package-v1", {"opset"}},
        {"torch-script-model-package-v1", {"supportedDeviceTypes", "torchVersion"}},
        {"torch-model-package-v1", {}},
        {"hf-model-package-v1", {}},
        {"ultralytics-model-package-v1", {}},
        {"trt-model-package-v1",
         {"cudaDeviceType", "cudaDeviceCC", "cudaVersion", "trtVersion", "machineType", "machineSpecs"}}};
    RandomModels models(7);
    std::map<std::string, int> seen;
    for (int i = 0; i < 200; ++i) {
        const json model = json::parse(write_metadata_page({models.next(), std::nullopt})).at("modelMetadata");
        EXPECT_EQ(model.at("type"), "external-model-metadata-v1");
        for (const json& package : model.at("modelPackages")) {
            EXPECT_EQ(package.at("type"), "external-model-package-v1");
            const json& manifest = package.at("packageManifest");
            const std::string type = manifest.at("type");
            const auto members = demanded.find(type);
            if (members == demanded.end()) continue;  // ours
            ++seen[type];
            EXPECT_EQ(type, manifest.at("backendType").get<std::string>() + "-model-package-v1");
            EXPECT_TRUE(manifest.at("quantization").is_string());
            EXPECT_NE(manifest.at("dynamicBatchSize").get<bool>(), manifest.contains("staticBatchSize"));
            for (const char* const member : members->second) EXPECT_TRUE(manifest.contains(member)) << type << member;
            if (type != "trt-model-package-v1") continue;
            const json& specs = manifest.at("machineSpecs");
            if (manifest.at("machineType") == "jetson") {
                EXPECT_EQ(specs.at("type"), "jetson-machine-specs-v1");
                EXPECT_TRUE(specs.at("l4tVersion").is_string() && specs.at("deviceName").is_string());
            } else {
                EXPECT_EQ(specs.at("type"), "gpu-server-specs-v1");
                EXPECT_TRUE(specs.at("osVersion").is_string());
            }
            EXPECT_TRUE(specs.at("driverVersion").is_string());
            EXPECT_EQ(manifest.at("dynamicBatchSize").get<bool>(), manifest.contains("optBatchSize"));
        }
    }
    EXPECT_EQ(seen.size(), demanded.size());
}

TEST(ProviderJson, FusedNmsThatIsNoFeatureIsWrittenAsOne) {
    ModelMetadata model = read(roboflow_page()).model;
    model.packages[0].features.clear();
    model.packages[1].fused_nms = FusedNms{};
    model.packages[2].features = {{"broken", "{"}, {"deep", std::string(20'000, '[') + std::string(20'000, ']')}};
    const ModelMetadata again = read_metadata_page(write_metadata_page({model, std::nullopt}), kSource).model;
    EXPECT_EQ(again.packages[0].fused_nms, model.packages[0].fused_nms);
    EXPECT_EQ(again.packages[1].fused_nms, FusedNms{});
    EXPECT_EQ(again.packages[2].features.at("broken"), "\"{\"");
    EXPECT_THAT(again.notes, IsEmpty());  // what is nested too deep has not taken the listing with it
}

TEST(ProviderJson, BytesThatAreNoTextAreNotWritten) {
    ModelMetadata model = read(roboflow_page()).model;
    model.variant = "a\xff";
    EXPECT_EQ(read_metadata_page(write_metadata_page({model, std::nullopt}), kSource).model.variant, "a\ufffd");
}

// --- Damage

void expect_result_or_error(const std::string& text) {
    try {
        const ModelMetadata model = read_metadata_page(text, kSource).model;
        for (const PackageMetadata& package : model.packages) {
            ASSERT_FALSE(package.files.empty());
            for (const PackageFile& file : package.files) {
                for (const auto& part : std::filesystem::path(file.handle)) ASSERT_NE(part, "..");
            }
        }
    } catch (const Error& error) {
        ASSERT_EQ(error.kind(), ErrorKind::retrieval_failure);
    }
}

TEST(ProviderJson, EveryTruncationGivesAnError) {
    const std::string whole = roboflow_page().dump();
    for (std::size_t size = 0; size < whole.size(); ++size) static_cast<void>(problem_of(whole.substr(0, size)));
}

TEST(ProviderJson, EveryDamagedByteGivesAResultOrAnError) {
    const std::string whole = roboflow_page().dump();
    constexpr std::array<char, 14> kReplacements{'\0', '\n', '"', '\\', '{', '}', '[',
                                                 ']',  ',',  '-', '0',  '9', '.', '\xff'};
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const char replacement : kReplacements) {
            std::string damaged = whole;
            damaged[at] = replacement;
            expect_result_or_error(damaged);
        }
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ 1);
        expect_result_or_error(flipped);
    }
}

}  // namespace
}  // namespace inference_models::hub
