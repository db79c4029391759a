#include "runtime/needed_libraries.hpp"

#include <elf.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <type_traits>

#include "runtime/files.hpp"

namespace inference_models::runtime {
namespace {

// Far more than any real file has; what claims more is not believed.
constexpr std::size_t kMostSegments = 256;
constexpr std::size_t kMostEntries = 4096;
constexpr std::size_t kLongestName = 256;

class ElfFile {
public:
    explicit ElfFile(const std::filesystem::path& path) : stream_(path, std::ios::binary) {}

    /// Plain records at an offset; fewer than asked for where the file ends.
    template <class Record>
    std::vector<Record> records(std::uint64_t offset, std::size_t count) {
        static_assert(std::is_trivially_copyable_v<Record>);
        if (offset > static_cast<std::uint64_t>(std::numeric_limits<std::streamoff>::max())) return {};
        std::vector<Record> all(count);
        stream_.clear();
        stream_.seekg(static_cast<std::streamoff>(offset));
        stream_.read(reinterpret_cast<char*>(all.data()), static_cast<std::streamsize>(count * sizeof(Record)));
        all.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream_.gcount(), 0)) / sizeof(Record));
        return all;
    }

private:
    std::ifstream stream_;
};

std::vector<Elf64_Phdr> segments_of(ElfFile& file) {
    const auto headers = file.records<Elf64_Ehdr>(0, 1);
    if (headers.empty()) return {};
    const Elf64_Ehdr& header = headers.front();
    constexpr unsigned char kOurOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_ident[EI_DATA] != kOurOrder || header.e_phentsize != sizeof(Elf64_Phdr)) {
        return {};
    }
    return file.records<Elf64_Phdr>(header.e_phoff, std::min<std::size_t>(header.e_phnum, kMostSegments));
}

/// Where an address of the loaded library lies in its file.
std::optional<std::uint64_t> offset_of(const std::vector<Elf64_Phdr>& segments, std::uint64_t address) {
    for (const Elf64_Phdr& segment : segments) {
        if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
        const std::uint64_t within = address - segment.p_vaddr;
        if (within < segment.p_filesz) return segment.p_offset + within;
    }
    return std::nullopt;
}

std::vector<Elf64_Dyn> dynamic_entries(ElfFile& file, const std::vector<Elf64_Phdr>& segments) {
    const auto dynamic = std::ranges::find(segments, static_cast<Elf64_Word>(PT_DYNAMIC), &Elf64_Phdr::p_type);
    if (dynamic == segments.end()) return {};
    const std::uint64_t count = std::min<std::uint64_t>(dynamic->p_filesz / sizeof(Elf64_Dyn), kMostEntries);
    auto entries = file.records<Elf64_Dyn>(dynamic->p_offset, static_cast<std::size_t>(count));
    entries.erase(std::ranges::find(entries, static_cast<Elf64_Sxword>(DT_NULL), &Elf64_Dyn::d_tag), entries.end());
    return entries;
}

}  // namespace

std::vector<std::string> needed_libraries(const std::filesystem::path& path) {
    if (!file_exists(path)) return {};
    ElfFile file(path);
    const auto segments = segments_of(file);
    const auto entries = dynamic_entries(file, segments);
    const auto table = std::ranges::find(entries, static_cast<Elf64_Sxword>(DT_STRTAB), &Elf64_Dyn::d_tag);
    if (table == entries.end()) return {};
    const auto strings = offset_of(segments, table->d_un.d_ptr);
    if (!strings) return {};

    std::vector<std::string> names;
    for (const Elf64_Dyn& entry : entries) {
        if (entry.d_tag != DT_NEEDED) continue;
        const auto text = file.records<char>(*strings + entry.d_un.d_val, kLongestName);
        names.emplace_back(text.begin(), std::ranges::find(text, '\0'));
    }
    return names;
}

}  // namespace inference_models::runtime
