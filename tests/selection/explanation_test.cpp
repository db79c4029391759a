#include "selection/expectations.hpp"
#include "selection/machines.hpp"
#include "selection/selection.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace inference_models::selection {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Explanation explanation_of(const RuntimeDescription& machine, std::vector<formats::Package> packages) {
    const formats::Listing listing = listing_of(std::move(packages));
    return {listing.model_id,
            listing.weights_provider,
            listing.location,
            rank_candidates(listing, machine, {}, kFamilies),
            {}};
}

std::size_t characters(const std::string& line) {
    return static_cast<std::size_t>(
        std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

TEST(Explanation, ChosenIsTheOneInFrontOrNothing) {
    const Explanation some = explanation_of(laptop_with_onnxruntime(), {onnx_package()});
    ASSERT_NE(some.chosen(), nullptr);
    EXPECT_EQ(where(*some.chosen()), "onnx-fp32 onnxruntime cpu");
    EXPECT_EQ(explanation_of(machine_with_nothing(), {onnx_package()}).chosen(), nullptr);
    EXPECT_EQ(Explanation{}.chosen(), nullptr);
}

TEST(ExplanationText, IsATableWithTheRemediesBelow) {
    Explanation explanation = explanation_of(laptop_with_onnxruntime(), {onnx_package()});
    explanation.notes = {"openvino failed while loading"};
    EXPECT_EQ(to_text(explanation), R"(yolov8n (/models/yolov8n)

status    package    backend   engine       device  precision  reason
chosen    onnx-fp32  onnx      onnxruntime  cpu     fp32       onnxruntime 1.32.0 on cpu; first of the order TensorRT >
                                                               OpenVINO > PyTorch > Hugging Face > ONNX that can run
                                                               here
possible  onnx-fp32  openvino  openvino     cpu     fp32       OpenVINO is not installed: nothing in 5 places; would
                                                               stand before the chosen one

What would bring in more:
  pip install openvino
      for onnx-fp32 in openvino on cpu

Note: openvino failed while loading
)");
}

TEST(ExplanationText, NoLineIsWiderThanATerminal) {
    const formats::Package long_name = onnx_package(std::string(300, 'x'));
    const formats::Package foreign_name = onnx_package("模型-日本語-ärger-" + std::string(40, 'y'));
    formats::Package far_away = ultralytics_checkpoint();
    far_away.weights = std::string(400, 'z') + "/best.pt";
    Explanation explanation = explanation_of(cuda_server_with_old_driver(), {long_name, foreign_name, far_away});
    explanation.notes = {std::string(500, 'n')};
    const std::vector<std::string> lines = lines_of(to_text(explanation));
    for (const std::string& line : lines) EXPECT_LE(characters(line), 120U) << line;
    for (const std::string& line : lines) EXPECT_FALSE(line.ends_with(' ')) << line;
}

TEST(ExplanationText, ColumnsAlignByCharactersAndNotByBytes) {
    const std::vector<std::string> lines = lines_of(
        to_text(explanation_of(cpu_server_with_openvino_too(), {onnx_package("größe"), onnx_package("groesse")})));
    const std::size_t column = lines[2].find("backend");
    for (const std::string& line : {lines[3], lines[5]}) {
        EXPECT_EQ(characters(line.substr(0, line.find("open"))), column) << line;
    }
}

TEST(ExplanationText, NamesCannotSteerATerminal) {
    const std::string text = to_text(explanation_of(laptop_with_onnxruntime(), {onnx_package("a\x1b[2Jb\nc\rd\xff")}));
    EXPECT_THAT(text, HasSubstr("a?[2Jb c?d\xEF\xBF\xBD"));
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(ExplanationJson, HasTheMembersUnderTheirNames) {
    const Explanation explanation =
        explanation_of(laptop_with_onnxruntime(), {onnx_package(), ultralytics_checkpoint()});
    const auto json = nlohmann::ordered_json::parse(to_json(explanation));
    std::vector<std::string> names;
    for (const auto& [name, value] : json.items()) names.push_back(name);
    EXPECT_THAT(names, ElementsAre("model_id", "weights_provider", "location", "candidates", "notes"));
    EXPECT_EQ(to_json(explanation).back(), '}');
    EXPECT_EQ(json["location"], "/models/yolov8n");
    EXPECT_EQ(json["notes"], nlohmann::ordered_json::array());

    const auto& first = json["candidates"][0];
    names.clear();
    for (const auto& [name, value] : first.items()) names.push_back(name);
    EXPECT_THAT(names, ElementsAre("package_id", "format", "quantization", "precision", "backend", "engine", "device",
                                   "status", "reason", "remedy", "figures"));
    EXPECT_EQ(first["format"], "onnx");
    EXPECT_EQ(first["quantization"], "fp32");
    EXPECT_EQ(first["engine"], "onnxruntime");
    EXPECT_EQ(first["device"], "cpu");
    EXPECT_EQ(first["status"], "chosen");
}

TEST(ExplanationJson, WhatIsNotStatedIsNull) {
    formats::Package checkpoint = ultralytics_checkpoint();
    checkpoint.quantization.reset();
    const auto json = nlohmann::json::parse(to_json(explanation_of(laptop_with_onnxruntime(), {checkpoint})));
    EXPECT_TRUE(json["candidates"][0]["engine"].is_null());
    EXPECT_TRUE(json["candidates"][0]["quantization"].is_null());
}

TEST(ExplanationJson, NamesThatAreNotUtf8AreReplaced) {
    const auto json =
        nlohmann::json::parse(to_json(explanation_of(laptop_with_onnxruntime(), {onnx_package("a\xff")})));
    EXPECT_EQ(json["candidates"][0]["package_id"], "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace inference_models::selection
