#pragma once

#include <unistd.h>

#include <utility>

namespace inference_models {

/// A file descriptor that closes itself; negative: none.
class FileDescriptor {
public:
    explicit FileDescriptor(int value) : value_(value) {}
    ~FileDescriptor() {
        if (value_ >= 0) ::close(value_);
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;

    [[nodiscard]] int get() const noexcept { return value_; }

    /// Closes it now: some file systems report only then that a write failed.
    [[nodiscard]] bool close() { return ::close(std::exchange(value_, -1)) == 0; }

    /// Gives it to somebody who closes it.
    [[nodiscard]] int release() { return std::exchange(value_, -1); }

private:
    int value_;
};

}  // namespace inference_models
