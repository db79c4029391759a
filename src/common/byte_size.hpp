#pragma once

#include <cstdint>
#include <string>

namespace inference_models {

/// A number of bytes as people read it, in powers of 1000 as disks and downloads are measured: `812 bytes`, `12.8 MB`.
[[nodiscard]] std::string told_size(std::uint64_t bytes);

}  // namespace inference_models
