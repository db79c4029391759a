#pragma once

#include "formats/package.hpp"

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// What a package's files are, as one hash, without reading files that were read before and have not changed since.
namespace inference_models::hub {

/// What tells one content of a file from all later ones: no file is written or replaced without another time of change.
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;

    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct HashedFile {
    FileStamp stamp;
    std::string sha256;
    std::vector<std::string> external_files;  ///< of an ONNX file: where else its weights are, beside it
};

/// Hashes of files as they once were. Of those that do not fit in, the oldest are forgotten.
class FileHashes {
public:
    FileHashes() = default;
    /// What `write` wrote; none where there is no such file, or one that makes no sense.
    [[nodiscard]] static FileHashes read(const std::filesystem::path& path);
    /// \throws Error `io_failure`
    void write(const std::filesystem::path& path) const;

    /// Null where it is not known.
    [[nodiscard]] const HashedFile* find(const FileStamp& stamp) const noexcept;
    [[nodiscard]] bool knows_size(std::int64_t size) const noexcept;
    void add(HashedFile file);
    void add(const FileHashes& others);
    [[nodiscard]] bool empty() const noexcept { return files_.empty(); }

private:
    std::vector<HashedFile> files_;
};

/// Of all of a package's files that decide what it finds and how fast: its network, what holds the network's weights
/// beside it, and what is done to images before.
/// \param known    files that need not be read
/// \param learned  gets those that were
/// \throws Error `io_failure`, `corrupted_package`
[[nodiscard]] std::string package_digest(const formats::Package& package, const FileHashes& known, FileHashes& learned);

/// Whether a package's network may be one of those that were hashed: it has the size of one.
[[nodiscard]] bool may_be_known(const formats::Package& package, const FileHashes& known);

}  // namespace inference_models::hub
