#include <inference_models/explanation.hpp>

#include "bindings.hpp"
#include "records.hpp"

namespace inference_models::python {

void bind_explanation(nb::module_& module) {
    RecordBinding<MeasuredFigures>(module, "MeasuredFigures",
                                   "What was measured of a candidate on this machine, with all that it would run with "
                                   "now. What was not measured since it could not be loaded or run is 0.")
        .member("verdict", &MeasuredFigures::verdict, "`passes`, `falls-short` or `proves-nothing`")
        .member("shortfall", &MeasuredFigures::shortfall,
                "one line: what falls short, or the error; empty where it passes")
        .member("latency_ms", &MeasuredFigures::latency_ms, "of one prediction, end to end; the median")
        .member("startup_ms", &MeasuredFigures::startup_ms,
                "from the start of a process to the end of its first prediction")
        .member("memory_mib", &MeasuredFigures::memory_mib, "the largest resident size of that process")
        .member("images_per_second", &MeasuredFigures::images_per_second,
                "in the best way that was tried; None where none was")
        .member("measured_at", &MeasuredFigures::measured_at, "the time in UTC: `2026-11-25T12:34:56Z`")
        .plain();
    RecordBinding<Candidate>(module, "Candidate", "One way to run a model: a package in an engine on a device.")
        .member("package_id", &Candidate::package_id, "`onnx-fp32`, or a file's name")
        .member("format", &Candidate::format, "how the package stores its network: `onnx`, `torch-script`, ...")
        .member("quantization", &Candidate::quantization, "of the package; None where it does not say")
        .member("precision", &Candidate::precision,
                "that it is computed in; None where it would not be, or nothing tells")
        .member("backend", &Candidate::backend, "`trt`, `torch`, `hugging-face`, `onnx` or `openvino`")
        .member("engine", &Candidate::engine, "None where no engine opens this format as it is")
        .member("device", &Candidate::device, "`cpu` or `cuda:N`")
        .member("status", &Candidate::status,
                "`chosen`; `usable`: runs here too; `possible`: would run once the remedy is done; `rejected`")
        .member("reason", &Candidate::reason, "one line: why it has this status")
        .member("remedy", &Candidate::remedy, "what would bring it in; empty where nothing would, or need be done")
        .member("figures", &Candidate::figures, "None where it does not run here, or has not been measured here")
        .plain();

    RecordBinding<Explanation> explanation(module, "Explanation",
                                           "Why a model runs as it does: every candidate, in the order in which they "
                                           "would be tried. print() shows it as a table.");
    explanation.member("model_id", &Explanation::model_id, "the model's name")
        .member("weights_provider", &Explanation::weights_provider,
                "who listed its packages: `local`, `bundled`, `roboflow` or a registered one")
        .member("location", &Explanation::location, "where its packages lie, or would once they are downloaded")
        .member("candidates", &Explanation::candidates, "chosen, then usable, then possible, then rejected")
        .member("notes", &Explanation::notes,
                "such as a candidate that failed while loading, so that the next was taken")
        .with_text_and_json();
    explanation->def_prop_ro(
        "chosen",
        [](const Explanation& self) {
            const Candidate* const chosen = self.chosen();
            return chosen != nullptr ? std::optional(*chosen) : std::nullopt;
        },
        "The candidate that runs; None where nothing can.");
    explanation->def("__repr__", [](const Explanation& self) {
        const Candidate* const chosen = self.chosen();
        const nb::str choice =
            chosen == nullptr
                ? nb::str("nothing can run")
                : nb::str("{} on {}").format(python_value(chosen->package_id), python_value(*chosen->engine));
        return nb::str("<Explanation of {}: {}; print() shows {} candidates>")
            .format(python_value(self.model_id), choice, self.candidates.size());
    });
}

}  // namespace inference_models::python
