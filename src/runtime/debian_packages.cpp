#include "runtime/debian_packages.hpp"

#include <fmt/format.h>

#include "runtime/files.hpp"

namespace inference_models::runtime {

std::string debian_package_version(const std::filesystem::path& root, std::string_view package) {
    constexpr std::size_t kLimit = 32U << 20U;
    const std::string status = '\n' + read_text(root / "var/lib/dpkg/status", kLimit);
    const std::size_t start = status.find(fmt::format("\nPackage: {}\n", package));
    if (start == std::string::npos) return {};
    const std::string_view paragraph = std::string_view(status).substr(start, status.find("\n\n", start) - start);
    if (!value_of(paragraph, "Status", ':').ends_with(" installed")) return {};
    return std::string(value_of(paragraph, "Version", ':'));
}

}  // namespace inference_models::runtime
