#pragma once

#include "hub/cache/cache_layout.hpp"
#include "hub/cache/file_lock.hpp"

#include <filesystem>
#include <string>

namespace inference_models::hub {

/// A compiled package while it is made: a directory of its own, which nobody lists and which goes away unless it is
/// registered. One process makes it at a time, and nothing is taken away from the cache meanwhile.
class NewCompiledPackage {
public:
    /// Waits for another process that makes the same one; takes away what killed ones left.
    /// \param source  the package that it is made from
    /// \throws Error `io_failure`
    NewCompiledPackage(const std::filesystem::path& cache_directory, const std::filesystem::path& source,
                       std::string id);
    ~NewCompiledPackage();
    NewCompiledPackage(const NewCompiledPackage&) = delete;
    NewCompiledPackage& operator=(const NewCompiledPackage&) = delete;

    [[nodiscard]] std::filesystem::path directory() const { return layout_.new_package(id_); }

    /// Makes the files durable, and others unable to change them: nobody runs it otherwise.
    /// \throws Error `io_failure`
    void seal() const;

    /// Puts it where it is listed, in place of an earlier one.
    /// \returns where it lies now
    /// \throws Error `io_failure`
    [[nodiscard]] std::filesystem::path register_sealed();

private:
    CompiledLayout layout_;
    std::string id_;
    FileLock store_lock_;
    FileLock lock_;
};

}  // namespace inference_models::hub
