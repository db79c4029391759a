#pragma once

#include <inference_models/benchmark.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace inference_models::tests {

/// Figures as a benchmark makes them.
/// \param latencies  of each round
inline BenchmarkFigures figures(const std::vector<double>& latencies, double start, double memory) {
    BenchmarkFigures figures;
    figures.start = start;
    figures.load = start * 0.6;
    figures.first_prediction = start * 0.25;
    figures.peak_memory_mib = memory;
    const double middle = latencies[latencies.size() / 2];
    figures.end_to_end = {middle, middle * 1.05, middle * 1.4};
    figures.pre_process = {0.41, 0.44, 0.61};
    figures.forward = {middle - 0.5, middle * 1.05 - 0.5, middle * 1.4 - 0.5};
    figures.post_process = {0.09, 0.1, 0.2};
    for (std::uint32_t i = 0; i < latencies.size(); ++i) {
        figures.rounds.push_back({.start = start + i,
                                  .load = start * 0.6,
                                  .first_prediction = start * 0.25,
                                  .warm_up = 10 + i,
                                  .predictions = 40 - i,
                                  .end_to_end = latencies[i],
                                  .peak_memory_mib = memory + i * 0.125});
    }
    figures.throughput = {{1, 2, 1, 1000 / middle, {990 / middle, 1000 / middle, 1010 / middle}},
                          {2, 1, 1, 1150 / middle, {1150 / middle, 1150 / middle, 1170 / middle}},
                          {1, 2, 8, 1050 / middle, {1050 / middle}}};
    return figures;
}

inline BenchmarkedCandidate candidate(BackendType backend, Engine engine, std::string version, std::string package,
                                      Precision precision, BenchmarkFigures figures) {
    BenchmarkedCandidate candidate;
    candidate.package_id = std::move(package);
    candidate.backend = backend;
    candidate.engine = engine;
    candidate.runtime_version = std::move(version);
    candidate.precision = precision;
    candidate.threads = 2;
    candidate.figures = std::move(figures);
    candidate.gate = agreement_gate(precision);
    candidate.agreement = Agreement{.reference_objects = 5,
                                    .matched_objects = 5,
                                    .compared_pairs = 5,
                                    .largest_shift = 0.0001220703125,
                                    .mean_shift = 0.00004,
                                    .smallest_iou = 0.999999,
                                    .largest_confidence_difference = 1.2e-7};
    candidate.verdict = AgreementVerdict::passes;
    return candidate;
}

/// As a benchmark with peers makes it.
inline BenchmarkReport report() {
    BenchmarkReport report;
    report.model_id = "yolov8n-640";
    report.command = "inference-models benchmark yolov8n-640 bus.jpg --peers /opt/peers/bin/python --html report.html";
    report.environment = {"0.1.0",
                          "2026-11-25T12:34:56Z",
                          "AMD EPYC 9B45 128-Core Processor",
                          "x86_64",
                          {"avx2", "avx512", "avx512_vnni", "avx512_bf16"},
                          2,
                          std::uint64_t{16} << 30U,
                          {},
                          "Debian GNU/Linux 12 (bookworm)",
                          "6.1.0"};
    report.images = {"pictures/bus.jpg"};
    report.confidence = 0.25;
    report.reference_objects = 5;
    report.network_input = {.width = 640, .height = 640};
    report.rounds = 5;
    const BenchmarkFigures onnx = figures({33.1, 33.4, 33.6, 34.2, 33.5}, 142.5, 118.25);
    const BenchmarkFigures fast = figures({24.4, 24.5, 24.6, 25.3, 24.7}, 311.75, 172.5);
    report.candidates = {
        candidate(BackendType::openvino, Engine::openvino, "2026.4.1", "onnx-fp32", Precision::fp32, fast),
        candidate(BackendType::onnx, Engine::onnxruntime, "1.32.0", "onnx-fp32", Precision::fp32, onnx),
        candidate(BackendType::torch, Engine::torch, "2.13.0", "torch-script-fp32", Precision::fp32,
                  figures({38.1, 38.9, 38.4, 39.9, 38.2}, 905, 402.125)),
        candidate(BackendType::openvino, Engine::openvino, "2026.4.1", "onnx-fp32", Precision::bf16,
                  figures({15.1, 15.2, 15.3, 16, 15.2}, 330.5, 168)),
        candidate(BackendType::onnx, Engine::onnxruntime, "1.32.0", "onnx-int8", Precision::int8,
                  figures({11.1, 11.2, 11.3, 12, 11.2}, 90, 80))};
    report.candidates[1].is_reference = true;
    report.candidates[1].agreement.reset();
    report.candidates[0].average_precision = {0.3728125, 0.5256};
    report.candidates[3].agreement->largest_shift = 1.4375;
    BenchmarkedCandidate& wrong = report.candidates[4];
    wrong.agreement->matched_objects = 3;
    wrong.verdict = AgreementVerdict::falls_short;
    wrong.reason = "2 of 5 objects are missing";
    BenchmarkedCandidate broken;
    broken.package_id = "openvino-fp16";
    broken.backend = BackendType::openvino;
    broken.engine = Engine::openvino;
    broken.precision = Precision::fp16;
    broken.reason = "weights.bin is truncated";
    broken.remedy = "Download it again.";
    report.candidates.push_back(broken);
    report.peers = {{"Ultralytics 8.4.190", ".onnx, at its defaults", "ONNX Runtime 1.22.1", "fp32", "640x480", 4,
                     false, figures({41.5, 42, 42.25, 43, 41}, 3105, 702), report.candidates[0].agreement, "", ""},
                    {"Roboflow inference-models 0.39.6", "onnx, same settings", "ONNX Runtime 1.22.1", "fp32",
                     "640x640", 2, true, figures({45.5, 46, 46.25, 47, 45}, 2501, 655), std::nullopt, "", ""},
                    {"Ultralytics 8.4.190", "OpenVINO export", "", "bf16", "640x640", 0, false, std::nullopt,
                     std::nullopt, "openvino is not installed there", "Install it with: make peers"}};
    report.peers[1].figures->pre_process.reset();
    report.peers[1].figures->forward.reset();
    report.peers[1].figures->post_process.reset();
    report.not_run = {{"trt-fp16",
                       BackendType::trt,
                       Engine::tensorrt,
                       {DeviceKind::cuda, 0},
                       {RequestedPrecision::fp16},
                       "there is no NVIDIA GPU",
                       ""},
                      {"best.pt",
                       BackendType::torch,
                       std::nullopt,
                       {},
                       {RequestedPrecision::fp32, RequestedPrecision::bf16},
                       "a checkpoint cannot be opened as it is",
                       "Export it first: yolo export model=best.pt format=onnx"}};
    report.notes = {"The machine was busy during round 3."};
    return report;
}

}  // namespace inference_models::tests
