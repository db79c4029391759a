#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What is known of a file that is on its way, as `TARGET.progress` keeps it.
namespace inference_models::hub {

/// Bytes from `begin` to before `end`.
struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct DownloadJournal {
    std::string md5;  ///< what the file must be, where that is known
    std::string sha256;
    std::optional<std::uint64_t> total;
    std::string etag;  ///< by which the server says whether its file is still the same
    std::string last_modified;
    std::vector<ByteRange> done;  ///< in order, apart from each other
};

/// What of a file of `total` bytes is not in the ranges.
[[nodiscard]] std::vector<ByteRange> complement(const std::vector<ByteRange>& ranges, std::uint64_t total);

[[nodiscard]] std::string to_text(const DownloadJournal& journal);

/// Nothing for a text that `to_text` does not write: it may be damaged, and then the file is fetched from its
/// beginning.
[[nodiscard]] std::optional<DownloadJournal> parse_journal(const std::string& text);

}  // namespace inference_models::hub
