#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

/// The part of OpenVINO's C interface that this adapter calls.
///
/// The functions are looked up by their names in the library that the core found, so that no header of OpenVINO is
/// needed to build this. Names and signatures are those of 2024.0 and have not changed since. What has changed are the
/// numbers of the element types, which therefore have no enumerators here: the library is asked for them.
namespace inference_models::openvino {

struct ov_core;
struct ov_model;
struct ov_compiled_model;
struct ov_infer_request;
struct ov_tensor;
struct ov_output_const_port;

/// ov_status_e
enum class Status : int {
    ok = 0,
    not_implemented = -2,
    invalid_parameter = -14,  ///< found by the C functions themselves, which leave no message
};

/// ov_element_type_e, whose numbers are the library's own.
enum class OvElementType : unsigned {};

/// ov_shape_t
struct OvShape {
    std::int64_t rank = 0;
    std::int64_t* sides = nullptr;
};

/// ov_dimension_t and ov_rank_t: where both are the same, that is the value.
struct OvDimension {
    std::int64_t min = 0;
    std::int64_t max = 0;
};

/// ov_partial_shape_t
struct OvPartialShape {
    OvDimension rank;
    OvDimension* sides = nullptr;
};

/// ov_version_t
struct OvVersion {
    const char* build_number = nullptr;
    const char* description = nullptr;
};

/// A function of the library: its name, and where it is once it was looked up.
template <class Signature>
struct Function {
    const char* name = nullptr;
    Signature* pointer = nullptr;

    template <class... Arguments>
    auto operator()(Arguments... arguments) const {
        return pointer(arguments...);
    }
};

/// The functions that are called, under their official names.
struct Api {
    Function<const char*(Status)> get_error_info{"ov_get_error_info"};
    Function<const char*()> get_last_err_msg{"ov_get_last_err_msg"};
    Function<void(const char*)> free{"ov_free"};
    Function<Status(OvVersion*)> get_openvino_version{"ov_get_openvino_version"};
    Function<void(OvVersion*)> version_free{"ov_version_free"};

    Function<Status(ov_core**)> core_create{"ov_core_create"};
    Function<Status(const ov_core*, const char*, ...)> core_set_property{"ov_core_set_property"};
    Function<Status(const ov_core*, const char*, const char*, char**)> core_get_property{"ov_core_get_property"};
    Function<Status(const ov_core*, const char*, const char*, ov_model**)> core_read_model{"ov_core_read_model"};
    Function<Status(const ov_core*, const ov_model*, const char*, std::size_t, ov_compiled_model**, ...)>
        core_compile_model{"ov_core_compile_model"};
    Function<Status(const ov_core*, const char*, std::size_t, const char*, ov_compiled_model**)> core_import_model{
        "ov_core_import_model"};
    Function<void(ov_model*)> model_free{"ov_model_free"};

    Function<Status(const ov_compiled_model*, std::size_t*)> compiled_model_inputs_size{
        "ov_compiled_model_inputs_size"};
    Function<Status(const ov_compiled_model*, std::size_t*)> compiled_model_outputs_size{
        "ov_compiled_model_outputs_size"};
    Function<Status(const ov_compiled_model*, std::size_t, ov_output_const_port**)> compiled_model_input_by_index{
        "ov_compiled_model_input_by_index"};
    Function<Status(const ov_compiled_model*, std::size_t, ov_output_const_port**)> compiled_model_output_by_index{
        "ov_compiled_model_output_by_index"};
    Function<Status(const ov_compiled_model*, const char*, char**)> compiled_model_get_property{
        "ov_compiled_model_get_property"};
    Function<Status(const ov_compiled_model*, const char*)> compiled_model_export_model{
        "ov_compiled_model_export_model"};
    Function<Status(const ov_compiled_model*, ov_infer_request**)> compiled_model_create_infer_request{
        "ov_compiled_model_create_infer_request"};
    Function<void(ov_compiled_model*)> compiled_model_free{"ov_compiled_model_free"};

    Function<Status(const ov_output_const_port*, char**)> port_get_any_name{"ov_port_get_any_name"};
    Function<Status(const ov_output_const_port*, OvElementType*)> port_get_element_type{"ov_port_get_element_type"};
    Function<Status(const ov_output_const_port*, OvPartialShape*)> port_get_partial_shape{"ov_port_get_partial_shape"};
    Function<void(ov_output_const_port*)> output_const_port_free{"ov_output_const_port_free"};
    Function<void(OvPartialShape*)> partial_shape_free{"ov_partial_shape_free"};

    Function<Status(ov_infer_request*, std::size_t, const ov_tensor*)> infer_request_set_input_tensor_by_index{
        "ov_infer_request_set_input_tensor_by_index"};
    Function<Status(const ov_infer_request*, std::size_t, ov_tensor**)> infer_request_get_output_tensor_by_index{
        "ov_infer_request_get_output_tensor_by_index"};
    Function<Status(ov_infer_request*)> infer_request_infer{"ov_infer_request_infer"};
    Function<void(ov_infer_request*)> infer_request_free{"ov_infer_request_free"};

    Function<Status(OvElementType, OvShape, ov_tensor**)> tensor_create{"ov_tensor_create"};
    Function<Status(OvElementType, OvShape, void*, ov_tensor**)> tensor_create_from_host_ptr{
        "ov_tensor_create_from_host_ptr"};
    Function<Status(const ov_tensor*, OvShape*)> tensor_get_shape{"ov_tensor_get_shape"};
    Function<Status(const ov_tensor*, OvElementType*)> tensor_get_element_type{"ov_tensor_get_element_type"};
    Function<Status(const ov_tensor*, std::size_t*)> tensor_get_byte_size{"ov_tensor_get_byte_size"};
    Function<Status(const ov_tensor*, void**)> tensor_data{"ov_tensor_data"};
    Function<void(ov_tensor*)> tensor_free{"ov_tensor_free"};
    Function<Status(OvShape*)> shape_free{"ov_shape_free"};

    /// Looks all of them up. The name of one that is not there; null where none is missing.
    template <class LookUp>
    const char* bind(LookUp&& look_up) {
        const char* missing = nullptr;
        const auto bind_one = [&](auto& function) {
            function.pointer = reinterpret_cast<decltype(function.pointer)>(look_up(function.name));
            if (function.pointer == nullptr) missing = function.name;
        };
        const auto bind_all = [&](auto&... functions) { (bind_one(functions), ...); };
        bind_all(get_error_info, get_last_err_msg, free, get_openvino_version, version_free, core_create,
                 core_set_property, core_get_property, core_read_model, core_compile_model, core_import_model,
                 model_free, compiled_model_inputs_size, compiled_model_outputs_size, compiled_model_input_by_index,
                 compiled_model_output_by_index, compiled_model_get_property, compiled_model_export_model,
                 compiled_model_create_infer_request, compiled_model_free, port_get_any_name, port_get_element_type,
                 port_get_partial_shape, output_const_port_free, partial_shape_free,
                 infer_request_set_input_tensor_by_index, infer_request_get_output_tensor_by_index, infer_request_infer,
                 infer_request_free, tensor_create, tensor_create_from_host_ptr, tensor_get_shape,
                 tensor_get_element_type, tensor_get_byte_size, tensor_data, tensor_free, shape_free);
        return missing;
    }
};

}  // namespace inference_models::openvino
