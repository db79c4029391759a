#include "hub/cache/file_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "common/log.hpp"
#include "hub/cache/durable_files.hpp"

namespace inference_models::hub {
namespace {

/// Somebody may have removed the whole cache while the lock was waited for: then it is no longer the one that others
/// will take.
bool lies_at(int descriptor, const std::filesystem::path& path) {
    struct stat opened{};
    const auto found = facts_of(path);
    return ::fstat(descriptor, &opened) == 0 && found && found->identity == std::pair(opened.st_dev, opened.st_ino);
}

}  // namespace

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& path, Kind kind) {
    while (true) {
        // Every lock opens the file anew: such a lock belongs to what was opened, not to the process.
        const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
        if (descriptor < 0) throw cache_failure(path, "cannot be opened", errno);
        FileLock lock(descriptor);
        while (::flock(descriptor, (kind == Kind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) return std::nullopt;
            if (errno != EINTR) throw cache_failure(path, "cannot be locked", errno);
        }
        if (lies_at(descriptor, path)) return lock;
    }
}

FileLock FileLock::take(const std::filesystem::path& path, Kind kind, const Waiting& waiting,
                        const std::string& reason) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds kPause{100};
    constexpr std::chrono::seconds kSilence{3};
    const Clock::time_point begin = Clock::now();
    bool is_told = false;
    while (true) {
        std::optional<FileLock> lock = try_take(path, kind);
        if (lock) return *std::move(lock);
        if (!waiting()) {
            throw Error(ErrorKind::cancelled, path.string(), fmt::format("{}; waiting for it was cancelled", reason));
        }
        if (!is_told && Clock::now() - begin > kSilence) {
            log::message(LogLevel::info, "{}; waiting for it ({})", reason, path.string());
            is_told = true;
        }
        std::this_thread::sleep_for(kPause);
    }
}

FileLock::~FileLock() {
    if (descriptor_ < 0) return;
    // Closing alone would leave it to a child that was forked meanwhile.
    ::flock(descriptor_, LOCK_UN);
    ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

}  // namespace inference_models::hub
