#include "formats/package_files.hpp"

#include <fmt/format.h>

#include "common/mapped_file.hpp"
#include "formats/limits.hpp"

namespace inference_models::formats {

bool is_file(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored);
}

Error corrupted_file(const std::filesystem::path& path, std::string_view what, std::string hint) {
    return {ErrorKind::corrupted_package, path.string(), fmt::format("{} {}", path.string(), what), std::move(hint)};
}

void expect_file(const std::filesystem::path& path, const std::string& hint) {
    if (!is_file(path)) throw corrupted_file(path, "is missing", hint);
}

std::string read_package_text(const std::filesystem::path& path) {
    std::error_code problem;
    const std::uintmax_t size = std::filesystem::file_size(path, problem);
    if (!problem && size > kLargestTextFile) {
        throw corrupted_file(path, fmt::format("has {} bytes; at most {} are read", size, kLargestTextFile),
                             "It is probably not the file that its name says.");
    }
    return read_text_file(path, kLargestTextFile);
}

}  // namespace inference_models::formats
