#include <fmt/format.h>

#include <inference_models/load_options.hpp>
#include <limits>
#include <vector>

#include "arguments.hpp"
#include "bindings.hpp"
#include "text.hpp"

namespace inference_models::python {
namespace {

/// A value alone, or those of a list or tuple; none for None.
std::vector<nb::object> one_or_several(nb::handle value) {
    if (value.is_none()) return {};
    if (!nb::isinstance<nb::list>(value) && !nb::isinstance<nb::tuple>(value)) return {nb::borrow(value)};
    std::vector<nb::object> values;
    for (const nb::handle one : value) values.push_back(nb::borrow(one));
    return values;
}

/// A word that one of the library's `parse_*` functions knows.
template <class Parse>
auto parsed(const char* argument, nb::handle value, Parse parse, const std::string& known) {
    const std::string word = text(argument, value);
    const auto result = parse(word);
    if (!result) {
        throw Error(ErrorKind::invalid_argument, argument, fmt::format("{} does not know `{}`", argument, word),
                    fmt::format("Use one of: {}.", known));
    }
    return *result;
}

/// A text, or what is written as one, as torch.device is.
Device device(nb::handle value) {
    const std::string name = native_text(value);
    const auto result = parse_device(name);
    if (!result) {
        throw Error(ErrorKind::invalid_argument, "device", fmt::format("device does not know `{}`", name),
                    "Use \"cpu\", \"cuda\" or \"cuda:N\".");
    }
    return *result;
}

/// A name, or a pair of a name and a dictionary of options.
ExecutionProvider execution_provider(nb::handle value) {
    constexpr const char* kArgument = "onnx_execution_providers";
    if (nb::isinstance<nb::str>(value)) return {text(kArgument, value), {}};
    constexpr const char* kWanted = "names, or tuples of a name and a dictionary of options, in a list";
    if (!nb::isinstance<nb::tuple>(value) || nb::len(value) != 2) throw wrong_type(kArgument, value, kWanted);
    const nb::object options = value[1];
    if (!nb::isinstance<nb::dict>(options)) throw wrong_type(kArgument, value, kWanted);
    ExecutionProvider provider{text(kArgument, value[0]), {}};
    for (const auto& [name, option] : nb::borrow<nb::dict>(options)) {
        provider.options[text(kArgument, name)] = native_text(option);
    }
    return provider;
}

std::uint32_t thread_count(nb::handle value) {
    const std::int64_t count = whole_number("threads", value);
    if (count < 1 || count > std::numeric_limits<std::uint32_t>::max()) {
        throw Error(ErrorKind::invalid_argument, "threads", fmt::format("threads = {}", count),
                    "threads must be at least 1.");
    }
    return static_cast<std::uint32_t>(count);
}

/// A number of images, or (smallest, largest).
AcceptedRange<std::int64_t> batch_sizes(nb::handle value) {
    constexpr const char* kArgument = "batch_size";
    if (!nb::isinstance<nb::tuple>(value)) {
        const std::int64_t count = whole_number(kArgument, value);
        return {count, count};
    }
    if (nb::len(value) != 2)
        throw wrong_type(kArgument, value, "a whole number, or a tuple of the smallest and the largest");
    return {whole_number(kArgument, value[0]), whole_number(kArgument, value[1])};
}

LoadOptions load_options(nb::handle backend, nb::handle model_package_id, nb::handle batch_size,
                         nb::handle quantization, nb::handle onnx_execution_providers, nb::handle device_to_use,
                         nb::handle threads) {
    LoadOptions options;
    for (const nb::object& one : one_or_several(backend)) {
        options.backends.push_back(parsed("backend", one, parse_backend_type, known_backend_types()));
    }
    if (!model_package_id.is_none()) options.model_package_id = text("model_package_id", model_package_id);
    if (!batch_size.is_none()) options.batch_size = batch_sizes(batch_size);
    for (const nb::object& one : one_or_several(quantization)) {
        options.quantization.push_back(parsed("quantization", one, parse_precision, "fp32, fp16, bf16, int8"));
    }
    if (!onnx_execution_providers.is_none() && !nb::isinstance<nb::list>(onnx_execution_providers)) {
        throw wrong_type("onnx_execution_providers", onnx_execution_providers, "a list");
    }
    for (const nb::object& one : one_or_several(onnx_execution_providers)) {
        options.onnx_execution_providers.push_back(execution_provider(one));
    }
    if (!device_to_use.is_none()) options.device = device(device_to_use);
    if (!threads.is_none()) options.threads = thread_count(threads);
    return options;
}

}  // namespace

void bind_load_options(nb::module_& module) {
    nb::class_<LoadOptions>(module, "LoadOptions", "What a caller asks of `from_pretrained`, checked.")
        .def(nb::new_(&load_options), nb::arg("backend").none(), nb::arg("model_package_id").none(),
             nb::arg("batch_size").none(), nb::arg("quantization").none(), nb::arg("onnx_execution_providers").none(),
             nb::arg("device").none(), nb::arg("threads").none());
}

}  // namespace inference_models::python
