#include "agreement/gate_precision.hpp"

#include <fmt/format.h>

#include <inference_models/agreement.hpp>
#include <vector>

namespace inference_models {

Precision agreement::gate_precision(const Candidate& candidate) {
    const Precision stored = candidate.quantization.value_or(Precision::fp32);
    return stored == Precision::fp32 ? *candidate.precision : stored;
}

AgreementGate agreement_gate(Precision precision) {
    AgreementGate gate;
    gate.precision = precision;
    switch (precision) {
        case Precision::fp32:
            gate.confidence_margin = 1e-4;
            gate.largest_shift = 0.1;
            gate.largest_confidence_difference = 1e-4;
            break;
        case Precision::bf16:
        case Precision::fp16:
            gate.confidence_margin = 0.05;
            gate.smallest_iou = 0.95;
            gate.largest_confidence_difference = 0.02;
            break;
        case Precision::int8:
            gate.confidence_margin = 0.05;
            gate.smallest_matched_share = 0.9;
            gate.largest_extra_share = 0.1;
            break;
    }
    return gate;
}

std::string shortfall(const Agreement& agreement, const AgreementGate& gate) {
    std::vector<std::string> findings;
    const auto objects = static_cast<double>(agreement.reference_objects);
    if (static_cast<double>(agreement.matched_objects) < gate.smallest_matched_share * objects) {
        findings.push_back(fmt::format("{} of the reference's {} objects are not found, {:.0f} % must be",
                                       agreement.missing_objects(), agreement.reference_objects,
                                       gate.smallest_matched_share * 100));
    }
    if (static_cast<double>(agreement.extra_objects) > gate.largest_extra_share * objects) {
        findings.push_back(fmt::format("{} objects are found that the reference does not find, {:.0f} % of its {} may",
                                       agreement.extra_objects, gate.largest_extra_share * 100,
                                       agreement.reference_objects));
    }
    if (gate.largest_shift && agreement.largest_shift > *gate.largest_shift) {
        findings.push_back(
            fmt::format("boxes differ by up to {:.3g} px, {} may be", agreement.largest_shift, *gate.largest_shift));
    }
    if (gate.smallest_iou && agreement.smallest_iou < *gate.smallest_iou) {
        findings.push_back(
            fmt::format("a box has an IoU of {:.4f}, {} must be", agreement.smallest_iou, *gate.smallest_iou));
    }
    if (gate.largest_confidence_difference &&
        agreement.largest_confidence_difference > *gate.largest_confidence_difference) {
        findings.push_back(fmt::format("confidences differ by up to {:.2g}, {} may be",
                                       agreement.largest_confidence_difference, *gate.largest_confidence_difference));
    }
    return fmt::format("{}", fmt::join(findings, "; "));
}

}  // namespace inference_models
