#include <inference_models/agreement.hpp>

#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "bindings.hpp"
#include "images.hpp"
#include "library_call.hpp"
#include "records.hpp"

namespace inference_models::python {
namespace {

void bind_numbers(nb::module_& module) {
    RecordBinding<AgreementGate>(module, "AgreementGate",
                                 "What a candidate has to keep to. An object counts where its confidence is above the "
                                 "threshold by more than `confidence_margin`.")
        .member("precision", &AgreementGate::precision, "whose gate it is: `fp32`, `bf16`, `fp16` or `int8`")
        .member("confidence_margin", &AgreementGate::confidence_margin, "above the threshold")
        .member("largest_shift", &AgreementGate::largest_shift, "in pixels; None, as with the next two: any")
        .member("smallest_iou", &AgreementGate::smallest_iou, "intersection over union")
        .member("largest_confidence_difference", &AgreementGate::largest_confidence_difference, "0..1")
        .member("smallest_matched_share", &AgreementGate::smallest_matched_share,
                "of the reference's objects, that must have a match")
        .member("largest_extra_share", &AgreementGate::largest_extra_share,
                "objects of the candidate without a match, as a share of the reference's")
        .plain();
    RecordBinding<Agreement> agreement(module, "Agreement",
                                       "How far what a candidate finds is what the reference finds.");
    agreement.member("reference_objects", &Agreement::reference_objects, "of the reference, that count")
        .member("matched_objects", &Agreement::matched_objects, "of these, how many have a match")
        .member("extra_objects", &Agreement::extra_objects, "of the candidate, that count and have no match")
        .member("borderline_objects", &Agreement::borderline_objects,
                "on either side, that do not count and have no match")
        .member("compared_pairs", &Agreement::compared_pairs,
                "matches of which at least one object counts: what follows is theirs")
        .member("largest_shift", &Agreement::largest_shift, "the largest difference of a coordinate, in pixels")
        .member("mean_shift", &Agreement::mean_shift, "of the pairs' largest differences, in pixels")
        .member("smallest_iou", &Agreement::smallest_iou, "intersection over union")
        .member("largest_confidence_difference", &Agreement::largest_confidence_difference, "0..1")
        .plain();
    agreement->def_prop_ro("missing_objects", &Agreement::missing_objects,
                           "of the reference, that count and have no match");
}

void bind_candidates(nb::module_& module) {
    RecordBinding<AgreementReference>(module, "AgreementReference", "What all others are compared with.")
        .member("package_id", &AgreementReference::package_id, "`onnx-fp32`")
        .member("backend", &AgreementReference::backend, "`onnx`, unless a note says otherwise")
        .member("engine", &AgreementReference::engine, "`onnxruntime`, unless a note says otherwise")
        .member("runtime_version", &AgreementReference::runtime_version, "of the engine's library")
        .member("device", &AgreementReference::device, "`cpu` or `cuda:N`")
        .member("precision", &AgreementReference::precision, "`fp32`")
        .member("objects", &AgreementReference::objects, "that it finds in all images")
        .plain();
    RecordBinding<ComparedCandidate>(module, "ComparedCandidate",
                                     "A candidate that was compared with the reference, or should have been.")
        .member("package_id", &ComparedCandidate::package_id, "`torch-script-fp32`")
        .member("backend", &ComparedCandidate::backend, "`trt`, `torch`, `hugging-face`, `onnx` or `openvino`")
        .member("engine", &ComparedCandidate::engine, "`onnxruntime`, `torch`, `openvino` or `tensorrt`")
        .member("device", &ComparedCandidate::device, "`cpu` or `cuda:N`")
        .member("precision", &ComparedCandidate::precision, "that it was asked to compute in")
        .member("gate", &ComparedCandidate::gate, "of this precision, or of the package's where that is lower")
        .member("agreement", &ComparedCandidate::agreement, "None where it could not be loaded or run")
        .member("worst_image", &ComparedCandidate::worst_image,
                "in which most is missing or extra, else one that alone falls short, else in which most has moved")
        .member("verdict", &ComparedCandidate::verdict, "`passes`, `falls-short` or `proves-nothing`")
        .member("reason", &ComparedCandidate::reason, "what falls short, or the error; empty where it passes")
        .member("remedy", &ComparedCandidate::remedy, "of the error, what would mend it")
        .plain();
    RecordBinding<UncomparedCandidate>(module, "UncomparedCandidate", "A candidate that does not run here.")
        .member("package_id", &UncomparedCandidate::package_id, "`onnx-fp32`, or a file's name")
        .member("backend", &UncomparedCandidate::backend, "`trt`, `torch`, `hugging-face`, `onnx` or `openvino`")
        .member("engine", &UncomparedCandidate::engine, "None where no engine opens the package's format")
        .member("device", &UncomparedCandidate::device, "`cpu` or `cuda:N`")
        .member("precisions", &UncomparedCandidate::precisions, "that were asked for in vain")
        .member("reason", &UncomparedCandidate::reason, "as in an Explanation")
        .member("remedy", &UncomparedCandidate::remedy, "what would bring it in; empty where nothing would")
        .plain();
}

AgreementReport verify_model(nb::handle model_id_or_path, const std::vector<ImageInput*>& images,
                             const std::vector<nb::str>& names, const LoadOptions& load,
                             const ObjectDetectionOptions& detection) {
    const std::string path = path_text("model_id_or_path", model_id_or_path);
    std::vector<std::string> texts;
    texts.reserve(names.size());
    for (const nb::str& name : names) texts.push_back(native_text(name));
    return call_library([&] {
        std::vector<NamedImage> named;
        named.reserve(images.size());
        for (std::size_t i = 0; i < images.size(); ++i) named.push_back({texts[i], images[i]->view()});
        return verify(path, named, {load, detection});
    });
}

}  // namespace

void bind_agreement(nb::module_& module) {
    bind_numbers(module);
    bind_candidates(module);
    RecordBinding<AgreementReport> report(module, "AgreementReport",
                                          "Whether a model finds the same in every way in which it runs here. print() "
                                          "shows it as a table.");
    report.member("model_id", &AgreementReport::model_id, "the model's name")
        .member("confidence", &AgreementReport::confidence, "that objects were found with")
        .member("images", &AgreementReport::images, "how many there were")
        .member("reference", &AgreementReport::reference, "what all others are compared with")
        .member("candidates", &AgreementReport::candidates, "fp32 first, then bf16, fp16, int8")
        .member("not_run", &AgreementReport::not_run, "candidates that do not run here, each with its reason")
        .member("notes", &AgreementReport::notes, "such as why the reference is another one")
        .member("verdict", &AgreementReport::verdict,
                "`passes` where every candidate does, `falls-short`, or `proves-nothing`: the reference finds nothing "
                "in the images, or nothing else runs here")
        .with_text_and_json();
    report->def("__repr__", [](const AgreementReport& self) {
        return nb::str("<AgreementReport of {}: {}; print() shows {} candidates>")
            .format(python_value(self.model_id), python_value(self.verdict), self.candidates.size());
    });
    module.def("verify", verify_model, nb::arg("model_id_or_path").none(), nb::arg("images"), nb::arg("names"),
               nb::arg("load_options"), nb::arg("options"), "Compares every candidate with the reference.");
}

}  // namespace inference_models::python
