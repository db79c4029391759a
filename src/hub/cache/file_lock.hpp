#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace inference_models::hub {

/// Called about ten times a second while another process holds a lock; false: give up.
using Waiting = std::function<bool()>;

/// A lock between processes, and between the threads of one, that ends with this object or its process. The file stays.
class FileLock {
public:
    enum class Kind { shared, exclusive };

    /// Nothing where others hold it. A shared one needs no more of a file that is there than that it can be read.
    /// \throws Error `io_failure` where there is no such directory, it cannot be written, or cannot lock
    [[nodiscard]] static std::optional<FileLock> try_take(const std::filesystem::path& path, Kind kind);

    /// Waits for it.
    /// \param reason  what is logged after some seconds: who is being waited for
    /// \throws Error `cancelled` where `waiting` says so, `io_failure`
    [[nodiscard]] static FileLock take(const std::filesystem::path& path, Kind kind, const Waiting& waiting,
                                       const std::string& reason);

    /// Lets others have it too from now on, who want it shared.
    /// \throws Error `io_failure`
    void share(const std::filesystem::path& path);

    ~FileLock();
    FileLock(FileLock&& other) noexcept;
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    FileLock& operator=(FileLock&&) = delete;

private:
    explicit FileLock(int descriptor) noexcept : descriptor_(descriptor) {}

    int descriptor_;
};

}  // namespace inference_models::hub
