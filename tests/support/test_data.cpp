#include "support/test_data.hpp"

#include <cstdlib>

namespace inference_models::tests {

std::optional<std::filesystem::path> test_data() {
    const char* const named = std::getenv("INFERENCE_MODELS_TEST_DATA");
    std::filesystem::path place = named != nullptr ? named : source_directory().parent_path() / "shared";
    std::error_code ignored;
    if (!std::filesystem::is_directory(place / "models", ignored)) return std::nullopt;
    return place;
}

std::filesystem::path source_directory() {
    return INFERENCE_MODELS_SOURCE_DIR;
}

}  // namespace inference_models::tests
