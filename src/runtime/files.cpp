#include "runtime/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace inference_models::runtime {
namespace {

constexpr std::size_t kMostNames = 100'000;

struct CloseDirectory {
    void operator()(DIR* stream) const noexcept { ::closedir(stream); }
};

}  // namespace

std::string read_text(const std::filesystem::path& path, std::size_t limit) {
    // Without O_NONBLOCK a named pipe in place of the file would hold us up for good.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return {};
    std::string text;
    struct stat facts{};
    if (::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode)) {
        constexpr std::size_t kStep = 16U << 10U;
        while (text.size() < limit) {
            const std::size_t filled = text.size();
            text.resize(std::min(filled + kStep, limit));
            ssize_t count = 0;
            do {
                count = ::read(descriptor, text.data() + filled, text.size() - filled);
            } while (count < 0 && errno == EINTR);
            text.resize(filled + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
            if (count <= 0) break;
        }
    }
    ::close(descriptor);
    return text;
}

std::vector<std::string> names_in(const std::filesystem::path& directory, std::string_view prefix) {
    // Not std::filesystem's iterator: it makes a path of each of the thousands of names in a system's directory.
    const std::unique_ptr<DIR, CloseDirectory> stream(::opendir(directory.c_str()));
    std::vector<std::string> names;
    while (stream && names.size() < kMostNames) {
        const dirent* const entry = ::readdir(stream.get());
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (name.starts_with(prefix) && name != "." && name != "..") names.emplace_back(name);
    }
    std::ranges::sort(names);
    return names;
}

bool file_exists(const std::filesystem::path& path) noexcept {
    std::error_code problem;
    return std::filesystem::is_regular_file(path, problem);
}

bool directory_exists(const std::filesystem::path& path) noexcept {
    std::error_code problem;
    return std::filesystem::is_directory(path, problem);
}

std::filesystem::path resolved(const std::filesystem::path& path) {
    std::error_code problem;
    const std::filesystem::path followed = std::filesystem::canonical(path, problem);
    return problem ? path : followed;
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view kBlank{" \t\r\n\0", 5};  // texts of the device tree end with a zero byte
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
    return split(text, "\n");
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(separators), text.size());
        if (end > 0) parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::string_view value_of(std::string_view text, std::string_view key, char separator) noexcept {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!line.starts_with(key)) continue;
        const std::string_view rest = trimmed(line.substr(key.size()));
        if (rest.starts_with(separator)) return trimmed(rest.substr(1));
    }
    return {};
}

}  // namespace inference_models::runtime
