#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "hub/http/download_journal.hpp"

namespace inference_models::hub {

/// A file on its way: its bytes in `TARGET.part`, what is known of them in `TARGET.progress`. Whenever the process or
/// the machine stops, the journal speaks only of bytes that are on the disk. Everything throws Error `io_failure`; a
/// full disk is `no space left on device`.
class PartFile {
public:
    /// Opens and makes nothing yet.
    explicit PartFile(std::filesystem::path target);
    ~PartFile();
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;

    /// What an earlier process left here, if it can be gone on with.
    [[nodiscard]] std::optional<DownloadJournal> resume();

    /// Makes it as long as all of the file, if there is space for that: so a disk that is too small is met at once.
    void reserve(std::uint64_t total);
    void write(std::uint64_t position, std::span<const std::byte> bytes);
    /// \returns how many bytes there were, at most `buffer.size()`
    [[nodiscard]] std::size_t read(std::uint64_t position, std::span<std::byte> buffer);

    /// Once what was written is on the disk.
    void keep(const DownloadJournal& journal);
    void start_over();
    /// It is whole: it appears at its target, in `size` bytes.
    void complete(std::uint64_t size);
    void remove() noexcept;

private:
    void open();
    void synchronise();
    void write_journal(const std::string& text);
    void remove_journal() noexcept;
    [[noreturn]] void fail(const char* what, const std::filesystem::path& path, int problem,
                           std::optional<std::uint64_t> needed = {}) const;

    std::filesystem::path target_;
    std::filesystem::path part_;
    std::filesystem::path progress_;
    int descriptor_ = -1;
    std::optional<std::uint64_t> reserved_;
};

}  // namespace inference_models::hub
