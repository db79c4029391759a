#include "hub/cache/cache_salt.hpp"

#include <sys/random.h>

#include <cerrno>
#include <inference_models/error.hpp>
#include <optional>

#include "common/log.hpp"
#include "common/mapped_file.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/file_lock.hpp"

namespace inference_models::hub {
namespace {

constexpr std::size_t kBytes = 32;

std::string random_bytes() {
    std::string bytes(kBytes, '\0');
    while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(kBytes)) {
        if (errno != EINTR) throw cache_failure("getrandom", "gives no random bytes", errno);
    }
    return bytes;
}

std::optional<std::string> kept_salt(const CacheLayout& layout) {
    const auto facts = facts_of(layout.salt());
    if (!facts || !facts->is_file || facts->size != kBytes) return std::nullopt;
    return read_text_file(layout.salt(), kBytes);
}

/// The first process makes it; the others find it as soon as they have the lock.
std::string make_salt(const CacheLayout& layout) {
    layout.make(layout.root());
    const FileLock lock = FileLock::take(
        layout.salt_lock(), FileLock::Kind::exclusive, [] { return true; },
        "Another process is making the salt of this cache");
    if (const auto salt = kept_salt(layout)) return *salt;
    const std::string salt = random_bytes();
    write_durably(layout.salt(), salt, 0600);
    return salt;
}

}  // namespace

std::string salt_of(const CacheLayout& layout) {
    try {
        const auto salt = kept_salt(layout);
        return salt ? *salt : make_salt(layout);
    } catch (const Error& error) {
        log::message(LogLevel::debug, "The salt of the cache cannot be kept: {}", error.message());
        static const std::string of_this_process = random_bytes();
        return of_this_process;
    }
}

}  // namespace inference_models::hub
