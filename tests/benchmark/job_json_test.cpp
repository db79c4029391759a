// What processes tell one another comes across as it was, and what makes no sense is named.
#include "benchmark/job_json.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "support/errors.hpp"

namespace inference_models::benchmark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_of;

Job whole_job() {
    Job job;
    job.model = "/models/with space/\xC3\xA4";
    job.load.model_package_id = "onnx-fp32";
    job.load.backends = {BackendType::hugging_face};
    job.load.precision = RequestedPrecision::bf16;
    job.load.device = Device{DeviceKind::cuda, 3};
    job.load.threads = 7;
    job.load.image_size = ImageSize{.width = 320, .height = 640};
    job.load.rect = true;
    job.load.batch_size = {.min = 2, .max = 8};
    job.load.trt_engine_host_code_allowed = false;
    job.load.onnx_execution_providers = {{"CUDAExecutionProvider", {{"device_id", "3"}}}, {"CPUExecutionProvider", {}}};
    job.detection = {.confidence = 0.1F, .iou_threshold = 0.7, .max_detections = 9, .class_agnostic_nms = true};
    job.images = {{.width = 810, .height = 1080}, {.width = 1, .height = 2}};
    job.instances = 4;
    job.batch = 2;
    job.measured = std::chrono::milliseconds(250);
    job.finds_objects = true;
    return job;
}

JobResult whole_result() {
    JobResult result;
    result.loading = std::chrono::nanoseconds(9'007'199'254'740'993);  // more than a double holds
    result.loaded = std::chrono::nanoseconds(2);
    result.predicted = std::chrono::nanoseconds(3);
    result.warm_up = 12;
    result.end_to_end_ms = {0.1, 25.0 / 3};
    result.pre_process_ms = {0.4, 0.5};
    result.forward_ms = {24.6, 1e-9};
    result.post_process_ms = {0, 1};
    result.images_per_second = 39.8;
    result.peak_memory_mib = 92.5;
    result.found = {{{{0.1F, 2, 3, 4.7F}}, {5}, {0.3F}}, {}};
    result.model.package_id = "a";
    result.model.backend = BackendType::openvino;
    result.model.engine = Engine::openvino;
    result.model.runtime_version = "2026.4.1";
    result.model.device = Device{};
    result.model.precision = Precision::bf16;
    result.model.threads = 2;
    result.model.max_batch_size = 16;
    result.model.network_input = {.width = 640, .height = 480};
    result.model.class_names = {"person", "a \"quoted\" one"};
    return result;
}

TEST(JobJson, AJobComesAcrossAsItIs) {
    const Job job = whole_job();
    const Job read = read_job(to_json(job));
    EXPECT_EQ(to_json(read), to_json(job));
    EXPECT_EQ(read.model, job.model);
    EXPECT_EQ(read.load.model_package_id, "onnx-fp32");
    EXPECT_THAT(read.load.backends, ElementsAre(BackendType::hugging_face));
    EXPECT_EQ(read.load.precision, RequestedPrecision::bf16);
    EXPECT_EQ(read.load.device, (Device{DeviceKind::cuda, 3}));
    EXPECT_EQ(read.load.threads, 7U);
    EXPECT_EQ(read.load.image_size, (ImageSize{.width = 320, .height = 640}));
    EXPECT_TRUE(read.load.rect);
    EXPECT_EQ(read.load.batch_size, (AcceptedRange<std::int64_t>{2, 8}));
    EXPECT_FALSE(read.load.trt_engine_host_code_allowed);
    ASSERT_EQ(read.load.onnx_execution_providers.size(), 2U);
    EXPECT_EQ(read.load.onnx_execution_providers[0].options.at("device_id"), "3");
    EXPECT_EQ(read.detection.confidence, 0.1F);
    EXPECT_EQ(read.detection.iou_threshold, 0.7);
    EXPECT_EQ(read.images, job.images);
    EXPECT_EQ(read.instances, 4U);
    EXPECT_EQ(read.batch, 2U);
    EXPECT_EQ(read.measured, std::chrono::milliseconds(250));
    EXPECT_TRUE(read.finds_objects);
}

TEST(JobJson, WhatIsLeftOpenStaysOpen) {
    Job job;
    job.model = "/model";
    job.load.backends = {BackendType::onnx};
    job.images = {{.width = 1, .height = 1}};
    const Job read = read_job(to_json(job));
    EXPECT_FALSE(read.load.precision);
    EXPECT_FALSE(read.load.device);
    EXPECT_FALSE(read.load.threads);
    EXPECT_FALSE(read.load.image_size);
    EXPECT_FALSE(read.load.batch_size);
}

TEST(JobJson, APeerIsToldHowItsLikesRunAndNotWhatIsOurs) {
    const auto told = nlohmann::json::parse(to_json(
        whole_job(), PeerSettings{.threads = 2, .network_input = {.width = 640, .height = 480}, .scratch = "/s"}));
    EXPECT_EQ(told.at("threads"), 2);
    EXPECT_EQ(told.at("network_input"), (nlohmann::json{480, 640}));  // height first
    EXPECT_EQ(told.at("scratch"), "/s");
    EXPECT_FALSE(told.contains("load"));
}

TEST(JobJson, AnAnswerComesAcrossToTheLastBit) {
    const JobResult result = whole_result();
    const JobResult read = read_result(to_json(result), "a worker");
    EXPECT_EQ(to_json(read), to_json(result));
    EXPECT_EQ(read.loading, result.loading);
    EXPECT_EQ(read.end_to_end_ms, result.end_to_end_ms);
    EXPECT_EQ(read.found, result.found);
    EXPECT_EQ(read.model.class_names, result.model.class_names);
    EXPECT_EQ(read.model.network_input, result.model.network_input);
}

TEST(JobJson, AnErrorComesAcrossAsItIs) {
    const Error error(ErrorKind::unsupported_model, "weights.onnx", "is of a kind", "Take another.");
    const Error read = error_of([&] { static_cast<void>(read_result(to_json(error), "a worker")); });
    EXPECT_EQ(read.kind(), ErrorKind::unsupported_model);
    EXPECT_EQ(read.subject(), "weights.onnx");
    EXPECT_EQ(read.message(), "is of a kind");
    EXPECT_EQ(read.hint(), "Take another.");
    const Error unknown = error_of([] {
        static_cast<void>(read_result(
            R"({"error": {"kind": "of_a_newer_peer", "subject": "", "message": "what it says", "hint": ""}})",
            "a peer"));
    });
    EXPECT_EQ(unknown.kind(), ErrorKind::engine_failure);
    EXPECT_EQ(unknown.message(), "what it says");
}

/// What a peer's environment answers is not ours to trust.
TEST(JobJson, NonsenseIsNamedByItsPlace) {
    const std::string whole = to_json(whole_result());
    const auto changed = [&](const std::function<void(nlohmann::json&)>& change) {
        auto json = nlohmann::json::parse(whole);
        change(json);
        return error_of([&] { static_cast<void>(read_result(json.dump(), "a worker")); }).message();
    };
    EXPECT_THAT(changed([](auto& json) { json.erase("warm_up"); }), HasSubstr("a worker: warm_up"));
    EXPECT_THAT(changed([](auto& json) { json["warm_up"] = -1; }), HasSubstr("warm_up"));
    EXPECT_THAT(changed([](auto& json) { json["end_to_end_ms"][1] = "fast"; }), HasSubstr("end_to_end_ms"));
    EXPECT_THAT(changed([](auto& json) { json["found"][0]["xyxy"][0] = {1, 2, 3}; }), HasSubstr("found"));
    EXPECT_THAT(changed([](auto& json) { json["found"][0]["class_id"] = {1, 2}; }), HasSubstr("found"));
    EXPECT_THAT(changed([](auto& json) { json["found"][0]["class_id"][0] = -1; }), HasSubstr("class_id"));
    EXPECT_THAT(changed([](auto& json) { json["model"]["engine"] = "abacus"; }), HasSubstr("model.engine"));
    EXPECT_EQ(error_of([] { static_cast<void>(read_result("fast", "a worker")); }).kind(),
              ErrorKind::corrupted_package);
}

}  // namespace
}  // namespace inference_models::benchmark
