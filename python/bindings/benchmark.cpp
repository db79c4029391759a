#include <inference_models/benchmark.hpp>

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "bindings.hpp"
#include "images.hpp"
#include "library_call.hpp"
#include "records.hpp"

namespace inference_models::python {
namespace {

// --- Records ---------------------------------------------------------------------------------------------------------

void bind_figures(nb::module_& module) {
    RecordBinding<Percentiles>(module, "Percentiles",
                               "Times that 50, 90 and 99 % of the predictions took no longer than, in milliseconds.")
        .member("p50", &Percentiles::p50, "the median")
        .member("p90", &Percentiles::p90, "of 90 %")
        .member("p99", &Percentiles::p99, "of 99 %")
        .plain();
    RecordBinding<BenchmarkRound>(module, "BenchmarkRound", "One process of one candidate. Times are in milliseconds.")
        .member("start", &BenchmarkRound::start, "from the start of the process to the end of its first prediction")
        .member("load", &BenchmarkRound::load, "of that: loading the model")
        .member("first_prediction", &BenchmarkRound::first_prediction, "of that: the first prediction")
        .member("warm_up", &BenchmarkRound::warm_up, "predictions until times were stable")
        .member("predictions", &BenchmarkRound::predictions, "that were measured then")
        .member("end_to_end", &BenchmarkRound::end_to_end,
                "the median of one prediction: of a decoded image in, detections out")
        .member("peak_memory_mib", &BenchmarkRound::peak_memory_mib, "the largest resident size of the process")
        .plain();
    RecordBinding<BenchmarkThroughput>(module, "BenchmarkThroughput", "Several images at a time.")
        .member("instances", &BenchmarkThroughput::instances, "of the model, called in parallel in one process")
        .member("threads", &BenchmarkThroughput::threads, "compute threads of each")
        .member("batch", &BenchmarkThroughput::batch, "images of one call")
        .member("images_per_second", &BenchmarkThroughput::images_per_second, "the median of the rounds")
        .member("rounds", &BenchmarkThroughput::rounds, "the same of each round")
        .plain();
    RecordBinding<BenchmarkFigures> figures(module, "BenchmarkFigures",
                                            "All that was measured of one candidate or peer. Times are in "
                                            "milliseconds; those of single rounds are medians.");
    figures.member("start", &BenchmarkFigures::start, "as in a BenchmarkRound")
        .member("load", &BenchmarkFigures::load, "as in a BenchmarkRound")
        .member("first_prediction", &BenchmarkFigures::first_prediction, "as in a BenchmarkRound")
        .member("peak_memory_mib", &BenchmarkFigures::peak_memory_mib, "as in a BenchmarkRound")
        .member("end_to_end", &BenchmarkFigures::end_to_end, "of one prediction, over all rounds")
        .member("pre_process", &BenchmarkFigures::pre_process, "of its stages; None where a peer does not tell")
        .member("forward", &BenchmarkFigures::forward, "as `pre_process`")
        .member("post_process", &BenchmarkFigures::post_process, "as `pre_process`")
        .member("throughput", &BenchmarkFigures::throughput, "first one instance with a batch of one")
        .member("rounds", &BenchmarkFigures::rounds, "one process each")
        .plain();
    figures->def_prop_ro(
        "best_throughput",
        [](const BenchmarkFigures& self) {
            const BenchmarkThroughput* const best = self.best_throughput();
            return best == nullptr ? std::nullopt : std::optional(*best);
        },
        "the most images per second of all ways that were tried; None where none was");
    RecordBinding<AveragePrecision>(module, "AveragePrecision",
                                    "How much of what is labelled a model finds, as COCO counts it, 0..1.")
        .member("ap", &AveragePrecision::ap, "mean over IoU thresholds of 0.5 to 0.95")
        .member("ap50", &AveragePrecision::ap50, "with an IoU of 0.5")
        .plain();
}

void bind_participants(nb::module_& module) {
    RecordBinding<BenchmarkedCandidate>(module, "BenchmarkedCandidate", "A candidate that runs here.")
        .member("package_id", &BenchmarkedCandidate::package_id, "`onnx-fp32`")
        .member("backend", &BenchmarkedCandidate::backend, "`trt`, `torch`, `hugging-face`, `onnx` or `openvino`")
        .member("engine", &BenchmarkedCandidate::engine, "`onnxruntime`, `torch`, `openvino` or `tensorrt`")
        .member("runtime_version", &BenchmarkedCandidate::runtime_version, "of the engine's library")
        .member("device", &BenchmarkedCandidate::device, "`cpu` or `cuda:N`")
        .member("precision", &BenchmarkedCandidate::precision, "that it computes in")
        .member("threads", &BenchmarkedCandidate::threads, "compute threads that it was given")
        .member("is_reference", &BenchmarkedCandidate::is_reference, "the others are compared with it")
        .member("figures", &BenchmarkedCandidate::figures, "None where it could not be loaded or run")
        .member("gate", &BenchmarkedCandidate::gate, "of this precision, or of the package's where that is lower")
        .member("agreement", &BenchmarkedCandidate::agreement,
                "with the reference; None for itself, and where it could not be loaded or run")
        .member("verdict", &BenchmarkedCandidate::verdict, "`passes`, `falls-short` or `proves-nothing`")
        .member("reason", &BenchmarkedCandidate::reason, "what falls short, or the error; empty where it passes")
        .member("remedy", &BenchmarkedCandidate::remedy, "of the error, what would mend it")
        .member("average_precision", &BenchmarkedCandidate::average_precision, "None without labels")
        .plain();
    RecordBinding<BenchmarkedPeer>(module, "BenchmarkedPeer",
                                   "Another product, measured in the same rounds in an environment of its own.")
        .member("product", &BenchmarkedPeer::product, "with its version")
        .member("settings", &BenchmarkedPeer::settings, "what of it was measured, and how it was set")
        .member("runtime", &BenchmarkedPeer::runtime, "with its version; empty where it is not known")
        .member("precision", &BenchmarkedPeer::precision, "`fp32`, or what its runtime chose")
        .member("shape", &BenchmarkedPeer::shape, "of the network's input, height first")
        .member("threads", &BenchmarkedPeer::threads, "compute threads; 0 where it is not known")
        .member("same_settings", &BenchmarkedPeer::same_settings,
                "shape, threads and precision are those of the candidates")
        .member("figures", &BenchmarkedPeer::figures, "None where it could not be run")
        .member("agreement", &BenchmarkedPeer::agreement, "with the reference; told, not judged")
        .member("reason", &BenchmarkedPeer::reason, "why there are no figures")
        .member("remedy", &BenchmarkedPeer::remedy, "what would mend it")
        .plain();
}

void bind_report(nb::module_& module) {
    RecordBinding<BenchmarkEnvironment>(module, "BenchmarkEnvironment", "Where it was measured.")
        .member("product_version", &BenchmarkEnvironment::product_version, "of this package")
        .member("measured_at", &BenchmarkEnvironment::measured_at, "in UTC, as in ISO 8601")
        .member("cpu", &BenchmarkEnvironment::cpu, "what it calls itself")
        .member("architecture", &BenchmarkEnvironment::architecture, "`x86_64`")
        .member("instruction_sets", &BenchmarkEnvironment::instruction_sets, "that matter to engines")
        .member("threads", &BenchmarkEnvironment::threads, "that this process may use")
        .member("memory_bytes", &BenchmarkEnvironment::memory_bytes, "of the machine")
        .member("gpus", &BenchmarkEnvironment::gpus, "by name")
        .member("os", &BenchmarkEnvironment::os, "with its version")
        .member("kernel", &BenchmarkEnvironment::kernel, "its version")
        .plain();
    RecordBinding<BenchmarkReport> report(module, "BenchmarkReport",
                                          "How fast a model is in every way in which it runs here, how soon, in how "
                                          "much memory, and how right. print() shows it as tables.");
    report.member("model_id", &BenchmarkReport::model_id, "the model's name")
        .member("command", &BenchmarkReport::command, "that made it; empty where it was no command")
        .member("environment", &BenchmarkReport::environment, "where it was measured")
        .member("images", &BenchmarkReport::images, "what they are called")
        .member("confidence", &BenchmarkReport::confidence, "that objects were found with, to compare them")
        .member("reference_objects", &BenchmarkReport::reference_objects, "that the reference finds in all images")
        .member("network_input", &BenchmarkReport::network_input, "that images are brought to")
        .member("rect", &BenchmarkReport::rect, "they are padded to multiples of the stride alone")
        .member("rounds", &BenchmarkReport::rounds, "how many there were")
        .member("candidates", &BenchmarkReport::candidates, "fp32 first, then bf16, fp16, int8")
        .member("peers", &BenchmarkReport::peers, "other products")
        .member("not_run", &BenchmarkReport::not_run, "candidates that do not run here, each with its reason")
        .member("notes", &BenchmarkReport::notes, "such as why the reference is another one")
        .with_text_and_json();
    report->def(
        "to_html", [](const BenchmarkReport& self) { return python_text(to_html(self)); },
        "One self-contained page: tables, plots, the environment and the command.");
    report->def("__repr__", [](const BenchmarkReport& self) {
        return nb::str("<BenchmarkReport of {}; print() shows {} candidates>")
            .format(python_value(self.model_id), self.candidates.size());
    });
}

void bind_comparison(nb::module_& module) {
    RecordBinding<BenchmarkDifference>(module, "BenchmarkDifference",
                                       "One quantity of a candidate or peer that both reports have.")
        .member("name", &BenchmarkDifference::name, "of the candidate or peer")
        .member("quantity", &BenchmarkDifference::quantity, "`end to end`, `start`, `peak memory` or `throughput`")
        .member("before", &BenchmarkDifference::before, "in ms, MiB or images per second")
        .member("after", &BenchmarkDifference::after, "in ms, MiB or images per second")
        .member("ratio", &BenchmarkDifference::ratio, "after / before")
        .member("noise", &BenchmarkDifference::noise,
                "how far single rounds lie apart in either report, as a share: what is less is not told apart")
        .member("verdict", &BenchmarkDifference::verdict,
                "`faster` (also less memory, or more images), `slower` or `within-noise`")
        .plain();
    RecordBinding<BenchmarkComparison> comparison(module, "BenchmarkComparison",
                                                  "Whether a second report is faster than a first one, or slower. "
                                                  "print() shows it as a table.");
    comparison
        .member("other_environment", &BenchmarkComparison::other_environment,
                "what else is different: `cpu: A, then B`")
        .member("differences", &BenchmarkComparison::differences, "of what both reports have")
        .member("only_before", &BenchmarkComparison::only_before, "what the second report does not have")
        .member("only_after", &BenchmarkComparison::only_after, "what the first report does not have")
        .member("notes", &BenchmarkComparison::notes, "such as what has too few rounds")
        .with_text_and_json();
    comparison->def("__repr__", [](const BenchmarkComparison& self) {
        return nb::str("<BenchmarkComparison; print() shows {} differences>").format(self.differences.size());
    });
}

// --- Calls -----------------------------------------------------------------------------------------------------------

std::chrono::milliseconds measured_time(nb::handle value) {
    constexpr const char* kArgument = "seconds";
    constexpr double kLeast = 0.01;
    constexpr double kMost = 3600;
    const double seconds = number(kArgument, value);
    if (seconds >= kLeast && seconds <= kMost) {
        return std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
    }
    throw Error(ErrorKind::invalid_argument, kArgument, fmt::format("seconds = {}", seconds),
                fmt::format("seconds must be from {} to {}.", kLeast, kMost));
}

Error interrupted() {
    return {ErrorKind::cancelled, "", "the measurement was interrupted", "Nothing of it was kept."};
}

/// Lets Ctrl-C end the call between two processes that measure, and tells a function of the caller what is done next.
/// What either raises reaches the caller as it is.
/// \param function  None, or what the caller passed, who holds it as long as the call lasts
std::function<void(std::string_view)> progress_to(nb::handle function) {
    return [function](std::string_view line) {
        if (!goes_on()) throw interrupted();
        if (function.is_none()) return;
        const nb::gil_scoped_acquire lock;
        try {
            function(python_text(line));
        } catch (nb::python_error& raised) {
            interrupt_with(std::move(raised));
            throw interrupted();
        }
    };
}

nb::handle callable_or_none(nb::handle progress) {
    if (progress.is_none() || PyCallable_Check(progress.ptr()) == 1) return progress;
    throw wrong_type("progress", progress, "a function that takes a text");
}

/// None: pictures of our own.
using Images = std::optional<std::vector<ImageInput*>>;

/// Runs `measure(images)` with the images of a call and their names.
template <class Measure>
BenchmarkReport call_with(const Images& images, const std::vector<nb::str>& names, Measure measure) {
    if (images && images->empty()) {
        throw Error(ErrorKind::invalid_argument, "images", "there are no images to measure with",
                    "Give at least one image that shows objects of the model's classes, or None.");
    }
    std::vector<std::string> texts;
    texts.reserve(names.size());
    for (const nb::str& name : names) texts.push_back(native_text(name));
    return call_library([&] {
        std::vector<NamedImage> named;
        for (std::size_t i = 0; i < texts.size(); ++i) named.push_back({texts[i], (*images)[i]->view()});
        return measure(named);
    });
}

BenchmarkReport benchmark(nb::handle model_id_or_path, const Images& images, const std::vector<nb::str>& names,
                          const LoadOptions& load, const ObjectDetectionOptions& detection, nb::handle rounds,
                          nb::handle seconds, nb::handle throughput, nb::handle labels, nb::handle peers,
                          nb::handle progress) {
    BenchmarkOptions options;
    options.load = load;
    options.detection = detection;
    options.rounds = positive_count("rounds", rounds);
    options.measured = measured_time(seconds);
    options.throughput = flag("throughput", throughput);
    if (!labels.is_none()) options.labels = path_text("labels", labels);
    if (!peers.is_none()) options.peers = path_text("peers", peers);
    options.progress = progress_to(callable_or_none(progress));
    const std::string path = path_text("model_id_or_path", model_id_or_path);
    return call_with(images, names, [&](const auto& named) { return benchmark_model(path, named, options); });
}

BenchmarkReport tune(nb::handle model_id_or_path, const Images& images, const std::vector<nb::str>& names,
                     const LoadOptions& load, nb::handle progress) {
    const auto told = progress_to(callable_or_none(progress));
    const std::string path = path_text("model_id_or_path", model_id_or_path);
    return call_with(images, names, [&](const auto& named) { return tune_model(path, named, load, told); });
}

BenchmarkReport read_report(nb::handle path) {
    const std::string file = path_text("path", path);
    return call_library([&] { return read_benchmark_report(file); });
}

}  // namespace

void bind_benchmark(nb::module_& module) {
    bind_figures(module);
    bind_participants(module);
    bind_report(module);
    bind_comparison(module);
    module.def("benchmark", benchmark, nb::arg("model_id_or_path").none(), nb::arg("images").none(), nb::arg("names"),
               nb::arg("load_options"), nb::arg("options"), nb::arg("rounds").none(), nb::arg("seconds").none(),
               nb::arg("throughput").none(), nb::arg("labels").none(), nb::arg("peers").none(),
               nb::arg("progress").none(), "Measures every usable candidate.");
    module.def("tune", tune, nb::arg("model_id_or_path").none(), nb::arg("images").none(), nb::arg("names"),
               nb::arg("load_options"), nb::arg("progress").none(),
               "Measures every usable candidate for some seconds, and remembers the figures.");
    module.def("compare_benchmarks", compare_benchmarks, nb::arg("before"), nb::arg("after"),
               "Whether a second report is faster than a first one, or slower, by more than either report's rounds "
               "differ among themselves. With fewer than four rounds in either, all is within the noise. Raises "
               "InvalidParameterError where another model, network input, rect or other images were measured.");
    module.def("read_benchmark_report", read_report, nb::arg("path").none(),
               "The report that a file holds: what `inference-models benchmark --json` printed, or `to_json()` made.");
}

}  // namespace inference_models::python
