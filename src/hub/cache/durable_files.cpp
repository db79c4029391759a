#include "hub/cache/durable_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <span>
#include <system_error>

#include "common/file_descriptor.hpp"

namespace inference_models::hub {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kUnfinished = ".new";

std::uint64_t random_number() {
    std::uint64_t number = 0;
    // So few bytes come at once, or not at all on a machine that has just been switched on.
    while (::getrandom(&number, sizeof(number), 0) < 0 && errno == EINTR) {
    }
    return number;
}

fs::path name_aside(const fs::path& path) {
    return path.parent_path() / fmt::format(".{}.{:016x}{}", path.filename().string(), random_number(), kUnfinished);
}

/// A file that is being written beside its place. One that is not put into place goes away.
class FileAside {
public:
    FileAside(const fs::path& path, mode_t mode)
        : path_(path),
          aside_(name_aside(path)),
          file_(::open(aside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)) {
        if (file_.get() < 0) throw cache_failure(path_, "cannot be written", errno);
    }
    ~FileAside() {
        if (!done_) ::unlink(aside_.c_str());
    }
    FileAside(const FileAside&) = delete;
    FileAside& operator=(const FileAside&) = delete;

    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) throw cache_failure(path_, "cannot be written", errno);
            bytes = bytes.subspan(static_cast<std::size_t>(count));
        }
    }

    void put_into_place() {
        const bool is_written = ::fdatasync(file_.get()) == 0 && file_.close();
        if (!is_written) throw cache_failure(path_, "cannot be written", errno);
        move(aside_, path_);
        done_ = true;
    }

private:
    fs::path path_;
    fs::path aside_;
    FileDescriptor file_;
    bool done_ = false;
};

void copy_durably(const fs::path& from, const fs::path& to) {
    constexpr std::size_t kPiece = std::size_t{1} << 20U;
    const FileDescriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (source.get() < 0) throw cache_failure(from, "cannot be read", errno);
    FileAside copy(to, 0444);
    std::vector<std::byte> buffer(kPiece);
    while (true) {
        const ssize_t count = ::read(source.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw cache_failure(from, "cannot be read", errno);
        if (count == 0) break;
        copy.write(std::span(buffer).first(static_cast<std::size_t>(count)));
    }
    copy.put_into_place();
}

/// False where this file system, or the owner of the file, allows no further hard link.
bool link_file(const fs::path& from, const fs::path& to) {
    if (::link(from.c_str(), to.c_str()) == 0) return true;
    constexpr std::array kNotPossible{EPERM, EOPNOTSUPP, EMLINK, EXDEV, ENOSYS};
    if (std::ranges::find(kNotPossible, errno) != kNotPossible.end()) return false;
    throw cache_failure(to, "cannot be written", errno);
}

void make_directory(const fs::path& directory) {
    if (::mkdir(directory.c_str(), 0755) == 0) {
        synchronise_directory(directory.parent_path());
    } else if (errno != EEXIST) {
        throw cache_failure(directory, "cannot be made", errno);
    }
}

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::vector<std::string> names_of(DIR* directory) {
    std::vector<std::string> names;
    while (const dirent* const entry = ::readdir(directory)) {
        std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(std::move(name));
    }
    return names;
}

/// By descriptors, so that no directory can be exchanged for a link on the way.
Removed remove_in(int parent, const std::string& name, const fs::path& path) {
    struct stat facts{};
    if (::fstatat(parent, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return {};
        throw cache_failure(path, "cannot be removed", errno);
    }
    Removed removed;
    if (S_ISDIR(facts.st_mode)) {
        FileDescriptor opened(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (opened.get() < 0) throw cache_failure(path, "cannot be removed", errno);
        const Directory directory(::fdopendir(opened.get()));
        if (!directory) throw cache_failure(path, "cannot be removed", errno);
        const int descriptor = opened.release();
        for (const std::string& inner : names_of(directory.get())) {
            removed += remove_in(descriptor, inner, path / inner);
        }
    } else {
        removed = {1, facts.st_nlink == 1 ? static_cast<std::uint64_t>(facts.st_size) : 0};
    }
    const int flags = S_ISDIR(facts.st_mode) ? AT_REMOVEDIR : 0;
    if (::unlinkat(parent, name.c_str(), flags) != 0) throw cache_failure(path, "cannot be removed", errno);
    return removed;
}

}  // namespace

Error cache_failure(const fs::path& path, std::string_view what, int code) {
    const bool is_full = code == ENOSPC || code == EDQUOT;
    return {ErrorKind::io_failure, path.string(),
            fmt::format("{} {}: {}", path.string(), what, std::generic_category().message(code)),
            fmt::format("{}, or set INFERENCE_HOME to another directory for downloaded models.",
                        is_full ? "Free space on this disk" : "Check that this user may write there")};
}

std::optional<FileFacts> facts_of(const fs::path& path) noexcept {
    constexpr std::int64_t kNanoseconds = 1'000'000'000;
    struct stat facts{};
    if (::lstat(path.c_str(), &facts) != 0) return std::nullopt;
    FileFacts found;
    found.is_file = S_ISREG(facts.st_mode);
    found.is_directory = S_ISDIR(facts.st_mode);
    found.size = static_cast<std::uint64_t>(facts.st_size);
    // Beyond the years 1678 to 2262, which only an odd file system or a joker writes, one time is as good as another.
    std::int64_t time = 0;
    if (!__builtin_mul_overflow(static_cast<std::int64_t>(facts.st_mtim.tv_sec), kNanoseconds, &time) &&
        !__builtin_add_overflow(time, static_cast<std::int64_t>(facts.st_mtim.tv_nsec), &time)) {
        found.modified_ns = time;
    }
    found.links = facts.st_nlink;
    found.owner = facts.st_uid;
    found.mode = facts.st_mode & 07777U;
    found.identity = {facts.st_dev, facts.st_ino};
    return found;
}

std::vector<std::string> names_in(const fs::path& directory) {
    FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const Directory listed(opened.get() < 0 ? nullptr : ::fdopendir(opened.get()));
    if (!listed) return {};
    static_cast<void>(opened.release());  // is the directory's now
    std::vector<std::string> names = names_of(listed.get());
    std::ranges::sort(names);
    return names;
}

void make_directories(const fs::path& directory) {
    std::error_code ignored;
    if (directory.empty() || fs::is_directory(directory, ignored)) return;
    make_directories(directory.parent_path());
    make_directory(directory);
    if (!fs::is_directory(directory, ignored)) throw cache_failure(directory, "cannot be made", ENOTDIR);
}

void make_directories(const fs::path& root, const fs::path& below) {
    fs::path directory = root;
    for (const fs::path& name : below) {
        directory /= name;
        make_directory(directory);
        const auto facts = facts_of(directory);
        if (!facts || !facts->is_directory) throw cache_failure(directory, "cannot be used", ENOTDIR);
    }
}

void synchronise_directory(const fs::path& directory) {
    const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // EINVAL: a file system that has nothing to synchronise.
    if (opened.get() < 0 || (::fsync(opened.get()) != 0 && errno != EINVAL)) {
        throw cache_failure(directory, "cannot be written", errno);
    }
}

void write_durably(const fs::path& path, std::string_view text, mode_t mode) {
    FileAside file(path, mode);
    file.write(std::as_bytes(std::span(text)));
    file.put_into_place();
    synchronise_directory(path.parent_path());
}

bool is_unfinished(std::string_view name) noexcept {
    return name.starts_with('.') && name.ends_with(kUnfinished);
}

void link_or_copy(const fs::path& from, const fs::path& to) {
    if (!link_file(from, to)) copy_durably(from, to);
}

void link_or_move(const fs::path& from, const fs::path& to) {
    if (!link_file(from, to)) move(from, to);
}

void move(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) throw cache_failure(to, "cannot be written", errno);
}

Removed& Removed::operator+=(const Removed& other) noexcept {
    files += other.files;
    bytes += other.bytes;
    return *this;
}

Removed remove_tree(const fs::path& path) {
    return remove_in(AT_FDCWD, path.string(), path);
}

}  // namespace inference_models::hub
