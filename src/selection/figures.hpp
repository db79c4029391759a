#pragma once

#include <inference_models/explanation.hpp>
#include <inference_models/types.hpp>

#include <string>

namespace inference_models::selection {

/// What was measured, and the candidate that it was measured of: the facts that selection chooses by. All that were
/// measured in one run, and only those, bear the same `measured_at`.
struct Figures : MeasuredFigures {
    std::string package_id;
    Engine engine = Engine::onnxruntime;
    Device device;
    Precision precision = Precision::fp32;  ///< that it was computed in
};

}  // namespace inference_models::selection
