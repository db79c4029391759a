// The cache of models for the Python tests, which kill the process in it: C functions that ctypes can call.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <inference_models/error.hpp>
#include <inference_models/export.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "hub/cache/durable_files.hpp"
#include "hub/cache/model_cache.hpp"
#include "hub/digest.hpp"

namespace {

using namespace inference_models;
using namespace inference_models::hub;

const ModelKey kKey{"roboflow", "https://api.example", "workspace/project/3"};

void copy_text(std::string_view text, char* to, std::size_t capacity) {
    const std::size_t count = std::min(text.size(), capacity - 1);
    std::memcpy(to, text.data(), count);
    to[count] = '\0';
}

/// A line to a file that several processes write.
void append_line(const char* path, const std::string& line) {
    const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const bool is_written = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    ::close(file);
    if (!is_written) throw std::runtime_error("the journal cannot be written");
}

}  // namespace

extern "C" {

/// Brings a package whose files are given; which of them were written is appended to the journal, a line `HANDLE` for
/// each. A file that lies whole at its target is not written again, as the downloader does it.
/// \param stated_hash  `md5`, `sha256` or `none`: what the provider tells of each file
/// \return  whether it is there, and its path; else the error's text
INFERENCE_MODELS_EXPORT bool testing_bring_package(const char* cache, const char* package_id, std::int32_t count,
                                                   const char* const* handles, const char* const* texts,
                                                   const char* stated_hash, std::int32_t milliseconds,
                                                   const char* journal, char* result, std::size_t capacity) {
    try {
        const std::string_view stated = stated_hash;
        PackageMetadata package;
        package.id = package_id;
        std::vector<Digests> digests;
        for (std::int32_t i = 0; i < count; ++i) {
            DigestStream stream;
            stream.add(std::as_bytes(std::span(std::string_view(texts[i]))));
            digests.push_back(stream.finish());
            PackageFile file;
            file.handle = handles[i];
            if (stated == "md5") file.md5 = digests.back().md5;
            if (stated == "sha256") file.sha256 = digests.back().sha256;
            package.files.push_back(file);
        }
        const auto bring = [&](std::span<const FileToDownload> wanted) {
            std::vector<DownloadedFile> brought;
            for (const FileToDownload& file : wanted) {
                const auto place = std::find(handles, handles + count, file.name) - handles;
                const Digests& digest = digests[static_cast<std::size_t>(place)];
                const bool is_there = facts_of(file.target) && digests_of_file(file.target).sha256 == digest.sha256;
                if (!is_there) {
                    write_durably(file.target, texts[place]);
                    append_line(journal, file.name + '\n');
                }
                brought.push_back({digest.md5, digest.sha256, digest.size});
            }
            ::usleep(static_cast<useconds_t>(milliseconds) * 1000);
            return brought;
        };
        ModelCache models(cache);
        const auto path = models.bring_package(kKey, package, "{}", bring, [] { return true; }).path;
        copy_text(path.string(), result, capacity);
        return true;
    } catch (const Error& error) {
        copy_text(std::string(to_string(error.kind())) + ": " + error.what(), result, capacity);
        return false;
    }
}

/// How much was taken away, as `PACKAGES FILES BYTES`, or the error's text.
INFERENCE_MODELS_EXPORT bool testing_prune(const char* cache, char* result, std::size_t capacity) {
    try {
        const PrunedCache pruned = ModelCache(cache).prune({});
        copy_text(
            std::to_string(pruned.packages) + ' ' + std::to_string(pruned.files) + ' ' + std::to_string(pruned.bytes),
            result, capacity);
        return true;
    } catch (const Error& error) {
        copy_text(std::string(to_string(error.kind())) + ": " + error.what(), result, capacity);
        return false;
    }
}

}  // extern "C"
