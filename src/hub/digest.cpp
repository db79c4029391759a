#include "hub/digest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <unistd.h>

#include <cerrno>
#include <inference_models/error.hpp>
#include <system_error>
#include <vector>

#include "common/file_descriptor.hpp"

namespace inference_models::hub {
namespace {

template <std::size_t size>
std::string hexadecimal(const std::array<std::uint8_t, size>& bytes) {
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

const std::uint8_t* octets(std::span<const std::byte> bytes) {
    return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

const std::uint8_t* octets(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

bool are_digits(std::string_view text, std::size_t count) noexcept {
    return text.size() == count && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Error unreadable(const std::filesystem::path& path, int problem) {
    return {ErrorKind::io_failure, path.string(),
            fmt::format("{} cannot be read: {}", path.string(), std::generic_category().message(problem)),
            "Check that this user may read it, and the disk that it lies on."};
}

FileDescriptor opened(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw unreadable(path, errno);
    return FileDescriptor(descriptor);
}

}  // namespace

struct DigestStream::State {
    State() {
        md5_init(&md5);
        sha256_init(&sha256);
    }

    md5_ctx md5{};
    sha256_ctx sha256{};
    std::uint64_t size = 0;
};

DigestStream::DigestStream() : state_(std::make_unique<State>()) {}
DigestStream::~DigestStream() = default;
DigestStream::DigestStream(DigestStream&&) noexcept = default;
DigestStream& DigestStream::operator=(DigestStream&&) noexcept = default;

void DigestStream::add(std::span<const std::byte> bytes) {
    md5_update(&state_->md5, bytes.size(), octets(bytes));
    sha256_update(&state_->sha256, bytes.size(), octets(bytes));
    state_->size += bytes.size();
}

Digests DigestStream::finish() {
    std::array<std::uint8_t, MD5_DIGEST_SIZE> md5{};
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> sha256{};
    md5_digest(&state_->md5, md5.size(), md5.data());
    sha256_digest(&state_->sha256, sha256.size(), sha256.data());
    return {hexadecimal(md5), hexadecimal(sha256), state_->size};
}

Digests digests_of_file(const std::filesystem::path& path) {
    constexpr std::size_t kPiece = std::size_t{1} << 20U;
    const FileDescriptor file = opened(path);
    std::vector<std::byte> buffer(kPiece);
    DigestStream stream;
    while (true) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw unreadable(path, errno);
        if (count == 0) return stream.finish();
        stream.add(std::span(buffer).first(static_cast<std::size_t>(count)));
    }
}

std::string sha256(std::string_view text) {
    sha256_ctx context{};
    sha256_init(&context);
    sha256_update(&context, text.size(), octets(text));
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
    sha256_digest(&context, digest.size(), digest.data());
    return hexadecimal(digest);
}

bool is_sha256(std::string_view text) noexcept {
    return are_digits(text, std::size_t{2} * SHA256_DIGEST_SIZE);
}

bool is_md5(std::string_view text) noexcept {
    return are_digits(text, std::size_t{2} * MD5_DIGEST_SIZE);
}

std::string keyed_sha256(std::string_view key, std::string_view text) {
    hmac_sha256_ctx context{};
    hmac_sha256_set_key(&context, key.size(), octets(key));
    hmac_sha256_update(&context, text.size(), octets(text));
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
    hmac_sha256_digest(&context, digest.size(), digest.data());
    return hexadecimal(digest);
}

}  // namespace inference_models::hub
