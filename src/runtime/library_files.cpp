#include "runtime/library_files.hpp"

#include <algorithm>
#include <utility>

#include "common/version_number.hpp"
#include "runtime/files.hpp"

namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;
using std::string_view;

bool is_number(string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789.") == string_view::npos;
}

/// `libx.so` and `libx.so.1.2` for `libx.so`, but not `libx.so.backup`.
bool is_named(string_view file_name, string_view name) {
    if (!file_name.starts_with(name)) return false;
    const string_view rest = file_name.substr(name.size());
    return rest.empty() || (rest.starts_with('.') && is_number(rest.substr(1)));
}

/// `1.32.0` for `libx.so.1.32.0`, `1` for `libx.so.1`; empty where there is none.
string_view number_in(string_view file_name) {
    constexpr string_view kSeparator = ".so.";
    const std::size_t start = file_name.rfind(kSeparator);
    if (start == string_view::npos) return {};
    const string_view number = file_name.substr(start + kSeparator.size());
    return is_number(number) ? number : string_view{};
}

/// The release that the number of a file name tells. OpenVINO's sonames are releases without dots: 2641 is 2026.4.1.
std::string release_of(string_view file_name, string_view number) {
    if (number.find('.') != string_view::npos) return std::string(number);
    if (!file_name.starts_with("libopenvino") || number.size() != 4) return {};
    return "20" + std::string(number.substr(0, 2)) + '.' + number[2] + '.' + number[3];
}

}  // namespace

std::optional<LibraryFile> library_file(const fs::path& path, string_view name) {
    const std::string file_name = path.filename().string();
    if (!is_named(file_name, name) || !file_exists(path)) return std::nullopt;
    const std::string number(number_in(file_name));
    std::string version = release_of(file_name, number);
    if (!version.empty()) return LibraryFile{path, std::move(version), {}};
    const std::string real_name = resolved(path).filename().string();
    return LibraryFile{path, release_of(real_name, number_in(real_name)), number};
}

std::optional<LibraryFile> find_library(const fs::path& directory, string_view name, string_view wanted_version) {
    std::optional<LibraryFile> best;
    for (const std::string& file_name : names_in(directory, name)) {
        auto file = library_file(directory / file_name, name);
        if (!file) continue;
        if (!wanted_version.empty() && file->version == wanted_version) return file;
        // Names are in alphabetical order, so that of a library and its links the most complete name is the last.
        if (!best || parse_version_number(file->version) >= parse_version_number(best->version)) best = std::move(file);
    }
    return best;
}

}  // namespace inference_models::runtime
