#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Which bytes of a file an HTTP request asks for (RFC 9110, section 14).
namespace inference_models::hub {

struct FileSlice {
    std::uint64_t first = 0;
    std::uint64_t count = 0;

    friend bool operator==(const FileSlice&, const FileSlice&) = default;
};

/// What a `Range` header means for a file.
struct RequestedRange {
    bool satisfiable = true;         ///< false: it lies behind the file's end
    std::optional<FileSlice> bytes;  ///< none: the whole file, also for headers that are to be ignored: of other units,
                                     ///< ill-formed, or with several ranges

    friend bool operator==(const RequestedRange&, const RequestedRange&) = default;
};

[[nodiscard]] RequestedRange requested_range(std::string_view header, std::uint64_t file_size);

}  // namespace inference_models::hub
