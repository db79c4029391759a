#include <exception>
#include <inference_models/error.hpp>

#include "bindings.hpp"
#include "text.hpp"

namespace inference_models::python {
namespace {

/// Raises the Python class that inference_models/errors.py has for this error.
void raise(const Error& error) {
    const nb::object make_error = nb::module_::import_("inference_models.errors").attr("_error");
    const nb::object exception = make_error(python_text(to_string(error.kind())), python_text(error.subject()),
                                            python_text(error.message()), python_text(error.hint()));
    PyErr_SetObject(exception.type().ptr(), exception.ptr());
}

}  // namespace

void bind_errors(nb::module_&) {
    nb::register_exception_translator([](const std::exception_ptr& exception, void*) {
        try {
            std::rethrow_exception(exception);
        } catch (const Error& error) {
            try {
                raise(error);
            } catch (nb::python_error& problem) {
                problem.restore();
            }
        }
    });
}

}  // namespace inference_models::python
