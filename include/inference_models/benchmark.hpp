#pragma once

#include <inference_models/agreement.hpp>
#include <inference_models/compare_detections.hpp>
#include <inference_models/export.hpp>
#include <inference_models/image.hpp>
#include <inference_models/load_options.hpp>
#include <inference_models/object_detection_model.hpp>
#include <inference_models/types.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// How fast a model is in every way in which it runs on this machine, how soon, in how much memory, and how right.
///
/// Runtimes disturb one another in one process, so each candidate is measured in processes of its own: in each round
/// one that starts, loads the model, warms up until its times are stable, and is measured. The candidates take turns
/// in every round, so that what else the machine does hits all of them alike; what is told of several rounds are
/// medians.
namespace inference_models {

/// Times that 50, 90 and 99 % of a round's predictions took no longer than, in milliseconds.
struct Percentiles {
    double p50 = 0;
    double p90 = 0;
    double p99 = 0;
};

/// One process of one candidate. Times are in milliseconds.
struct BenchmarkRound {
    double start = 0;               ///< from the start of the process to the end of its first prediction
    double load = 0;                ///< of that: loading the model
    double first_prediction = 0;    ///< of that: the first prediction
    std::uint32_t warm_up = 0;      ///< predictions until times were stable
    std::uint32_t predictions = 0;  ///< that were measured then
    double end_to_end = 0;          ///< the median of one prediction: of a decoded image in, detections out
    double peak_memory_mib = 0;     ///< the largest resident size of the process, in MiB
};

/// Several images at a time.
struct BenchmarkThroughput {
    std::uint32_t instances = 1;  ///< of the model, called in parallel in one process
    std::uint32_t threads = 1;    ///< compute threads of each
    std::uint32_t batch = 1;      ///< images of one call
    double images_per_second = 0;
    std::vector<double> rounds;  ///< the same of each round, of which that is the median
};

/// All that was measured of one candidate or peer. Times are in milliseconds; those of single rounds are medians.
struct BenchmarkFigures {
    double start = 0;                        ///< as in BenchmarkRound
    double load = 0;                         ///< as in BenchmarkRound
    double first_prediction = 0;             ///< as in BenchmarkRound
    double peak_memory_mib = 0;              ///< as in BenchmarkRound
    Percentiles end_to_end;                  ///< of one prediction; of each percentile the median of the rounds
    std::optional<Percentiles> pre_process;  ///< of its stages; none where a peer does not tell
    std::optional<Percentiles> forward;
    std::optional<Percentiles> post_process;
    std::vector<BenchmarkThroughput> throughput;  ///< first one instance with a batch of one
    std::vector<BenchmarkRound> rounds;

    /// The most images per second of all ways that were tried; none where none was.
    [[nodiscard]] INFERENCE_MODELS_EXPORT const BenchmarkThroughput* best_throughput() const noexcept;
};

/// How much of what is labelled a model finds, as COCO counts it: over all classes that have labels, 0..1.
struct AveragePrecision {
    double ap = 0;    ///< mean over IoU thresholds of 0.5 to 0.95
    double ap50 = 0;  ///< with an IoU of 0.5
};

/// A candidate that runs here.
struct BenchmarkedCandidate {
    std::string package_id;
    BackendType backend = BackendType::onnx;
    Engine engine = Engine::onnxruntime;
    std::string runtime_version;
    Device device;
    Precision precision = Precision::fp32;    ///< that it computes in
    std::uint32_t threads = 1;                ///< compute threads that it was given
    bool is_reference = false;                ///< the others are compared with it
    std::optional<BenchmarkFigures> figures;  ///< none where it could not be loaded or run
    AgreementGate gate;                       ///< as in ComparedCandidate, as all that follows
    std::optional<Agreement> agreement;       ///< none for the reference, and where it could not be loaded or run
    AgreementVerdict verdict = AgreementVerdict::falls_short;
    std::string reason;  ///< one line: what falls short, or the error; empty where it passes
    std::string remedy;
    std::optional<AveragePrecision> average_precision;  ///< where labels were given
};

/// Another product, measured in the same rounds in an environment of its own.
struct BenchmarkedPeer {
    std::string product;         ///< `Ultralytics 8.4.190`
    std::string settings;        ///< `.onnx, at its defaults`
    std::string runtime;         ///< `ONNX Runtime 1.22.1`; empty where it is not known
    std::string precision;       ///< `fp32`, or what its runtime chose: `bf16`
    std::string shape;           ///< of the network's input, height first: `640x480`
    std::uint32_t threads = 0;   ///< compute threads; 0 where it is not known
    bool same_settings = false;  ///< shape, threads and precision are those of the candidates
    std::optional<BenchmarkFigures> figures;
    std::optional<Agreement> agreement;  ///< with the reference, by the gate of fp32's objects; told, not judged
    std::string reason;                  ///< one line: why there are no figures
    std::string remedy;
};

/// Where it was measured.
struct BenchmarkEnvironment {
    std::string product_version;  ///< of inference_models
    std::string measured_at;      ///< `2026-11-25T12:34:56Z`
    std::string cpu;              ///< `AMD EPYC ...`
    std::string architecture;     ///< `x86_64`
    std::vector<std::string> instruction_sets;
    std::uint32_t threads = 1;  ///< that this process may use
    std::uint64_t memory_bytes = 0;
    std::vector<std::string> gpus;
    std::string os;
    std::string kernel;
};

struct BenchmarkReport {
    std::string model_id;
    std::string command;  ///< that made it; empty where it was no command
    BenchmarkEnvironment environment;
    std::vector<std::string> images;    ///< what they are called
    double confidence = 0;              ///< that objects were found with, to compare them
    std::size_t reference_objects = 0;  ///< that the reference finds in all images
    ImageSize network_input;
    bool rect = false;
    std::uint32_t rounds = 0;
    std::vector<BenchmarkedCandidate> candidates;  ///< fp32 first, then bf16, fp16, int8; in each as they are chosen
    std::vector<BenchmarkedPeer> peers;
    std::vector<UncomparedCandidate> not_run;
    std::vector<std::string> notes;
};

/// Tables for people, lines ending with '\n'.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_text(const BenchmarkReport& report);

/// One JSON document, without a '\n' behind it: the members above under their own names.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_json(const BenchmarkReport& report);

/// One self-contained page: tables, plots, the environment and the command.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_html(const BenchmarkReport& report);

/// What `to_json` wrote into a file.
/// \throws Error `io_failure`, `corrupted_package` that names the file and the field
[[nodiscard]] INFERENCE_MODELS_EXPORT BenchmarkReport read_benchmark_report(const std::filesystem::path& file);

/// What is measured, and how.
struct BenchmarkOptions {
    LoadOptions load;  ///< narrows what is measured. Without `precision`, each candidate runs in every one that it can.
                       ///< `max_package_loading_attempts`, `goal` and `tune` mean nothing here
    ObjectDetectionOptions detection;
    std::uint32_t rounds = 5;                  ///< at least 1
    std::chrono::milliseconds measured{1000};  ///< in each round, of each thing that is measured, after the warm-up
    bool throughput = true;                    ///< measure several instances and batches too
    std::filesystem::path labels;              ///< COCO's JSON with the images' objects. Empty: none are known
    std::filesystem::path peers;  ///< the Python of an environment that holds peers. Empty: none are measured
    std::string command;          ///< for the report
    std::function<void(std::string_view)> progress;  ///< told what is done next, one line before each process; what it
                                                     ///< throws ends the benchmark
};

/// Measures every usable candidate of a detector. With three rounds or more, of 300 ms or more, the figures are
/// remembered for `from_pretrained`, as by `tune_model`, once all of them are there.
///
/// A candidate that cannot be loaded or run has no figures; it does not end the others.
///
/// \param images  that show objects of the model's classes; with none, pictures that come with the product
/// \throws Error what `AutoModel::from_pretrained` throws where nothing runs here, `invalid_argument` with options out
///         of range, `io_failure`, `cancelled`
[[nodiscard]] INFERENCE_MODELS_EXPORT BenchmarkReport benchmark_model(const std::string& model_id_or_path,
                                                                      std::span<const NamedImage> images,
                                                                      const BenchmarkOptions& options = {});

/// Measures every usable candidate of a detector for some seconds, and remembers the figures: from then on
/// `from_pretrained` takes the candidate that is best here of those that find what the reference finds.
/// As `benchmark_model`, with fewer and shorter rounds; also throws `io_failure` where figures cannot be kept, and
/// `no_usable_backend` where nothing computes fp32 here, so that nothing tells which candidates are right.
[[nodiscard]] INFERENCE_MODELS_EXPORT BenchmarkReport tune_model(const std::string& model_id_or_path,
                                                                 std::span<const NamedImage> images = {},
                                                                 const LoadOptions& options = {},
                                                                 std::function<void(std::string_view)> progress = {});

// --- Two reports -----------------------------------------------------------------------------------------------------

enum class ComparedSpeed { faster, slower, within_noise };

/// `faster`, `slower`, `within-noise`
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string_view to_string(ComparedSpeed speed) noexcept;

/// One quantity of a candidate or peer that both reports have.
struct BenchmarkDifference {
    std::string name;      ///< `openvino fp32`
    std::string quantity;  ///< `end to end`, `start`, `peak memory`, `throughput`
    double before = 0;
    double after = 0;
    double ratio = 1;  ///< after / before
    double noise = 0;  ///< how far single rounds lie apart in either report, as a share: what is less is not told apart
    ComparedSpeed verdict = ComparedSpeed::within_noise;  ///< faster also means less memory, or more images
};

struct BenchmarkComparison {
    std::vector<std::string> other_environment;  ///< what else is different: `cpu: A, then B`
    std::vector<BenchmarkDifference> differences;
    std::vector<std::string> only_before;  ///< what the other report does not have
    std::vector<std::string> only_after;
    std::vector<std::string> notes;  ///< such as what has too few rounds
};

/// Whether a second report is faster than a first one, or slower, by more than either report's rounds differ among
/// themselves: every round of the one has to lie beyond every round of the other, and what they come to further apart
/// than the rounds of either and by more than a hundredth. With fewer than four rounds in either report, all is within
/// the noise.
///
/// Candidates are the same that have the same backend, engine, package, device and precision; peers that have the same
/// product and settings. Other threads, another device or another runtime are told, and do not keep reports from being
/// compared.
/// \throws Error `invalid_argument` that says what differs, where another model, network input, `rect` or other images
///         were measured
[[nodiscard]] INFERENCE_MODELS_EXPORT BenchmarkComparison compare_benchmarks(const BenchmarkReport& before,
                                                                             const BenchmarkReport& after);

[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_text(const BenchmarkComparison& comparison);
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_json(const BenchmarkComparison& comparison);

}  // namespace inference_models
