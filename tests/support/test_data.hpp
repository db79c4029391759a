#pragma once

#include <filesystem>
#include <optional>

namespace inference_models::tests {

/// Where the shared test data lies: `INFERENCE_MODELS_TEST_DATA`, else `../shared` beside the repository. Nothing where
/// it is absent; a test that needs it then skips itself: `if (!data) GTEST_SKIP() << kNoTestData;`
[[nodiscard]] std::optional<std::filesystem::path> test_data();

/// The directory of this repository.
[[nodiscard]] std::filesystem::path source_directory();

inline constexpr const char* kNoTestData =
    "the shared test data is absent: set INFERENCE_MODELS_TEST_DATA to its directory";

}  // namespace inference_models::tests
