#include "support/test_data.hpp"

#include <cstdlib>

namespace inference_models::tests {

std::optional<std::filesystem::path> test_data() {
    const char* const named = std::getenv("INFERENCE_MODELS_TEST_DATA");
    std::filesystem::path place = named != nullptr ? named : INFERENCE_MODELS_DEFAULT_TEST_DATA;
    std::error_code ignored;
    if (!std::filesystem::is_directory(place / "models", ignored)) return std::nullopt;
    return place;
}

}  // namespace inference_models::tests
