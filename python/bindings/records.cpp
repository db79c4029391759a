#include "records.hpp"

namespace inference_models::python {
namespace {

nb::object plain_value(nb::handle value) {
    if (nb::hasattr(value, "to_dict")) return value.attr("to_dict")();
    if (nb::hasattr(value, "__fspath__")) return nb::str(value);
    if (nb::isinstance<nb::list>(value)) {
        nb::list plain;
        for (const nb::handle one : nb::borrow<nb::list>(value)) plain.append(plain_value(one));
        return plain;
    }
    return nb::borrow(value);
}

nb::object names_of(nb::handle record) {
    return record.type().attr("__match_args__");
}

}  // namespace

nb::str record_repr(nb::handle record) {
    nb::list members;
    for (const nb::handle name : names_of(record)) {
        members.append(nb::str("{}={!r}").format(name, nb::getattr(record, name)));
    }
    return nb::str("{}({})").format(record.type().attr("__name__"), nb::str(", ").attr("join")(members));
}

nb::dict record_to_dict(nb::handle record) {
    nb::dict plain;
    for (const nb::handle name : names_of(record)) plain[name] = plain_value(nb::getattr(record, name));
    return plain;
}

nb::str record_to_json(nb::handle record) {
    return nb::str(nb::module_::import_("json").attr("dumps")(record_to_dict(record), nb::arg("ensure_ascii") = false));
}

}  // namespace inference_models::python
