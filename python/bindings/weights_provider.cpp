#include <inference_models/weights_provider.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <inference_models/auto_model.hpp>
#include <inference_models/download_progress.hpp>
#include <inference_models/error.hpp>
#include <inference_models/load_options.hpp>
#include <utility>

#include "arguments.hpp"
#include "bindings.hpp"
#include "library_call.hpp"
#include "records.hpp"

namespace inference_models::python {
namespace {

nb::object text_or_none(const std::string& text) {
    return text.empty() ? nb::none() : nb::object(python_text(text));
}

nb::list pairs(const std::vector<NamedValue>& values) {
    nb::list list;
    for (const auto& [name, value] : values) list.append(nb::make_tuple(python_text(name), python_text(value)));
    return list;
}

/// Shows how far a download is, and lets Ctrl-C end it.
bool report(const DownloadProgress& progress) {
    const bool goes_on_by_itself = print_download_progress(progress);
    return goes_on() && goes_on_by_itself;
}

/// The errors that a provider may raise to be understood, and what they mean.
struct MeantKind {
    const char* error_class;
    ErrorKind kind;
};
constexpr std::array kMeantKinds{
    MeantKind{"ModelNotFoundError", ErrorKind::model_not_found},
    MeantKind{"RetryError", ErrorKind::unreachable},
    MeantKind{"UnauthorizedModelAccessError", ErrorKind::unauthorized},
    MeantKind{"PaymentRequiredModelAccessError", ErrorKind::payment_required},
    MeantKind{"ForbiddenModelAccessError", ErrorKind::forbidden},
    MeantKind{"UsagePausedModelAccessError", ErrorKind::usage_paused},
};

ErrorKind kind_of(const nb::python_error& raised) {
    const nb::object errors = nb::module_::import_("inference_models.errors");
    const auto is_meant = [&](const MeantKind& each) { return raised.matches(errors.attr(each.error_class)); };
    const auto* const meant = std::ranges::find_if(kMeantKinds, is_meant);
    return meant == kMeantKinds.end() ? ErrorKind::retrieval_failure : meant->kind;
}

Error failure_of(const std::string& provider, const nb::python_error& raised) {
    return {kind_of(raised),
            provider,
            fmt::format("the weights provider {} raised {}: {}", provider,
                        native_text(raised.value().type().attr("__name__")), native_text(raised.value())),
            {}};
}

/// What ends more than the provider, as Ctrl-C and SystemExit do, is kept for the caller.
bool is_for_the_caller(const nb::python_error& raised) {
    return !raised.matches(PyExc_Exception) || raised.matches(PyExc_MemoryError);
}

Error interrupted(const std::string& provider, nb::python_error& raised) {
    interrupt_with(std::move(raised));
    return {ErrorKind::cancelled, provider, fmt::format("the weights provider {} was interrupted", provider), {}};
}

/// What a provider's exception means for the call. It may be one that cannot be shown: that is code of its own.
Error outcome_of(const std::string& provider, nb::python_error& raised) {
    if (is_for_the_caller(raised)) return interrupted(provider, raised);
    try {
        return failure_of(provider, raised);
    } catch (nb::python_error& another) {
        if (is_for_the_caller(another)) return interrupted(provider, another);
        return {kind_of(raised),
                provider,
                fmt::format("the weights provider {} raised {}, which cannot be shown", provider,
                            Py_TYPE(raised.value().ptr())->tp_name),
                {}};
    }
}

/// Asks a Python callable, which answers with the protocol's JSON.
ModelMetadata ask(const std::string& name, nb::handle provider, const ProviderRequest& request) {
    const nb::gil_scoped_acquire lock;
    try {
        const nb::object answer = provider(python_text(request.model_id), text_or_none(request.api_key),
                                           pairs(request.extra_query_params), pairs(request.extra_headers));
        return model_metadata_from_json(native_text(answer), fmt::format("the weights provider {}", name));
    } catch (nb::python_error& raised) {
        throw outcome_of(name, raised);
    }
}

void register_provider(nb::handle name, nb::handle provider) {
    const std::string provider_name = text("provider_name", name);
    // Kept for good: the library may ask it until the process ends, when Python is no longer there to let it go.
    const nb::handle kept = nb::borrow(provider).release();
    register_model_provider(provider_name, [provider_name, kept](const ProviderRequest& request) {
        return ask(provider_name, kept, request);
    });
}

}  // namespace

void bind_weights_provider(nb::module_& module) {
    set_download_progress_handler(report);
    module.def("register_model_provider", register_provider, nb::arg("name").none(), nb::arg("provider").none(),
               "Makes `weights_provider=name` ask a callable.");
    module.def(
        "describe_model",
        [](nb::handle model_id_or_path, const LoadOptions& options, nb::handle pull_artefacts_size) {
            const std::string path = path_text("model_id_or_path", model_id_or_path);
            const bool pulls = flag("pull_artefacts_size", pull_artefacts_size);
            return call_library([&] { return AutoModel::describe_model(path, options, pulls); });
        },
        nb::arg("model_id_or_path").none(), nb::arg("options"), nb::arg("pull_artefacts_size").none(),
        "What its provider says of a model.");
    module.def(
        "describe_model_package",
        [](nb::handle model_id_or_path, nb::handle package_id, const LoadOptions& options,
           nb::handle pull_artefacts_size) {
            const std::string path = path_text("model_id_or_path", model_id_or_path);
            const std::string id = text("package_id", package_id);
            const bool pulls = flag("pull_artefacts_size", pull_artefacts_size);
            return call_library([&] { return AutoModel::describe_model_package(path, id, options, pulls); });
        },
        nb::arg("model_id_or_path").none(), nb::arg("package_id").none(), nb::arg("options"),
        nb::arg("pull_artefacts_size").none(), "The same with one of its packages alone.");
}

}  // namespace inference_models::python
