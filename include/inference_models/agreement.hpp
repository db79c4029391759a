#pragma once

#include <inference_models/compare_detections.hpp>
#include <inference_models/export.hpp>
#include <inference_models/image.hpp>
#include <inference_models/load_options.hpp>
#include <inference_models/object_detection_model.hpp>
#include <inference_models/types.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inference_models {

/// What a candidate has to keep to. An object counts where its confidence is above the threshold by more than
/// `confidence_margin`, since those at the threshold come and go with the smallest change.
struct AgreementGate {
    Precision precision = Precision::fp32;  ///< whose gate it is
    double confidence_margin = 0;
    std::optional<double> largest_shift;  ///< in pixels. None, as with the next two: any
    std::optional<double> smallest_iou;
    std::optional<double> largest_confidence_difference;
    double smallest_matched_share = 1;  ///< of the reference's objects, that must have a match
    double largest_extra_share = 0;     ///< objects of the candidate without a match, as a share of the reference's
};

/// The gate of what is stored or computed in a precision:
///
/// - fp32: every object, but for those within 1e-4 of the threshold, within 0.1 px and 1e-4. Engines add in another
///   order, which moves boxes by less than 0.01 px; what moves them further is an error.
/// - bf16 and fp16: every object above the threshold by more than 0.05, with an IoU of at least 0.95, within 0.02.
/// - int8: of the objects above the threshold by more than 0.05, at least 0.9 have a match, and there are at most 0.1
///   times as many others. These are other weights: boxes move, and an object may cross the threshold. The bundled
///   model's own int8 package finds all 445 objects of 438 pictures, and 4 others. On a sixth of the pictures it
///   loses 17 % with activations whose ranges are 0.7 times as wide, and 91 % with ranges 8 times as wide. With fewer
///   than ten objects, none may be lost.
[[nodiscard]] INFERENCE_MODELS_EXPORT AgreementGate agreement_gate(Precision precision);

/// What falls short of the gate, in one line; empty where nothing does.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string shortfall(const Agreement& agreement, const AgreementGate& gate);

/// What all others are compared with: the model's fp32 package in ONNX Runtime on the CPU, where that runs here.
struct AgreementReference {
    std::string package_id;
    BackendType backend = BackendType::onnx;
    Engine engine = Engine::onnxruntime;
    std::string runtime_version;
    Device device;
    Precision precision = Precision::fp32;
    std::size_t objects = 0;  ///< that it finds in all images
};

/// A candidate that was compared with the reference, or should have been.
struct ComparedCandidate {
    std::string package_id;
    BackendType backend = BackendType::onnx;
    Engine engine = Engine::onnxruntime;
    Device device;
    Precision precision = Precision::fp32;  ///< that it was asked to compute in
    AgreementGate gate;                     ///< of this precision, or of the package's where that is lower
    std::optional<Agreement> agreement;     ///< none where it could not be loaded or run
    std::string worst_image;  ///< in which most is missing or extra, else one that alone falls short, else
                              ///< in which most has moved; empty where nothing differs
    AgreementVerdict verdict = AgreementVerdict::falls_short;
    std::string reason;  ///< one line: what falls short, or the error; empty where it passes
    std::string remedy;  ///< of the error, what would mend it
};

/// A candidate that does not run here.
struct UncomparedCandidate {
    std::string package_id;
    BackendType backend = BackendType::onnx;
    std::optional<Engine> engine;  ///< none where no engine opens the package's format
    Device device;
    std::vector<RequestedPrecision> precisions;  ///< that were asked for in vain
    std::string reason;                          ///< as in an Explanation
    std::string remedy;
};

/// Whether a model finds the same in every way in which it runs here.
struct AgreementReport {
    std::string model_id;
    double confidence = 0;   ///< that objects were found with
    std::size_t images = 0;  ///< how many there were
    AgreementReference reference;
    std::vector<ComparedCandidate> candidates;  ///< fp32 first, then bf16, fp16, int8; in each the one that would be
                                                ///< chosen first
    std::vector<UncomparedCandidate> not_run;
    std::vector<std::string> notes;                               ///< such as why the reference is another one
    AgreementVerdict verdict = AgreementVerdict::proves_nothing;  ///< passes where every candidate does
};

/// A table for people, lines ending with '\n'; the last one is the verdict.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_text(const AgreementReport& report);

/// One JSON document: the members above under their own names.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_json(const AgreementReport& report);

/// An image and what a report calls it.
struct NamedImage {
    std::string name;
    ImageView pixels;
};

/// What is run, and how.
struct VerifyOptions {
    LoadOptions load;  ///< narrows what is compared, not what the reference is chosen from. Without `precision`, each
                       ///< candidate runs in every one that it can. `max_package_loading_attempts` means nothing here
    ObjectDetectionOptions detection;
};

/// Runs every usable candidate of a detector on the same images, in every precision, and compares what it finds with
/// what the reference finds. One model is loaded at a time.
///
/// A candidate that cannot be loaded or run falls short; it does not end the others.
///
/// \throws Error what `AutoModel::from_pretrained` throws where nothing can be the reference, `invalid_argument`
/// without
///         images or with options out of range, `cancelled`
[[nodiscard]] INFERENCE_MODELS_EXPORT AgreementReport verify(const std::string& model_id_or_path,
                                                             std::span<const NamedImage> images,
                                                             const VerifyOptions& options = {});

}  // namespace inference_models
