#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace inference_models::runtime {

/// The libraries that a shared library asks the loader for (DT_NEEDED), read from a few bytes of its file: it is
/// neither opened by the loader nor mapped. Empty where the file is no 64-bit ELF file of this machine's byte order.
[[nodiscard]] std::vector<std::string> needed_libraries(const std::filesystem::path& path);

}  // namespace inference_models::runtime
