#include "common/mapped_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <inference_models/error.hpp>
#include <system_error>
#include <utility>

#include "common/file_descriptor.hpp"

namespace inference_models {
namespace {

Error io_failure(const std::filesystem::path& path, std::string_view what, int code) {
    return {ErrorKind::io_failure, path.string(),
            fmt::format("{} {}: {}", path.string(), what, std::generic_category().message(code)),
            "Check that the path is right and that this user may use it."};
}

/// A regular file opened for reading, and its size.
std::pair<int, std::size_t> open_regular(const std::filesystem::path& path) {
    // Without O_NONBLOCK the opening of a pipe would wait for its other end.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) throw io_failure(path, "cannot be opened", errno);
    struct stat facts{};
    const bool known = ::fstat(descriptor, &facts) == 0;
    const int code = known ? EINVAL : errno;
    if (known && S_ISREG(facts.st_mode)) return {descriptor, static_cast<std::size_t>(facts.st_size)};
    ::close(descriptor);
    throw io_failure(path, "is not a regular file", code);
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
    const auto [raw, size] = open_regular(path);
    const FileDescriptor descriptor(raw);
    if (size == 0) return;
    void* const start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
    if (start == MAP_FAILED) throw io_failure(path, "cannot be mapped", errno);
    bytes_ = {static_cast<const std::byte*>(start), size};
}

MappedFile::~MappedFile() {
    // munmap wants a pointer to mutable memory although it writes nothing.
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

std::string read_text_file(const std::filesystem::path& path, std::size_t limit) {
    const auto [raw, size] = open_regular(path);
    const FileDescriptor descriptor(raw);
    if (size > limit) {
        throw Error(ErrorKind::io_failure, path.string(),
                    fmt::format("{} has {} bytes; at most {} are read", path.string(), size, limit),
                    "It is probably not the file that its name says.");
    }
    std::string text(size, '\0');
    std::size_t filled = 0;
    while (filled < size) {
        const ssize_t count = ::read(descriptor.get(), text.data() + filled, size - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw io_failure(path, "cannot be read", errno);
        if (count == 0) break;  // it shrank while it was read
        filled += static_cast<std::size_t>(count);
    }
    text.resize(filled);
    return text;
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    static std::atomic<unsigned> counter{0};
    const std::string aside = fmt::format("{}.{}-{}.part", path.string(), ::getpid(), counter++);
    FileDescriptor descriptor(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (descriptor.get() < 0) throw io_failure(path, "cannot be written", errno);
    const auto failure = [&] {
        const int code = errno;
        ::unlink(aside.c_str());
        return io_failure(path, "cannot be written", code);
    };
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw failure();
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    if (!descriptor.close() || ::rename(aside.c_str(), path.c_str()) != 0) throw failure();
}

}  // namespace inference_models
