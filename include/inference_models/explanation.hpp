#pragma once

#include <inference_models/export.hpp>
#include <inference_models/types.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace inference_models {

enum class CandidateStatus {
    chosen,    ///< runs here and stands first
    usable,    ///< runs here, but another one stands before it
    possible,  ///< would run once something is done: `remedy` says what
    rejected,  ///< cannot run here, or is not what was asked for: `reason` says why
};

[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(CandidateStatus status) noexcept;

/// What was measured of a candidate on this machine, with all that it would run with now.
struct MeasuredFigures {
    AgreementVerdict verdict = AgreementVerdict::falls_short;
    std::string shortfall;  ///< one line: what falls short, or the error; empty where it passes
    double latency_ms = 0;  ///< of one prediction, end to end; the median. As all that follows, 0 where it could not be
                            ///< loaded or run
    double startup_ms = 0;  ///< from the start of a process to the end of its first prediction
    double memory_mib = 0;  ///< the largest resident size of that process
    std::optional<double> images_per_second;  ///< in the best way that was tried; none where none was
    std::chrono::system_clock::time_point measured_at;
};

/// One way to run a model: a package in an engine on a device.
struct Candidate {
    std::string package_id;  ///< `onnx-fp32`, or a file's name
    PackageFormat format = PackageFormat::onnx;
    std::optional<Precision> quantization;  ///< of the package; none where it does not say
    std::optional<Precision> precision;     ///< that it is computed in; none where it would not be, or nothing tells
    BackendType backend = BackendType::onnx;
    std::optional<Engine> engine;  ///< none where no engine opens this format as it is
    Device device;
    CandidateStatus status = CandidateStatus::rejected;
    std::string reason;  ///< one line: why it has this status
    std::string remedy;  ///< what would bring it in; empty where nothing would, or nothing is needed
    std::optional<MeasuredFigures> figures;  ///< none where it does not run here, or has not been measured here

    /// Chosen or usable.
    [[nodiscard]] bool runs_here() const noexcept {
        return status == CandidateStatus::chosen || status == CandidateStatus::usable;
    }
};

/// Why a model runs as it does: every candidate, in the order in which they would be tried.
struct Explanation {
    std::string model_id;
    std::string weights_provider = "local";  ///< who listed the packages: `local`, `bundled`, `roboflow`, ...
    std::filesystem::path location;          ///< where they lie, or would once they are downloaded
    std::vector<Candidate> candidates;       ///< chosen, then usable, then possible, then rejected
    std::vector<std::string> notes;          ///< e.g. a candidate that failed while loading, so that the next was taken

    /// The chosen candidate, or null where nothing can run.
    [[nodiscard]] INFERENCE_MODELS_EXPORT const Candidate* chosen() const noexcept;
};

/// A table for people, lines ending with '\n'.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_text(const Explanation& explanation);

/// One JSON document: the members above under their own names.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_json(const Explanation& explanation);

}  // namespace inference_models
