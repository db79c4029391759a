#pragma once

#include <inference_models/error.hpp>

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Files that are there as a whole or not at all, whenever a process or the machine stops. Nothing here follows a
/// symbolic link that lies where a file or directory of ours should be.
namespace inference_models::hub {

/// `io_failure`: `PATH WHAT: REASON`, with what to do about it where models are kept.
/// \param code  of errno
[[nodiscard]] Error cache_failure(const std::filesystem::path& path, std::string_view what, int code);

/// What lies at a path.
struct FileFacts {
    bool is_file = false;  ///< a regular one
    bool is_directory = false;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;  ///< since 1970
    std::uint64_t links = 0;
    uid_t owner = 0;
    mode_t mode = 0;                   ///< its permissions
    std::pair<dev_t, ino_t> identity;  ///< the same for all hard links of a file
};

/// Nothing where nothing lies, or where it cannot be looked at.
[[nodiscard]] std::optional<FileFacts> facts_of(const std::filesystem::path& path) noexcept;

/// The names in a directory in alphabetical order; none where there is no directory, or a link to one.
[[nodiscard]] std::vector<std::string> names_in(const std::filesystem::path& directory);

/// Makes a directory and those above it that are missing.
/// \throws Error `io_failure`
void make_directories(const std::filesystem::path& directory);

/// Makes what is missing of `root / below`, in which no part of `below` may be a link to somewhere else.
/// \throws Error `io_failure`
void make_directories(const std::filesystem::path& root, const std::filesystem::path& below);

/// Makes what was made, renamed or removed in a directory last.
/// \throws Error `io_failure`
void synchronise_directory(const std::filesystem::path& directory);

/// Makes a file of a text, or replaces it. While it is written it lies beside, as `.NAME.RANDOM.new`.
/// \throws Error `io_failure`
void write_durably(const std::filesystem::path& path, std::string_view text, mode_t mode = 0644);

/// Whether a name is one that `write_durably` uses on the way.
[[nodiscard]] bool is_unfinished(std::string_view name) noexcept;

/// Makes a file appear at a second place too: by a hard link or, where the file system has none, by a copy. The
/// directory is still to be synchronised.
/// \throws Error `io_failure`
void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to);

/// The same, but where there are no hard links the file is moved.
/// \throws Error `io_failure`
void link_or_move(const std::filesystem::path& from, const std::filesystem::path& to);

/// Renames within a file system. The directory is still to be synchronised.
/// \throws Error `io_failure`
void move(const std::filesystem::path& from, const std::filesystem::path& to);

/// What was taken away.
struct Removed {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;  ///< that are free now: of files that have no other hard link

    Removed& operator+=(const Removed& other) noexcept;
};

/// Removes a file or a directory with all that is in it, if it is there.
/// \throws Error `io_failure`
Removed remove_tree(const std::filesystem::path& path);

}  // namespace inference_models::hub
