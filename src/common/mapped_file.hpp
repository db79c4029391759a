#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace inference_models {

/// A file's bytes, mapped read-only: large networks are read without a copy of them in our memory.
class MappedFile {
public:
    /// \throws Error `io_failure` where the file cannot be opened or mapped; an empty file has no bytes
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

private:
    std::span<const std::byte> bytes_;
};

/// A small text file as a whole.
/// \throws Error `io_failure` where it cannot be read or is larger than `limit` bytes
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path, std::size_t limit = 64U << 20U);

/// Writes a file aside and renames it into place, so that nobody sees half of it.
/// \throws Error `io_failure`
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace inference_models
