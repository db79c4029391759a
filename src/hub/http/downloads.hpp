#pragma once

#include "hub/settings.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Files over HTTP: several at once, big ones in parallel ranges, resumed where an earlier download ended, verified
/// while they stream in. No key is sent: what providers hand out are addresses that need none.
namespace inference_models::hub {

struct FileToDownload {
    std::string url;
    std::filesystem::path
        target;  ///< where it is to lie, and where it is taken if its hash is known and right; while it is incomplete,
                 ///< beside it, in `TARGET.part`, `TARGET.progress` and `TARGET.progress.new`, in a directory that
                 ///< exists. Nobody else writes these at the same time: the caller's lock
    std::string name;  ///< for messages: `weights.onnx`
    std::string md5;   ///< what it must be, in hexadecimal digits; empty: not known
    std::string sha256;
    std::optional<std::uint64_t> size;
};

struct DownloadedFile {
    std::string md5;
    std::string sha256;
    std::uint64_t size = 0;
};

struct DownloadRules {
    bool verify_hash = true;
    bool allow_files_without_hash = false;
    std::uint64_t most_bytes = std::uint64_t{64} << 30U;    ///< of one file
    std::chrono::milliseconds first_retry_delay{200};       ///< doubles with each attempt that brings nothing ...
    std::chrono::milliseconds longest_retry_delay{10'000};  ///< ... up to this
};

/// Told about ten times a second, also while nothing arrives, and once at the end; false: stop. May be empty.
using BytesDone = std::function<bool(std::uint64_t done, std::optional<std::uint64_t> total)>;

/// On return every file lies at its target, complete, verified and synchronised with the disk. On an error those that
/// were done stay at their targets, and the others' parts beside them, for the next time.
/// \throws Error `untrusted` for a file without a hash that is not allowed (before anything is sent), `hash_mismatch`
///         (its part is removed), `unreachable`, `retrieval_failure` (a size that is wrong or too large, HTML in its
///         place, a refusal, a certificate that is not trusted, no libcurl), `cancelled`, `io_failure` (`no space left
///         on device` among them, which names how many bytes are needed and where)
[[nodiscard]] std::vector<DownloadedFile> download(std::span<const FileToDownload> files, const DownloadRules& rules,
                                                   const Settings& settings, const BytesDone& bytes_done);

}  // namespace inference_models::hub
