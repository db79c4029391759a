#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace inference_models::runtime {

/// The version of an installed Debian package, `10.3.0.30-1+cuda12.5`; empty where dpkg knows none.
[[nodiscard]] std::string debian_package_version(const std::filesystem::path& root, std::string_view package);

}  // namespace inference_models::runtime
