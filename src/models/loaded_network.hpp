#pragma once

#include "engines/network.hpp"
#include "formats/package.hpp"

#include <inference_models/model.hpp>
#include <memory>

namespace inference_models::models {

/// What every task's model is made of: a network in an engine, and what its package says.
struct LoadedNetwork {
    ModelDescription description;
    formats::PackageContents contents;
    BatchRule batch;
    bool is_to_be_tried = false;  ///< before anybody relies on it: not even its package is sure that it runs like this
    std::unique_ptr<engines::Network> network;
};

/// A model for the task that the description names.
/// \throws Error `unsupported_model` where no family decodes it, or the network's input is not an image
[[nodiscard]] std::unique_ptr<Model> make_model(LoadedNetwork loaded);

}  // namespace inference_models::models
