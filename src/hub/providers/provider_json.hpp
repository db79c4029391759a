#pragma once

#include <inference_models/model_metadata.hpp>

#include <optional>
#include <string>
#include <string_view>

/// The JSON in which Roboflow's API describes a model, in both directions: `{"modelMetadata": {...}}` of type
/// external-model-metadata-v1. The cache keeps models in it, and `hub serve` speaks it. Beyond what that API has,
/// files may have `sha256Hash` and `sizeBytes`, manifests of all formats the bounds of a dynamic batch, those of ONNX
/// `irVersion`, and there are manifests for the formats that only we have.
namespace inference_models::hub {

/// A page of a listing: the model with some of its packages.
struct MetadataPage {
    ModelMetadata model;
    std::optional<std::string> next_page;  ///< what `startAfter` has to be for the page behind it
};

/// The model's `weights_provider` is left to the caller. A package that is of an unknown type, or that makes no sense,
/// is left out with a note; one of a type that is known and not meant for us (oak, tfjs, mediapipe) is left out in
/// silence.
/// \param source  for messages: where the text comes from
/// \throws Error `retrieval_failure` where the text is no JSON (HTML is named), too deep, or the model itself makes no
///         sense
[[nodiscard]] MetadataPage read_metadata_page(std::string_view text, const std::string& source);

/// What has no place in the protocol is left out: `weights_provider`, `notes`, facts of another format than a
/// package's.
[[nodiscard]] std::string write_metadata_page(const MetadataPage& page);

}  // namespace inference_models::hub
