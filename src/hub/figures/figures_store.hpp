#pragma once

#include "formats/package.hpp"
#include "hub/figures/package_digest.hpp"
#include "selection/figures.hpp"

#include <inference_models/load_options.hpp>
#include <inference_models/runtime_description.hpp>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

/// What was measured of models on this machine, in the cache.
///
/// Figures are found again only where all is as it was: the contents of the package's files and of those of the package
/// that it was compared with, the engine and its version, this library's version, the processor and its instruction
/// sets, the device, the number of threads, the size of the network's input, `rect`, the batch size, the execution
/// providers, and the precision.
///
/// Whoever measures does it in this order:
///
///     const std::vector<MeasuredPackage> packages = ...;  // of each package that takes part, the reference too:
///                                                         // `identify(hub::bring_package(...))`, before it is
///                                                         measured
///     std::vector<selection::Figures> figures = ...;      // measure them
///     keep_figures(settings.needed_cache_directory(), packages, reference_id, figures, machine, request);
namespace inference_models::hub {

/// A package that lies on this machine, and what its files were when it was looked at.
struct MeasuredPackage {
    formats::Package package;
    std::string digest;
    FileHashes hashes;  ///< of its files
};

/// Reads all of the package's files: a change while it is measured must not be taken for what was measured.
/// \param package  one that lies on this machine
/// \throws Error `io_failure`, `corrupted_package`
[[nodiscard]] MeasuredPackage identify(const formats::Package& package);

/// Remembers figures for `find_figures`: all of them or, where this fails or is interrupted, none. They replace those
/// of the same candidates, unless they prove nothing where the others prove something; other ones stay. Other processes
/// may do the same meanwhile.
/// \param packages      those that the figures name, and the reference
/// \param reference_id  the package that all were compared with
/// \param machine       with what they were measured: `runtime::this_machine()`
/// \param request       what was asked of each: `threads`, `image_size`, `rect`, `batch_size` and
///                      `onnx_execution_providers` as `from_pretrained` will be asked. All else may be anything
/// \throws Error `io_failure` where the cache cannot be written; `invalid_argument` where a figure is of none of the
///         packages
void keep_figures(const std::filesystem::path& cache_directory, std::span<const MeasuredPackage> packages,
                  const std::string& reference_id, std::span<const selection::Figures> figures,
                  const RuntimeDescription& machine, const LoadOptions& request);

/// Whether anything was ever measured here: one look at the file system.
[[nodiscard]] bool has_figures(const std::filesystem::path& cache_directory);

/// What was measured of packages, in any engine, on any device and in any precision, in comparison with one reference:
/// what was compared with another one, if only with itself, may be wrong and nobody would know. Files that cannot be
/// read or make no sense are as if they were not there. A package's files are read only where one that was measured has
/// the same size and this one was not looked at before.
/// \param cache_directory  empty where there is none
/// \param packages         of one model: those that lie on this machine
/// \param references       ids of those that may be the reference, the best first; the first that anything was ever
///                         compared with is it
[[nodiscard]] std::vector<selection::Figures> find_figures(const std::filesystem::path& cache_directory,
                                                           std::span<const formats::Package> packages,
                                                           std::span<const std::string> references,
                                                           const RuntimeDescription& machine,
                                                           const LoadOptions& request);

}  // namespace inference_models::hub
