#pragma once

#include <inference_models/object_detection_model.hpp>
#include <inference_models/tensor.hpp>
#include <inference_models/types.hpp>

#include <cstddef>
#include <string>
#include <vector>

/// Whether a compiled network answers what its source answers.
namespace inference_models::compile {

/// What a model's network answers to made-up pictures, the same ones each time.
[[nodiscard]] std::vector<Tensor> answers_of(const ObjectDetectionModel& model, std::size_t pictures);

/// Compares raw outputs channel by channel, so that none is lost beside larger ones.
/// \param rows_may_move  NMS is part of the network: rows stand in the order of scores, which may be nearly equal
/// \returns how well they agree, in words
/// \throws Error `invalid_output` where they differ by more than numbers of this precision do
[[nodiscard]] std::string expect_agreement(const std::vector<Tensor>& expected, const std::vector<Tensor>& actual,
                                           Precision precision, bool rows_may_move);

}  // namespace inference_models::compile
