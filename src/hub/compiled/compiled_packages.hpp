#pragma once

#include "formats/package.hpp"
#include "hub/cache/cache_layout.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Packages that compile_model made for this machine. Each lies in a directory of its own in the cache, and has its
/// network and a compiled.json; what it says of images and classes is its source's.
namespace inference_models::hub {

/// How a network is stored that was compiled for an engine.
struct CompiledForm {
    PackageFormat format = PackageFormat::onnx;
    std::string_view weights;       ///< `weights.onnx`
    std::string_view further_file;  ///< `weights.bin`; empty: none
};

/// Of ONNX Runtime, PyTorch and OpenVINO: nothing is compiled for others.
[[nodiscard]] CompiledForm compiled_form(Engine engine);

class CompiledPackages {
public:
    /// \param cache_directory  empty where there is none
    explicit CompiledPackages(const std::filesystem::path& cache_directory) : layout_(cache_directory) {}

    /// Whether there may be any: one look at the file system.
    [[nodiscard]] bool has_any() const;
    [[nodiscard]] bool has_any_of(const std::filesystem::path& source) const;

    /// What was compiled of a package that lies on this machine. One that cannot be used has its `problem`: others may
    /// write to it, its source is another one by now, or it is broken.
    [[nodiscard]] std::vector<formats::Package> of(const formats::Package& source) const;

private:
    CacheLayout layout_;
};

/// A compiled package, wherever it lies.
/// \throws Error `untrusted`, `corrupted_package`
[[nodiscard]] formats::Package read_compiled_package(const std::filesystem::path& directory,
                                                     const formats::Package& source);

}  // namespace inference_models::hub
