#pragma once

#include <inference_models/agreement.hpp>
#include <inference_models/types.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace inference_models::selection {

/// What was measured of a candidate, on this machine and with what it would run with now: the facts that selection
/// chooses by.
struct Figures {
    std::string package_id;
    Engine engine = Engine::onnxruntime;
    Device device;
    Precision precision = Precision::fp32;  ///< that it was computed in
    AgreementVerdict verdict = AgreementVerdict::falls_short;
    std::string shortfall;                    ///< one line: what falls short, or the error; empty where it passes
    double latency_ms = 0;                    ///< of one prediction, end to end; the median. As all that follows, 0
                                              ///< where it could not be loaded or run
    double startup_ms = 0;                    ///< from the start of a process to the end of its first prediction
    double memory_mib = 0;                    ///< the largest resident size of that process
    std::optional<double> images_per_second;  ///< in the best way that was tried; none where none was
    std::chrono::system_clock::time_point measured_at;
};

}  // namespace inference_models::selection
