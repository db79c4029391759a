#include "formats/class_names.hpp"

#include <fmt/format.h>

#include <string_view>

#include "formats/limits.hpp"
#include "formats/package_files.hpp"
#include "formats/text.hpp"

namespace inference_models::formats {
namespace {

Error bad_line(const std::filesystem::path& path, std::size_t line, std::string_view what) {
    return corrupted_file(path, fmt::format("has in line {} {}", line, what),
                          "Save it as UTF-8, one class name per line.");
}

}  // namespace

std::vector<std::string> read_class_names(const std::filesystem::path& path) {
    const std::string text = read_package_text(path);
    std::string_view rest = text;
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);  // Windows editors mark UTF-8 so

    std::vector<std::string> names;
    for (std::size_t line = 1; !rest.empty(); ++line) {
        const std::size_t end = rest.find('\n');
        const std::string_view name = trimmed(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (name.empty()) continue;
        if (!is_valid_utf8(name)) throw bad_line(path, line, "bytes that are not UTF-8");
        if (name.size() > kLongestClassName) throw bad_line(path, line, "a name that is too long");
        if (names.size() == kMostClasses) throw bad_line(path, line, "one name too many");
        names.emplace_back(name);
    }
    if (names.empty()) throw corrupted_file(path, "holds no class names", "Write one class name per line.");
    return names;
}

}  // namespace inference_models::formats
