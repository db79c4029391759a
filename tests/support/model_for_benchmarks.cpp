// C functions through which benchmarks in Python time a model inside their own process.

#include <inference_models/export.hpp>
#include <inference_models/image.hpp>
#include <inference_models/load_options.hpp>
#include <inference_models/object_detection_model.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>

using namespace inference_models;

extern "C" {

/// A detector for the rest of the process, or null after a message on standard error. `precision`: empty for that of
/// the package.
INFERENCE_MODELS_EXPORT const void* inference_models_test_load_in(const char* path, const char* backend,
                                                                  const char* precision) {
    try {
        LoadOptions options;
        options.backends = {parse_backend_type(backend).value()};
        options.precision = parse_requested_precision(precision);
        return ObjectDetectionModel::from_pretrained(path, options).release();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return nullptr;
    }
}

INFERENCE_MODELS_EXPORT const void* inference_models_test_load(const char* path, const char* backend) {
    return inference_models_test_load_in(path, backend, "");
}

/// Nanoseconds of the network's run within one call on BGR pixels, or -1 after a message on standard error.
INFERENCE_MODELS_EXPORT std::int64_t inference_models_test_forward(const void* model, const std::uint8_t* pixels,
                                                                   std::int32_t width, std::int32_t height) {
    try {
        const ImageView image(pixels, {width, height});
        StageTimes times;
        static_cast<void>(static_cast<const ObjectDetectionModel*>(model)->infer(std::span(&image, 1), {}, &times));
        return times.forward.count();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return -1;
    }
}
}
