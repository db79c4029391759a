#pragma once

#include <inference_models/export.hpp>
#include <inference_models/image.hpp>
#include <inference_models/model_metadata.hpp>
#include <inference_models/types.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Packages that are made for one machine: they load and run faster there, and are not used anywhere else.
namespace inference_models {

struct CompileOptions {
    Engine engine = Engine::onnxruntime;     ///< that is to run it: ONNX Runtime, PyTorch or OpenVINO
    Precision precision = Precision::fp32;   ///< to compute in: ONNX Runtime fp32, int8; PyTorch fp32, bf16; OpenVINO
                                             ///< fp32, bf16, int8
    std::optional<std::int64_t> batch_size;  ///< images per run, as many as the package allows. None: with ONNX Runtime
                                             ///< as many as the package allows, else the fewest of them
    std::optional<ImageSize> size;           ///< of the network's input, where the package's allows others. None: the
                                             ///< package's
    std::filesystem::path calibration;       ///< for int8, a directory of pictures such as the model will see
    std::string model_package_id;            ///< compile this package. Empty: the best that the engine compiles
    std::string weights_provider;            ///< as LoadOptions::weights_provider
    std::function<void(std::string_view)> progress;  ///< told what is being done, one line at a time
};

/// A package that was made for this machine; it lies in the cache, and is loaded with the model from now on.
struct CompiledPackage {
    std::string model_id;
    std::string package_id;  ///< what `model_package_id` takes
    std::string source_package_id;
    std::filesystem::path location;
    CompiledFacts facts;
    Precision precision = Precision::fp32;
    BatchRule batch;
    ImageSize network_size;
    std::string agreement;  ///< how its results compare with those of its source
};

/// Compiles a model's network for this machine, compares what it answers with the network it was made from, and puts it
/// where `AutoModel::from_pretrained` finds it. An earlier one of the same options is replaced.
/// \throws Error as AutoModel::from_pretrained, and `invalid_argument` where options contradict the model,
///         `engine_failure` with the words of what failed, `invalid_output` where the results do not agree: then
///         nothing is kept
[[nodiscard]] INFERENCE_MODELS_EXPORT CompiledPackage compile_model(const std::string& model_id_or_path,
                                                                    const CompileOptions& options = {});

/// Lines for people, each ending with '\n'.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_text(const CompiledPackage& package);
/// One JSON document, without a '\n' behind it: the members above under their own names.
[[nodiscard]] INFERENCE_MODELS_EXPORT std::string to_json(const CompiledPackage& package);

}  // namespace inference_models
