#include "hub/figures/package_digest.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <inference_models/error.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "common/log.hpp"
#include "formats/json_reader.hpp"
#include "formats/onnx_file.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/kept_json.hpp"
#include "hub/digest.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;
using formats::JsonValue;

constexpr std::size_t kMostFiles = 1024;
constexpr std::size_t kMostExternalFiles = 1024;
constexpr std::size_t kLongestName = 4096;

std::int64_t nanoseconds(const timespec& time) {
    constexpr std::int64_t kPerSecond = 1'000'000'000;
    std::int64_t sum = 0;
    // Beyond the years 1678 to 2262, one time is as good as another.
    const bool is_beyond = __builtin_mul_overflow(static_cast<std::int64_t>(time.tv_sec), kPerSecond, &sum) ||
                           __builtin_add_overflow(sum, static_cast<std::int64_t>(time.tv_nsec), &sum);
    return is_beyond ? 0 : sum;
}

/// Of what lies at the end of all links.
std::optional<FileStamp> stamp_of(const fs::path& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
    return FileStamp{.device = facts.st_dev,
                     .inode = facts.st_ino,
                     .size = facts.st_size,
                     .modified_ns = nanoseconds(facts.st_mtim),
                     .changed_ns = nanoseconds(facts.st_ctim)};
}

FileStamp needed_stamp(const fs::path& path) {
    const auto stamp = stamp_of(path);
    if (!stamp) throw cache_failure(path, "cannot be read", ENOENT);
    return *stamp;
}

/// File systems tell times by a clock that ticks every few milliseconds: what is written twice within a tick looks the
/// same both times.
void wait_for_the_next_tick(const FileStamp& stamp) {
    constexpr std::chrono::milliseconds kTick{20};
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    if (now - std::chrono::nanoseconds(stamp.changed_ns) < kTick) std::this_thread::sleep_for(kTick);
}

HashedFile hash(const fs::path& path, bool is_onnx) {
    constexpr int kTries = 3;
    for (int i = 0; i < kTries; ++i) {
        HashedFile file;
        file.stamp = needed_stamp(path);
        wait_for_the_next_tick(file.stamp);
        file.sha256 = digests_of_file(path).sha256;
        if (is_onnx) {
            for (const fs::path& name : formats::read_onnx_file(path).external_files) {
                file.external_files.push_back(name.string());
            }
        }
        if (needed_stamp(path) == file.stamp) return file;
    }
    throw Error(ErrorKind::io_failure, path.string(), fmt::format("{} changes while it is read", path.string()),
                "Try again once nobody writes it.");
}

/// A file as it is now; read only where it is not known.
HashedFile hashed(const fs::path& path, bool is_onnx, const FileHashes& known, FileHashes& learned) {
    if (const HashedFile* const file = known.find(needed_stamp(path))) return *file;
    HashedFile file = hash(path, is_onnx);
    learned.add(file);
    return file;
}

HashedFile read_file(const JsonValue& value) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
    HashedFile file;
    // All bits of these are used by some file system.
    file.stamp.device = static_cast<std::uint64_t>(value.at("device").integer(kLeast, kMost));
    file.stamp.inode = static_cast<std::uint64_t>(value.at("inode").integer(kLeast, kMost));
    file.stamp.size = value.at("size").integer(0, kMost);
    file.stamp.modified_ns = value.at("modified_ns").integer(kLeast, kMost);
    file.stamp.changed_ns = value.at("changed_ns").integer(kLeast, kMost);
    file.sha256 = value.at("sha256").text();
    if (!is_sha256(file.sha256)) throw value.at("sha256").error("is not 64 hexadecimal digits");
    const JsonValue names = value.at("external_files");
    for (const JsonValue& name : names.elements()) {
        const fs::path relative = name.text();
        const bool leads_out = relative.is_absolute() || std::ranges::find(relative, "..") != relative.end();
        if (leads_out || name.text().size() > kLongestName || file.external_files.size() == kMostExternalFiles) {
            throw names.error("is no list of files beside a network");
        }
        file.external_files.push_back(name.text());
    }
    return file;
}

}  // namespace

FileHashes FileHashes::read(const fs::path& path) {
    FileHashes hashes;
    if (!facts_of(path)) return hashes;
    try {
        const JsonValue root = read_kept_json(path);
        const std::vector<JsonValue> files = root.at("files").elements();
        if (files.size() > kMostFiles) throw root.at("files").error("has too many elements");
        for (const JsonValue& file : files) hashes.files_.push_back(read_file(file));
    } catch (const Error& error) {
        log::message(LogLevel::warning, "Hashes of packages that were measured are not used: {}", error.message());
        return {};
    }
    return hashes;
}

void FileHashes::write(const fs::path& path) const {
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const HashedFile& file : files_) {
        files.push_back({{"device", static_cast<std::int64_t>(file.stamp.device)},
                         {"inode", static_cast<std::int64_t>(file.stamp.inode)},
                         {"size", file.stamp.size},
                         {"modified_ns", file.stamp.modified_ns},
                         {"changed_ns", file.stamp.changed_ns},
                         {"sha256", file.sha256},
                         {"external_files", file.external_files}});
    }
    write_durably(path, kept_text({{"format_version", kKeptFormat}, {"files", std::move(files)}}));
}

const HashedFile* FileHashes::find(const FileStamp& stamp) const noexcept {
    const auto found = std::ranges::find(files_, stamp, &HashedFile::stamp);
    return found == files_.end() ? nullptr : &*found;
}

bool FileHashes::knows_size(std::int64_t size) const noexcept {
    return std::ranges::any_of(files_, [&](const HashedFile& file) { return file.stamp.size == size; });
}

void FileHashes::add(HashedFile file) {
    std::erase_if(files_, [&](const HashedFile& each) {
        return each.stamp.device == file.stamp.device && each.stamp.inode == file.stamp.inode;
    });
    files_.push_back(std::move(file));
    if (files_.size() > kMostFiles) files_.erase(files_.begin());
}

void FileHashes::add(const FileHashes& others) {
    for (const HashedFile& file : others.files_) add(file);
}

std::string package_digest(const formats::Package& package, const FileHashes& known, FileHashes& learned) {
    const HashedFile network = hashed(package.weights, package.format == PackageFormat::onnx, known, learned);
    std::vector<fs::path> others;
    for (const std::string& name : network.external_files) others.push_back(package.weights.parent_path() / name);
    if (package.format == PackageFormat::openvino_ir) {
        others.push_back(fs::path(package.weights).replace_extension(".bin"));
    }
    const formats::Package& pictures = package.made_from ? *package.made_from : package;
    const fs::path pre_processing = pictures.path / "inference_config.json";
    if (stamp_of(pre_processing)) others.push_back(pre_processing);

    std::string hashes = network.sha256;
    for (const fs::path& path : others) hashes += '\n' + hashed(path, false, known, learned).sha256;
    return sha256(hashes);
}

bool may_be_known(const formats::Package& package, const FileHashes& known) {
    const auto stamp = stamp_of(package.weights);
    return stamp && known.knows_size(stamp->size);
}

}  // namespace inference_models::hub
