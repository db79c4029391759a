#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

/// What networks were compiled to, kept on disk. OpenVINO has a cache of its own, which believes what it finds: half a
/// file that a killed process left, or one that another process is writing. Here a file is there as a whole or not at
/// all, says what it was made from, and carries a checksum, without which OpenVINO is never given its bytes.
namespace inference_models::openvino {

/// A file that is mapped for reading.
class Mapping {
public:
    /// Nothing where it cannot be mapped, or is empty.
    [[nodiscard]] static std::optional<Mapping> of(int file);
    ~Mapping();
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&&) = delete;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

private:
    explicit Mapping(std::span<const std::byte> bytes) : bytes_(bytes) {}
    std::span<const std::byte> bytes_;
};

/// A compiled network in its file.
struct Blob {
    Mapping file;
    std::span<const std::byte> bytes;  ///< of `file`
};

/// The place of one compiled network.
class BlobCache {
public:
    /// \param directory  where blobs lie; made when one is kept
    /// \param name       of the blob: the same for what replaces it
    /// \param identity   what it is made from and with: a blob of anything else is none of this network
    BlobCache(const std::filesystem::path& directory, const std::string& name, std::string identity);

    /// Nothing where there is no sound blob of this network.
    [[nodiscard]] std::optional<Blob> find() const;

    /// Keeps what `export_to` writes to the path that it is given, if it says that it did. Nothing is kept where that
    /// cannot be, or where another process is about to. Returns why it was not; empty where it was.
    [[nodiscard]] std::string keep(const std::function<bool(const std::string&)>& export_to) const;

private:
    std::filesystem::path file_;
    std::string identity_;
};

}  // namespace inference_models::openvino
