#include <inference_models/compile.hpp>

#include <fmt/format.h>
#include <nanobind/stl/string.h>

#include <limits>
#include <string>

#include "arguments.hpp"
#include "bindings.hpp"
#include "library_call.hpp"
#include "records.hpp"

namespace inference_models::python {
namespace {

/// A word that one of the library's `parse_*` functions knows.
template <class Parse>
auto parsed(const char* argument, nb::handle value, Parse parse, const char* known) {
    const std::string word = text(argument, value);
    const auto result = parse(word);
    if (result) return *result;
    throw Error(ErrorKind::invalid_argument, argument, fmt::format("{} does not know `{}`", argument, word),
                fmt::format("Use one of: {}.", known));
}

std::int32_t side(nb::handle value) {
    const std::int64_t pixels = whole_number("image_size", value);
    if (pixels >= 1 && pixels <= std::numeric_limits<std::int32_t>::max()) return static_cast<std::int32_t>(pixels);
    throw Error(ErrorKind::invalid_argument, "image_size", fmt::format("image_size = {}", pixels),
                "image_size is a number of pixels, at least 1, or (height, width).");
}

/// The side of a square, or (height, width).
ImageSize image_size(nb::handle value) {
    if (!nb::isinstance<nb::tuple>(value) && !nb::isinstance<nb::list>(value)) {
        return {.width = side(value), .height = side(value)};
    }
    if (nb::len(value) != 2) throw wrong_type("image_size", value, "a whole number, or (height, width)");
    return {.width = side(value[1]), .height = side(value[0])};
}

CompiledPackage compile(nb::handle model_id_or_path, nb::handle engine, nb::handle precision, nb::handle batch_size,
                        nb::handle size, nb::handle calibration, nb::handle model_package_id,
                        nb::handle weights_provider) {
    CompileOptions options;
    options.engine = parsed("engine", engine, parse_engine, "onnxruntime, torch, openvino");
    options.precision = parsed("precision", precision, parse_precision, "fp32, bf16, int8");
    if (!batch_size.is_none()) options.batch_size = whole_number("batch_size", batch_size);
    if (!size.is_none()) options.size = image_size(size);
    if (!calibration.is_none()) options.calibration = path_text("calibration", calibration);
    if (!model_package_id.is_none()) options.model_package_id = text("model_package_id", model_package_id);
    if (!weights_provider.is_none()) options.weights_provider = text("weights_provider", weights_provider);
    const std::string path = path_text("model_id_or_path", model_id_or_path);
    return call_library([&] { return compile_model(path, options); });
}

}  // namespace

void bind_compile(nb::module_& module) {
    RecordBinding<CompiledFacts>(module, "CompiledFacts", "What a compiled package is bound to.")
        .member("engine", &CompiledFacts::engine, "that runs it")
        .member("runtime_version", &CompiledFacts::runtime_version, "of the engine that made it, and alone runs it")
        .member("architecture", &CompiledFacts::architecture, "`x86_64`")
        .member("instruction_sets", &CompiledFacts::instruction_sets, "that the processor had")
        .member("command", &CompiledFacts::command, "that makes it anew")
        .plain();
    RecordBinding<CompiledPackage>(module, "CompiledPackage", "A package that was made for this machine.")
        .member("model_id", &CompiledPackage::model_id, "the model's name")
        .member("package_id", &CompiledPackage::package_id, "what `model_package_id` takes")
        .member("source_package_id", &CompiledPackage::source_package_id, "of the package that it was made from")
        .member("location", &CompiledPackage::location, "the directory that it lies in")
        .member("facts", &CompiledPackage::facts, "what it is bound to")
        .member("precision", &CompiledPackage::precision, "that it computes in")
        .member("batch", &CompiledPackage::batch, "images per run")
        .member("network_size", &CompiledPackage::network_size, "that images are brought to")
        .member("agreement", &CompiledPackage::agreement, "how its results compare with those of its source")
        .with_text_and_json();
    module.def("compile_model", compile, nb::arg("model_id_or_path").none(), nb::arg("engine").none(),
               nb::arg("precision").none(), nb::arg("batch_size").none(), nb::arg("image_size").none(),
               nb::arg("calibration").none(), nb::arg("model_package_id").none(), nb::arg("weights_provider").none(),
               "Makes a package that loads and runs fastest on this machine.");
}

}  // namespace inference_models::python
