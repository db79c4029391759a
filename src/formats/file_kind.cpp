#include "formats/file_kind.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "formats/text.hpp"

namespace inference_models::formats {
namespace {

using namespace std::string_view_literals;

/// A zip archive's names stand at its end, and no archive of interest has longer ones.
constexpr std::size_t kZipDirectorySize = std::size_t{1} << 20U;
constexpr std::size_t kTextStart = 1024;

struct Magic {
    std::size_t offset;
    std::string_view bytes;
    FileKind kind;
};

constexpr std::array kMagics{
    Magic{0, "ftrt", FileKind::tensorrt_engine},
    Magic{0, "ptrt", FileKind::tensorrt_engine},
    Magic{0, "version https://git-lfs", FileKind::git_lfs_pointer},
    Magic{0, "\x80\x02", FileKind::torch_checkpoint},  // pickle protocol 2: PyTorch before 1.6
    Magic{4, "TFL3", FileKind::tflite},
    Magic{0, "\x89HDF", FileKind::hdf5},
    Magic{0, "\x1f\x8b", FileKind::gzip},
    Magic{0, "\x89PNG", FileKind::picture},
    Magic{0, "\xff\xd8\xff", FileKind::picture},
    Magic{8, "WEBP", FileKind::picture},
    Magic{8, "{\"", FileKind::safetensors},  // eight bytes of length, then the header
};

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

FileKind recognise_zip(std::string_view text) {
    const std::string_view names = text.substr(text.size() - std::min(text.size(), kZipDirectorySize));
    if (!contains(names, "PK\x05\x06")) return FileKind::truncated_zip;
    if (contains(names, "data/aotinductor/") || contains(names, "/archive_format")) return FileKind::torch_exported;
    if (contains(names, "/constants.pkl")) return FileKind::torch_script;
    if (contains(names, "/data.pkl")) return FileKind::torch_checkpoint;
    return FileKind::zip;
}

FileKind recognise_text(std::string_view text) {
    const std::string start = lowered(trimmed(text.substr(0, kTextStart)));
    if (start.starts_with("<!doctype html") || start.starts_with("<html")) return FileKind::html;
    if (start.starts_with("<?xml") || start.starts_with("<net ")) {
        return contains(start, "<net ") ? FileKind::openvino_ir : FileKind::xml;
    }
    if (start.starts_with("{") || start.starts_with("[")) return FileKind::json;
    return FileKind::unknown;
}

}  // namespace

FileKind recognise(std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.empty()) return FileKind::empty;
    if (text.starts_with("PK\x03\x04")) return recognise_zip(text);
    for (const Magic& magic : kMagics) {
        if (text.size() > magic.offset && text.substr(magic.offset).starts_with(magic.bytes)) return magic.kind;
    }
    return recognise_text(text);
}

std::string_view name_of(FileKind kind) noexcept {
    switch (kind) {
        case FileKind::unknown: return "";
        case FileKind::empty: return "an empty file";
        case FileKind::torch_script: return "a TorchScript file";
        case FileKind::torch_checkpoint: return "a PyTorch checkpoint";
        case FileKind::torch_exported: return "a PyTorch .pt2 archive";
        case FileKind::tensorrt_engine: return "a TensorRT engine";
        case FileKind::openvino_ir: return "an OpenVINO IR file";
        case FileKind::git_lfs_pointer: return "a Git LFS pointer";
        case FileKind::html: return "an HTML page";
        case FileKind::xml: return "an XML file";
        case FileKind::json: return "a JSON file";
        case FileKind::zip: return "a zip archive";
        case FileKind::truncated_zip: return "a truncated zip archive, as PyTorch files are";
        case FileKind::safetensors: return "a safetensors file";
        case FileKind::tflite: return "a TensorFlow Lite file";
        case FileKind::hdf5: return "an HDF5 file";
        case FileKind::gzip: return "a gzip archive";
        case FileKind::picture: return "a picture";
    }
    return "";
}

std::string_view remedy_for(FileKind kind) noexcept {
    switch (kind) {
        case FileKind::git_lfs_pointer:
            return "Run `git lfs pull` where it was checked out, so that the file itself comes.";
        case FileKind::html:
            return "A page was saved in place of the file, often an error or a login page: download it again.";
        case FileKind::zip:
        case FileKind::gzip: return "Unpack it and give the path of what is inside.";
        case FileKind::torch_script:
        case FileKind::torch_checkpoint:
        case FileKind::torch_exported:
        case FileKind::tensorrt_engine:
        case FileKind::openvino_ir:
        case FileKind::safetensors:
        case FileKind::tflite:
        case FileKind::hdf5:
            return "Export the model to ONNX, or name the file and set `backend_type` as fits its format.";
        default: return "Export the model again, or download it again.";
    }
}

}  // namespace inference_models::formats
