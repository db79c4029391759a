#include "engines/openvino/blob_cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace inference_models::openvino {
namespace {

constexpr const char* kEnding = ".blob";

class File {
public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File() {
        if (is_open()) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
    [[nodiscard]] int get() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

/// The end of a file: blob, identity, and this.
struct Trailer {
    static constexpr std::array<char, 16> kMagic{'i', 'm', ' ', 'o', 'p', 'e', 'n', 'v',
                                                 'i', 'n', 'o', ' ', 'b', 'l', 'o', 'b'};
    std::uint64_t blob_size = 0;
    std::uint64_t identity_size = 0;
    std::uint64_t checksum = 0;  ///< of the blob
    std::array<char, 16> magic = kMagic;
};
static_assert(sizeof(Trailer) == 40);

/// Finds what disks and copies do to files, at the speed of memory. Each step can be undone, so that no single change
/// goes unseen.
std::uint64_t checksum(std::span<const std::byte> bytes) {
    constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;
    std::array<std::uint64_t, 4> lanes{1, 2, 3, 4};
    const auto mix = [](std::uint64_t lane, std::uint64_t word) { return std::rotl((lane ^ word) * kFactor, 29); };
    while (bytes.size() >= sizeof(lanes)) {
        std::array<std::uint64_t, 4> words{};
        std::memcpy(words.data(), bytes.data(), sizeof(words));
        for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = mix(lanes[i], words[i]);
        bytes = bytes.subspan(sizeof(words));
    }
    std::uint64_t sum = bytes.size();
    for (const std::uint64_t lane : lanes) sum = mix(sum, lane);
    for (const std::byte byte : bytes) sum = mix(sum, std::to_integer<std::uint64_t>(byte));
    return sum;
}

/// The blob of a file's bytes, where they are sound and of this identity.
std::optional<std::span<const std::byte>> blob_of(std::span<const std::byte> bytes, std::string_view identity) {
    Trailer trailer;
    if (bytes.size() < sizeof(trailer)) return std::nullopt;
    const std::size_t before = bytes.size() - sizeof(trailer);
    std::memcpy(&trailer, bytes.data() + before, sizeof(trailer));
    if (trailer.magic != Trailer::kMagic || trailer.identity_size != identity.size() || before < identity.size() ||
        trailer.blob_size != before - identity.size()) {
        return std::nullopt;
    }
    const auto blob = bytes.first(before - identity.size());
    if (std::memcmp(bytes.data() + blob.size(), identity.data(), identity.size()) != 0) return std::nullopt;
    if (checksum(blob) != trailer.checksum) return std::nullopt;
    return blob;
}

bool write_all(int file, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

bool write_file(int file, std::span<const std::byte> blob, std::string_view identity) {
    const Trailer trailer{blob.size(), identity.size(), checksum(blob)};
    return ::ftruncate(file, 0) == 0 && write_all(file, blob) && write_all(file, std::as_bytes(std::span(identity))) &&
           write_all(file, std::as_bytes(std::span(&trailer, 1)));
}

/// Whether an open file is what lies at a path.
bool lies_at(int file, const std::string& path) {
    struct stat open{};
    struct stat there{};
    return ::fstat(file, &open) == 0 && ::lstat(path.c_str(), &there) == 0 && open.st_ino == there.st_ino &&
           open.st_dev == there.st_dev && S_ISREG(open.st_mode);
}

/// Removes those blobs that were not used for longest where there are more than anybody needs: they are as large as
/// their networks.
void forget_old_ones(const std::filesystem::path& directory) {
    constexpr std::size_t kMost = 64;
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> blobs;
    std::error_code ignored;  // another process removes some as well
    for (std::filesystem::directory_iterator entry(directory, ignored), end; entry != end; entry.increment(ignored)) {
        if (entry->path().extension() == kEnding) blobs.emplace_back(entry->last_write_time(ignored), entry->path());
    }
    if (blobs.size() <= kMost) return;
    std::ranges::sort(blobs);
    blobs.resize(blobs.size() - kMost);
    for (const auto& [used, path] : blobs) std::filesystem::remove(path, ignored);
}

std::string what_failed(const std::filesystem::path& path) {
    return fmt::format("{} cannot be written: {}", path.string(),
                       std::error_code(errno, std::generic_category()).message());
}

}  // namespace

std::optional<Mapping> Mapping::of(int file) {
    struct stat facts{};
    if (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size <= 0) return std::nullopt;
    const auto size = static_cast<std::size_t>(facts.st_size);
    void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (memory == MAP_FAILED) return std::nullopt;
    return Mapping({static_cast<const std::byte*>(memory), size});
}

Mapping::~Mapping() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Mapping::Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

BlobCache::BlobCache(const std::filesystem::path& directory, const std::string& name, std::string identity)
    : file_(directory / (name + kEnding)), identity_(std::move(identity)) {}

std::optional<Blob> BlobCache::find() const {
    const File file(::open(file_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    auto mapping = file.is_open() ? Mapping::of(file.get()) : std::nullopt;
    if (!mapping) return std::nullopt;
    const auto bytes = blob_of(mapping->bytes(), identity_);
    if (!bytes) return std::nullopt;
    ::futimens(file.get(), nullptr);  // used now, where this user may say so
    return Blob{std::move(*mapping), *bytes};
}

std::string BlobCache::keep(const std::function<bool(const std::string&)>& export_to) const {
    std::error_code ignored;  // what cannot be made cannot be written to either
    std::filesystem::create_directories(file_.parent_path(), ignored);

    // Whoever is killed while writing leaves a file that the next one writes over: its lock went with the process.
    const std::string unfinished = file_.string() + ".new";
    const File file(::open(unfinished.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644));
    if (!file.is_open()) return what_failed(unfinished);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 || !lies_at(file.get(), unfinished)) {
        return fmt::format("{} is being written by another process", unfinished);
    }

    // OpenVINO does not notice that a disk is full, so it writes to memory.
    const File memory(::memfd_create("openvino-blob", MFD_CLOEXEC));
    const bool is_exported = memory.is_open() && export_to(fmt::format("/proc/self/fd/{}", memory.get()));
    const auto blob = is_exported ? Mapping::of(memory.get()) : std::nullopt;
    if (!blob) return "it cannot be exported";

    if (write_file(file.get(), blob->bytes(), identity_) && ::rename(unfinished.c_str(), file_.c_str()) == 0) {
        forget_old_ones(file_.parent_path());
        return {};
    }
    std::string why = what_failed(file_);
    ::unlink(unfinished.c_str());
    return why;
}

}  // namespace inference_models::openvino
