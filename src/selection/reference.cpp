#include "selection/reference.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace inference_models::selection {
namespace {

bool is_stored_in_fp32(const Candidate& candidate) {
    return candidate.quantization.value_or(Precision::fp32) == Precision::fp32;
}

}  // namespace

LoadOptions reference_options(LoadOptions load) {
    load.backends.clear();
    load.model_package_id.clear();
    load.quantization.clear();
    load.precision = RequestedPrecision::fp32;
    load.device.reset();
    load.batch_size.reset();
    load.onnx_execution_providers.clear();
    load.required_model_features.clear();
    load.tune = false;
    return load;
}

bool is_fp32_in_onnxruntime(const Candidate& candidate) {
    return candidate.engine == Engine::onnxruntime && is_stored_in_fp32(candidate);
}

std::vector<Candidate> possible_references(const std::vector<Candidate>& candidates) {
    std::vector<Candidate> usable;
    std::ranges::copy_if(candidates, std::back_inserter(usable), &Candidate::runs_here);
    std::ranges::stable_sort(usable, {}, [](const Candidate& each) {
        return std::tuple(!is_fp32_in_onnxruntime(each), !is_stored_in_fp32(each), each.device.kind != DeviceKind::cpu);
    });
    return usable;
}

}  // namespace inference_models::selection
