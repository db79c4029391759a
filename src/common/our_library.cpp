#include "common/our_library.hpp"

#include <dlfcn.h>

#include <system_error>

namespace inference_models {

namespace fs = std::filesystem;

namespace {

/// Debian's own lib directory is one deeper: lib/x86_64-linux-gnu.
fs::path prefix_of(const fs::path& library) {
    const fs::path lib = library.parent_path();
    return lib.parent_path().filename() == "lib" ? lib.parent_path().parent_path() : lib.parent_path();
}

}  // namespace

fs::path path_of_our_library() {
    Dl_info facts{};
    if (::dladdr(reinterpret_cast<const void*>(&path_of_our_library), &facts) == 0 || facts.dli_fname == nullptr)
        return {};
    std::error_code problem;
    const fs::path path = fs::absolute(facts.dli_fname, problem).lexically_normal();
    return problem ? fs::path(facts.dli_fname) : path;
}

fs::path installed_directory(const fs::path& library, std::string_view name) {
    if (library.empty()) return {};
    const fs::path directory = prefix_of(library) / "share/inference_models" / name;
    std::error_code ignored;
    return fs::is_directory(directory, ignored) ? directory : fs::path{};
}

fs::path installed_program(const fs::path& library, std::string_view name) {
    if (library.empty()) return {};
    const fs::path program = prefix_of(library) / "bin" / name;
    std::error_code ignored;
    return fs::is_regular_file(program, ignored) ? program : fs::path{};
}

}  // namespace inference_models
