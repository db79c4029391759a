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

/// Every lock opens the file anew: such a lock belongs to what was opened, not to the process.
int opened(const std::filesystem::path& path, FileLock::Kind kind) {
    constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | kFlags, 0666);
    if (descriptor >= 0) return descriptor;
    const int problem = errno;
    const bool may_only_read = problem == EACCES || problem == EROFS || problem == EPERM;
    const int readable = may_only_read && kind == FileLock::Kind::shared ? ::open(path.c_str(), O_RDONLY | kFlags) : -1;
    if (readable < 0) throw cache_failure(path, "cannot be opened", problem);
    return readable;
}

}  // namespace

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& path, Kind kind) {
    while (true) {
        const int descriptor = opened(path, kind);
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

void FileLock::share(const std::filesystem::path& path) {
    while (::flock(descriptor_, LOCK_SH) != 0) {
        if (errno != EINTR) throw cache_failure(path, "cannot be locked", errno);
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
