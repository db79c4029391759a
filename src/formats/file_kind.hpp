#pragma once

#include <cstddef>
#include <span>
#include <string_view>

/// What a file is by its first and last bytes, whatever its name says.
namespace inference_models::formats {

enum class FileKind {
    unknown,
    empty,
    torch_script,
    torch_checkpoint,
    torch_exported,  ///< a .pt2 archive
    tensorrt_engine,
    openvino_ir,
    git_lfs_pointer,
    html,
    xml,
    json,
    zip,
    truncated_zip,  ///< PyTorch files are zip archives: a download that broke off
    safetensors,
    tflite,
    hdf5,
    gzip,
    picture,
};

[[nodiscard]] FileKind recognise(std::span<const std::byte> bytes);

/// `a Git LFS pointer`; empty for `unknown`.
[[nodiscard]] std::string_view name_of(FileKind kind) noexcept;

/// What to do about a file of this kind that stands where a network was expected.
[[nodiscard]] std::string_view remedy_for(FileKind kind) noexcept;

}  // namespace inference_models::formats
