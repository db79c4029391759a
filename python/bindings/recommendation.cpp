#include <inference_models/recommendation.hpp>

#include <string>

#include "arguments.hpp"
#include "bindings.hpp"
#include "library_call.hpp"
#include "records.hpp"

namespace inference_models::python {
namespace {

Recommendation recommend_for(nb::handle model_id_or_path, const LoadOptions& load) {
    const std::string path = path_text("model_id_or_path", model_id_or_path);
    return call_library([&] { return recommend(path, load); });
}

}  // namespace

void bind_recommendation(nb::module_& module) {
    RecordBinding<Recommendation> recommendation(module, "Recommendation", "What to do about a model on this machine.");
    recommendation.member("model_id", &Recommendation::model_id, "the model's name")
        .member("text", &Recommendation::text, "what to use here, and what another engine or precision would bring")
        .member("command", &Recommendation::command, "the next step, complete")
        .with_text_and_json();
    recommendation->def("__repr__", record_repr);
    module.def("recommend", recommend_for, nb::arg("model_id_or_path").none(), nb::arg("load_options"),
               "Says what to use here.");
}

}  // namespace inference_models::python
