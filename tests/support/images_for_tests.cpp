// Pictures for the Python tests, which compare them with OpenCV's: C functions that ctypes can call.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <inference_models/error.hpp>
#include <inference_models/export.hpp>
#include <inference_models/image.hpp>
#include <memory>
#include <string_view>

using inference_models::ColorFormat;
using inference_models::Error;
using inference_models::Image;

namespace {

void copy_text(std::string_view text, char* to, std::size_t capacity) {
    const std::size_t count = std::min(text.size(), capacity - 1);
    std::memcpy(to, text.data(), count);
    to[count] = '\0';
}

}  // namespace

extern "C" {

/// An image to be given back to `free_image`, or null and the error's text.
INFERENCE_MODELS_EXPORT Image* testing_load_image(const char* path, std::int32_t* width, std::int32_t* height,
                                                  const std::uint8_t** pixels, char* error,
                                                  std::size_t error_capacity) {
    try {
        auto image = std::make_unique<Image>(inference_models::load_image(path));
        *width = image->size().width;
        *height = image->size().height;
        *pixels = image->pixels().data();
        return image.release();
    } catch (const Error& problem) {
        copy_text(problem.what(), error, error_capacity);
        return nullptr;
    }
}

INFERENCE_MODELS_EXPORT void testing_free_image(Image* image) {
    delete image;
}

/// Whether it was written; else the error's text.
INFERENCE_MODELS_EXPORT bool testing_save_image(const std::uint8_t* pixels, std::int32_t width, std::int32_t height,
                                                std::int32_t format, std::size_t row_stride, const char* path,
                                                char* error, std::size_t error_capacity) {
    try {
        inference_models::save_image({pixels, {width, height}, static_cast<ColorFormat>(format), row_stride}, path);
        return true;
    } catch (const Error& problem) {
        copy_text(problem.what(), error, error_capacity);
        return false;
    }
}

}  // extern "C"
