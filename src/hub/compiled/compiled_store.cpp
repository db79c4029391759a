#include "hub/compiled/compiled_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <inference_models/error.hpp>
#include <utility>

#include "common/file_descriptor.hpp"
#include "common/log.hpp"
#include "hub/cache/durable_files.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;

bool wait() {
    return true;
}

CompiledLayout made(const CacheLayout& cache, const fs::path& source) {
    CompiledLayout layout = cache.compiled(source);
    cache.make(layout.directory());
    return layout;
}

}  // namespace

NewCompiledPackage::NewCompiledPackage(const fs::path& cache_directory, const fs::path& source, std::string id)
    : layout_(made(CacheLayout(cache_directory), source)),
      id_(std::move(id)),
      store_lock_(FileLock::take(CacheLayout(cache_directory).lock(), FileLock::Kind::shared, wait,
                                 fmt::format("{} is being pruned", cache_directory.string()))),
      lock_(FileLock::take(layout_.lock(id_), FileLock::Kind::exclusive, wait,
                           fmt::format("another process compiles {}", id_))) {
    remove_tree(layout_.new_package(id_));
    remove_tree(layout_.old_package(id_));
    if (::mkdir(directory().c_str(), 0700) != 0) throw cache_failure(directory(), "cannot be made", errno);
}

NewCompiledPackage::~NewCompiledPackage() {
    try {
        remove_tree(directory());
    } catch (const Error& error) {  // the next one removes it
        log::message(LogLevel::warning, "{}", error.message());
    }
}

void NewCompiledPackage::seal() const {
    for (const std::string& name : names_in(directory())) {
        const fs::path path = directory() / name;
        const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (file.get() < 0 || ::fchmod(file.get(), 0644) != 0 || ::fsync(file.get()) != 0) {
            throw cache_failure(path, "cannot be written", errno);
        }
    }
    if (::chmod(directory().c_str(), 0755) != 0) throw cache_failure(directory(), "cannot be written", errno);
    synchronise_directory(directory());
}

fs::path NewCompiledPackage::register_sealed() {
    fs::path place = layout_.package(id_);
    if (facts_of(place)) move(place, layout_.old_package(id_));
    move(directory(), place);
    synchronise_directory(layout_.directory());
    remove_tree(layout_.old_package(id_));
    return place;
}

}  // namespace inference_models::hub
