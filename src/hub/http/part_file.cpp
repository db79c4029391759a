#include "hub/http/part_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <inference_models/error.hpp>
#include <system_error>
#include <utility>

#include "common/file_descriptor.hpp"

namespace inference_models::hub {
namespace {

constexpr std::size_t kMostJournal = std::size_t{64} << 10U;
constexpr const char* kAside = ".new";
constexpr std::uint64_t kBlock = 512;  // the unit of st_blocks, whatever the file system

std::filesystem::path with_ending(const std::filesystem::path& path, const char* ending) {
    std::filesystem::path longer = path;
    longer += ending;
    return longer;
}

/// 0, or errno.
int write_all(int descriptor, std::uint64_t position, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(position));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        position += static_cast<std::uint64_t>(count);
    }
    return 0;
}

/// As many bytes as there are from `position` on; errno where it cannot be read.
std::pair<std::size_t, int> read_all(int descriptor, std::uint64_t position, std::span<std::byte> buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        const ssize_t count =
            ::pread(descriptor, buffer.data() + filled, buffer.size() - filled, static_cast<off_t>(position + filled));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return {filled, errno};
        if (count == 0) break;
        filled += static_cast<std::size_t>(count);
    }
    return {filled, 0};
}

bool is_full(int problem) {
    return problem == ENOSPC || problem == EDQUOT;
}

/// Nothing where the file system does not say.
std::optional<std::uint64_t> free_bytes(const std::filesystem::path& directory) {
    struct statvfs facts{};
    if (::statvfs(directory.c_str(), &facts) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

}  // namespace

PartFile::PartFile(std::filesystem::path target)
    : target_(std::move(target)), part_(with_ending(target_, ".part")), progress_(with_ending(target_, ".progress")) {}

PartFile::~PartFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void PartFile::fail(const char* what, const std::filesystem::path& path, int problem,
                    std::optional<std::uint64_t> needed) const {
    const std::string directory = target_.parent_path().string();
    if (!is_full(problem)) {
        throw Error(ErrorKind::io_failure, path.string(),
                    fmt::format("{} {}: {}", path.string(), what, std::generic_category().message(problem)),
                    fmt::format("Check that this user may write in {}, and the disk that it lies on.", directory));
    }
    const auto left = free_bytes(target_.parent_path());
    throw Error(ErrorKind::io_failure, directory,
                fmt::format("{}: {} needs {} bytes in {}{}", std::generic_category().message(problem),
                            target_.filename().string(), needed ? fmt::format("{}", *needed) : "more", directory,
                            left ? fmt::format(", where {} are free", *left) : ""),
                "Make room there, or let INFERENCE_HOME name a directory on another disk. What was downloaded is kept "
                "and will be gone on with.");
}

std::optional<DownloadJournal> PartFile::resume() {
    std::string text(kMostJournal + 1, '\0');
    const FileDescriptor progress(::open(progress_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (progress.get() < 0) return std::nullopt;
    const auto [size, problem] = read_all(progress.get(), 0, std::as_writable_bytes(std::span(text)));
    if (problem != 0 || size > kMostJournal) return std::nullopt;
    text.resize(size);
    auto journal = parse_journal(text);
    struct stat facts{};
    if (!journal || ::lstat(part_.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
    const std::uint64_t end = journal->done.empty() ? 0 : journal->done.back().end;
    if (static_cast<std::uint64_t>(facts.st_size) < end) return std::nullopt;
    return journal;
}

void PartFile::open() {
    if (descriptor_ >= 0) return;
    constexpr mode_t kMode = 0644;
    descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kMode);
    if (descriptor_ < 0) fail("cannot be written", part_, errno);
}

void PartFile::reserve(std::uint64_t total) {
    if (reserved_ == total) return;
    struct stat facts{};
    const bool exists = ::lstat(part_.c_str(), &facts) == 0;
    const std::uint64_t there = exists ? static_cast<std::uint64_t>(facts.st_blocks) * kBlock : 0;
    const auto left = free_bytes(target_.parent_path());
    if (left && total > there && total - there > *left) fail("cannot be written", part_, ENOSPC, total - there);
    open();
    // No space is taken before there is something to fill it: a server may promise more than it ever sends.
    if (::ftruncate(descriptor_, static_cast<off_t>(total)) != 0) fail("cannot be written", part_, errno, total);
    reserved_ = total;
}

void PartFile::write(std::uint64_t position, std::span<const std::byte> bytes) {
    open();
    const int problem = write_all(descriptor_, position, bytes);
    if (problem != 0) fail("cannot be written", part_, problem, reserved_ ? *reserved_ : position + bytes.size());
}

std::size_t PartFile::read(std::uint64_t position, std::span<std::byte> buffer) {
    open();
    const auto [count, problem] = read_all(descriptor_, position, buffer);
    if (problem != 0) fail("cannot be read", part_, problem);
    return count;
}

void PartFile::synchronise() {
    if (::fdatasync(descriptor_) != 0) fail("cannot be written", part_, errno, reserved_);
}

void PartFile::keep(const DownloadJournal& journal) {
    open();
    synchronise();
    write_journal(to_text(journal));
}

/// Appears whole or not at all. A journal that the machine's end left empty is no harm: it counts as none.
void PartFile::write_journal(const std::string& text) {
    const std::filesystem::path aside = with_ending(progress_, kAside);
    constexpr mode_t kMode = 0644;
    const FileDescriptor file(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kMode));
    if (file.get() < 0) fail("cannot be written", aside, errno);
    const int problem = write_all(file.get(), 0, std::as_bytes(std::span(text)));
    if (problem != 0) fail("cannot be written", aside, problem, text.size());
    if (std::rename(aside.c_str(), progress_.c_str()) != 0) fail("cannot be renamed", aside, errno);
}

void PartFile::start_over() {
    if (::unlink(progress_.c_str()) != 0 && errno != ENOENT) fail("cannot be removed", progress_, errno);
    reserved_.reset();
    if (descriptor_ < 0 && ::access(part_.c_str(), F_OK) != 0) return;
    open();
    if (::ftruncate(descriptor_, 0) != 0) fail("cannot be emptied", part_, errno);
}

void PartFile::complete(std::uint64_t size) {
    open();
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) fail("cannot be written", part_, errno);
    synchronise();
    if (std::rename(part_.c_str(), target_.c_str()) != 0) fail("cannot be renamed", part_, errno);
    const std::filesystem::path directory = target_.has_parent_path() ? target_.parent_path() : ".";
    const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some network file systems cannot synchronise a directory: EINVAL.
    if (opened.get() < 0 || (::fsync(opened.get()) != 0 && errno != EINVAL)) {
        fail("cannot be synchronised", directory, errno);
    }
    remove_journal();  // if it stays, it speaks of a part that is not there
}

void PartFile::remove_journal() noexcept {
    ::unlink(progress_.c_str());
    ::unlink(with_ending(progress_, kAside).c_str());  // of a process that was killed while it wrote one
}

void PartFile::remove() noexcept {
    remove_journal();
    ::unlink(part_.c_str());
}

}  // namespace inference_models::hub
