#include "agreement/loaded_as_asked.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace inference_models::agreement {
namespace {

using testing::HasSubstr;

Candidate asked() {
    Candidate candidate;
    candidate.package_id = "onnx-fp32";
    candidate.backend = BackendType::openvino;
    candidate.engine = Engine::openvino;
    candidate.precision = Precision::bf16;
    return candidate;
}

ModelDescription loaded() {
    ModelDescription description;
    description.package_id = "onnx-fp32";
    description.engine = Engine::openvino;
    description.precision = Precision::bf16;
    return description;
}

TEST(LoadedAsAsked, WhatIsAskedForIsNoError) {
    EXPECT_FALSE(difference_from(asked(), loaded()).has_value());
}

template <class Change>
std::string message_after(Change change) {
    ModelDescription description = loaded();
    change(description);
    const auto error = difference_from(asked(), description);
    if (!error) return "no error";
    EXPECT_EQ(error->kind(), ErrorKind::engine_failure);
    EXPECT_FALSE(error->hint().empty());
    return error->message();
}

TEST(LoadedAsAsked, AnotherPrecisionEngineDeviceOrPackageIsAnError) {
    EXPECT_EQ(
        message_after([](auto& description) { description.precision = Precision::fp32; }),
        "onnx-fp32 in OpenVINO on cpu in bf16 was asked for, and onnx-fp32 in OpenVINO on cpu in fp32 was loaded");
    EXPECT_THAT(message_after([](auto& description) { description.engine = Engine::onnxruntime; }),
                HasSubstr("and onnx-fp32 in ONNX Runtime on cpu"));
    EXPECT_THAT(message_after([](auto& description) { description.device = {DeviceKind::cuda, 1}; }),
                HasSubstr("on cuda:1 in bf16 was loaded"));
    EXPECT_THAT(message_after([](auto& description) { description.package_id = "other"; }), HasSubstr("and other in"));
}

}  // namespace
}  // namespace inference_models::agreement
