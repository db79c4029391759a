#pragma once

#include <filesystem>
#include <system_error>

namespace inference_models::tests {

/// Makes another directory the current one while it lives.
class CurrentDirectory {
public:
    explicit CurrentDirectory(const std::filesystem::path& path) { std::filesystem::current_path(path); }
    ~CurrentDirectory() {
        std::error_code ignored;
        std::filesystem::current_path(before_, ignored);
    }
    CurrentDirectory(const CurrentDirectory&) = delete;
    CurrentDirectory& operator=(const CurrentDirectory&) = delete;

private:
    std::filesystem::path before_ = std::filesystem::current_path();
};

}  // namespace inference_models::tests
