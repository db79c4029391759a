#pragma once

#include <inference_models/export.hpp>
#include <inference_models/load_options.hpp>

#include <string>

namespace inference_models {

/// What to do about a model on this machine.
struct Recommendation {
    std::string model_id;
    std::string text;     ///< one paragraph: what to use here, and what another engine or precision would bring
    std::string command;  ///< the next step, complete
};

/// Says what to use here for the goal of the options: by what `tune_model` or `benchmark_model` measured here or, where
/// nothing was, by the order. Of what cannot be tried here, such as an engine that is not installed, it tells what was
/// measured on a machine like this one, and says so. Loads and measures nothing.
/// \throws Error as AutoModel::explain
[[nodiscard]] INFERENCE_MODELS_EXPORT Recommendation recommend(const std::string& model_id_or_path,
                                                               const LoadOptions& options = {});

/// The paragraph, wrapped, and the command, lines ending with '\n'.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_text(const Recommendation& recommendation);

/// One JSON document, without a '\n' behind it: the members above under their own names.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_json(const Recommendation& recommendation);

}  // namespace inference_models
