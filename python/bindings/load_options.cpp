#include <fmt/format.h>

#include <array>
#include <inference_models/load_options.hpp>
#include <limits>
#include <optional>
#include <utility>
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

std::int32_t side(nb::handle value) {
    const std::int64_t pixels = whole_number("image_size", value);
    if (pixels < 1 || pixels > std::numeric_limits<std::int32_t>::max()) {
        throw Error(ErrorKind::invalid_argument, "image_size", fmt::format("image_size = {}", pixels),
                    "image_size is a number of pixels, at least 1, or (height, width).");
    }
    return static_cast<std::int32_t>(pixels);
}

/// The side of a square, or (height, width).
ImageSize image_size(nb::handle value) {
    if (!nb::isinstance<nb::tuple>(value) && !nb::isinstance<nb::list>(value)) {
        return {.width = side(value), .height = side(value)};
    }
    if (nb::len(value) != 2) throw wrong_type("image_size", value, "a whole number, or (height, width)");
    return {.width = side(value[1]), .height = side(value[0])};
}

/// A list of pairs, or a dictionary.
std::vector<std::pair<std::string, std::string>> named_values(const char* argument, nb::handle value) {
    const nb::object pairs = nb::isinstance<nb::dict>(value) ? nb::borrow(value).attr("items")() : nb::borrow(value);
    std::vector<std::pair<std::string, std::string>> values;
    for (const nb::handle pair : nb::list(pairs)) {
        if (!nb::isinstance<nb::tuple>(pair) || nb::len(pair) != 2) {
            throw wrong_type(argument, value, "pairs of a name and a value, in a list or dictionary");
        }
        values.emplace_back(text(argument, pair[0]), native_text(pair[1]));
    }
    return values;
}

/// One value, or [least, most].
template <class Number, class Read>
AcceptedRange<Number> accepted_range(const char* argument, nb::handle value, Read read) {
    if (!nb::isinstance<nb::list>(value) && !nb::isinstance<nb::tuple>(value)) {
        const Number number = read(argument, value);
        return {number, number};
    }
    if (nb::len(value) != 2) throw wrong_type(argument, value, "a value, or [least, most]");
    return {read(argument, value[0]), read(argument, value[1])};
}

/// True: the parameters that are the default elsewhere. A dictionary names some.
std::optional<NmsFusionPreferences> nms_fusion_preferences(nb::handle value) {
    constexpr const char* kArgument = "nms_fusion_preferences";
    if (nb::isinstance<nb::bool_>(value)) {
        return flag(kArgument, value) ? std::optional(default_nms_fusion_preferences()) : std::nullopt;
    }
    if (!nb::isinstance<nb::dict>(value)) throw wrong_type(kArgument, value, "True, False or a dictionary");
    NmsFusionPreferences preferences;
    for (const auto& [key, preference] : nb::borrow<nb::dict>(value)) {
        const std::string name = text(kArgument, key);
        if (name == "max_detections") {
            preferences.max_detections = accepted_range<std::int64_t>("max_detections", preference, whole_number);
        } else if (name == "confidence_threshold") {
            preferences.confidence_threshold = accepted_range<double>("confidence_threshold", preference, number);
        } else if (name == "iou_threshold") {
            preferences.iou_threshold = accepted_range<double>("iou_threshold", preference, number);
        } else if (name == "class_agnostic") {
            preferences.class_agnostic = flag("class_agnostic", preference);
        } else {
            throw Error(ErrorKind::invalid_argument, kArgument, fmt::format("{} does not know `{}`", kArgument, name),
                        "Use max_detections, confidence_threshold, iou_threshold and class_agnostic.");
        }
    }
    return preferences;
}

std::vector<ExecutionProvider> execution_providers(nb::handle value) {
    constexpr const char* kArgument = "onnx_execution_providers";
    if (!nb::isinstance<nb::list>(value)) throw wrong_type(kArgument, value, "a list");
    std::vector<ExecutionProvider> providers;
    for (const nb::object& one : one_or_several(value)) providers.push_back(execution_provider(one));
    return providers;
}

/// An option under its name, and what its value does. None leaves every one as it is.
struct Option {
    const char* name;
    void (*set)(LoadOptions& options, const char* name, nb::handle value);
};

template <bool LoadOptions::* member>
void set_flag(LoadOptions& options, const char* name, nb::handle value) {
    options.*member = flag(name, value);
}

template <std::string LoadOptions::* member>
void set_text(LoadOptions& options, const char* name, nb::handle value) {
    options.*member = text(name, value);
}

template <std::optional<std::uint32_t> LoadOptions::* member>
void set_count(LoadOptions& options, const char* name, nb::handle value) {
    options.*member = positive_count(name, value);
}

template <std::vector<std::pair<std::string, std::string>> LoadOptions::* member>
void set_named_values(LoadOptions& options, const char* name, nb::handle value) {
    options.*member = named_values(name, value);
}

constexpr std::array kOptions{
    Option{"backend",
           [](LoadOptions& options, const char* name, nb::handle value) {
               for (const nb::object& one : one_or_several(value)) {
                   options.backends.push_back(parsed(name, one, parse_backend_type, known_backend_types()));
               }
           }},
    Option{"model_package_id", set_text<&LoadOptions::model_package_id>},
    Option{"batch_size",
           [](LoadOptions& options, const char*, nb::handle value) { options.batch_size = batch_sizes(value); }},
    Option{"image_size",
           [](LoadOptions& options, const char*, nb::handle value) { options.image_size = image_size(value); }},
    Option{"rect", set_flag<&LoadOptions::rect>},
    Option{"quantization",
           [](LoadOptions& options, const char* name, nb::handle value) {
               for (const nb::object& one : one_or_several(value)) {
                   options.quantization.push_back(parsed(name, one, parse_precision, "fp32, fp16, bf16, int8"));
               }
           }},
    Option{"precision",
           [](LoadOptions& options, const char* name, nb::handle value) {
               options.precision = parsed(name, value, parse_requested_precision, "fp32, fp16, bf16, int8, fastest");
           }},
    Option{"goal",
           [](LoadOptions& options, const char* name, nb::handle value) {
               options.goal = parsed(name, value, parse_goal, "latency, throughput, memory, startup");
           }},
    Option{"tune", set_flag<&LoadOptions::tune>},
    Option{"onnx_execution_providers",
           [](LoadOptions& options, const char*, nb::handle value) {
               options.onnx_execution_providers = execution_providers(value);
           }},
    Option{"device", [](LoadOptions& options, const char*, nb::handle value) { options.device = device(value); }},
    Option{"threads", set_count<&LoadOptions::threads>},
    Option{"nms_fusion_preferences",
           [](LoadOptions& options, const char*, nb::handle value) {
               options.nms_fusion_preferences = nms_fusion_preferences(value);
           }},
    Option{"required_model_features",
           [](LoadOptions& options, const char* name, nb::handle value) {
               for (const nb::object& one : one_or_several(value)) {
                   options.required_model_features.push_back(text(name, one));
               }
           }},
    Option{"trt_engine_host_code_allowed", set_flag<&LoadOptions::trt_engine_host_code_allowed>},
    Option{"max_package_loading_attempts", set_count<&LoadOptions::max_package_loading_attempts>},
    Option{"weights_provider", set_text<&LoadOptions::weights_provider>},
    Option{"api_key", set_text<&LoadOptions::api_key>},
    Option{"weights_provider_extra_query_params", set_named_values<&LoadOptions::weights_provider_extra_query_params>},
    Option{"weights_provider_extra_headers", set_named_values<&LoadOptions::weights_provider_extra_headers>},
    Option{"allow_untrusted_packages", set_flag<&LoadOptions::allow_untrusted_packages>},
    Option{"verify_hash_while_download", set_flag<&LoadOptions::verify_hash_while_download>},
    Option{"download_files_without_hash", set_flag<&LoadOptions::download_files_without_hash>},
    Option{"use_auto_resolution_cache", set_flag<&LoadOptions::use_auto_resolution_cache>},
};

/// The keywords were checked in Python.
LoadOptions load_options(const nb::kwargs& values) {
    LoadOptions options;
    for (const Option& option : kOptions) {
        if (!values.contains(option.name)) continue;
        const nb::object value = values[option.name];
        if (!value.is_none()) option.set(options, option.name, value);
    }
    return options;
}

}  // namespace

void bind_load_options(nb::module_& module) {
    nb::class_<LoadOptions>(module, "LoadOptions", "What a caller asks of `from_pretrained`, checked.")
        .def(nb::new_(&load_options));
}

}  // namespace inference_models::python
