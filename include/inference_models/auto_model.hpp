#pragma once

#include <inference_models/explanation.hpp>
#include <inference_models/export.hpp>
#include <inference_models/load_options.hpp>
#include <inference_models/model.hpp>
#include <inference_models/model_metadata.hpp>
#include <inference_models/runtime_description.hpp>

#include <memory>
#include <string>

namespace inference_models {

/// Finds the best way to run a model on this machine, and loads it.
class INFERENCE_MODELS_EXPORT AutoModel {
public:
    /// Loads a model with the best candidate for this machine, or with the next one where that fails while loading.
    ///
    /// \param model_id_or_path  a package directory, a directory that holds several packages of one model, a bare
    ///                          `.onnx` file with Ultralytics metadata or, where nothing lies at that path, the id of a
    ///                          model: one that is installed with this library (`codes-n-640`), else one of the
    ///                          provider (`yolov8n-640`, `workspace/project/3`), whose files are downloaded once
    /// \throws Error `model_not_found`, `corrupted_package`, `unsupported_model`, `invalid_argument`;
    ///         `no_usable_backend` with every candidate's reason and what would mend it; by id also `unauthorized`,
    ///         `payment_required`, `forbidden`, `usage_paused`, `unreachable`, `retrieval_failure`, `hash_mismatch`,
    ///         `untrusted`, `cancelled`, `io_failure`
    [[nodiscard]] static std::unique_ptr<Model> from_pretrained(const std::string& model_id_or_path,
                                                                const LoadOptions& options = {});

    /// What `from_pretrained` would choose and why, with nothing loaded.
    [[nodiscard]] static Explanation explain(const std::string& model_id_or_path, const LoadOptions& options = {});

    /// What the provider says of a model: its packages and their files. Downloads none of them.
    /// \param options  of these: `weights_provider`, `api_key`, extra query parameters and headers
    /// \param pull_artefacts_size  ask for the sizes of files of which the provider does not say them: one request each
    [[nodiscard]] static ModelMetadata describe_model(const std::string& model_id_or_path,
                                                      const LoadOptions& options = {},
                                                      bool pull_artefacts_size = false);

    /// The same with one of its packages alone.
    /// \throws Error `invalid_argument` where the model has no package of this id
    [[nodiscard]] static ModelMetadata describe_model_package(const std::string& model_id_or_path,
                                                              const std::string& package_id,
                                                              const LoadOptions& options = {},
                                                              bool pull_artefacts_size = true);

    /// What this machine has. Opens no runtime.
    [[nodiscard]] static RuntimeDescription describe_runtime();
};

}  // namespace inference_models
