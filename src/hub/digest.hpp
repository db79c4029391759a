#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// MD5 and SHA-256, as lower-case hexadecimal digits.
namespace inference_models::hub {

/// What is read of a file once, in both digests.
struct Digests {
    std::string md5;
    std::string sha256;
    std::uint64_t size = 0;
};

/// Takes bytes piece by piece.
class DigestStream {
public:
    DigestStream();
    ~DigestStream();
    DigestStream(const DigestStream&) = delete;
    DigestStream& operator=(const DigestStream&) = delete;
    DigestStream(DigestStream&&) noexcept;
    DigestStream& operator=(DigestStream&&) noexcept;

    void add(std::span<const std::byte> bytes);
    /// Of everything added so far; ends the stream.
    [[nodiscard]] Digests finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// \throws Error `io_failure`
[[nodiscard]] Digests digests_of_file(const std::filesystem::path& path);

[[nodiscard]] std::string sha256(std::string_view text);

/// Whether a text is written as such a digest: 64 or 32 lower-case hexadecimal digits.
[[nodiscard]] bool is_sha256(std::string_view text) noexcept;
[[nodiscard]] bool is_md5(std::string_view text) noexcept;

/// HMAC with SHA-256.
[[nodiscard]] std::string keyed_sha256(std::string_view key, std::string_view text);

}  // namespace inference_models::hub
