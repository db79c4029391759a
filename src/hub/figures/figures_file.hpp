#pragma once

#include "selection/figures.hpp"

#include <filesystem>
#include <string>
#include <vector>

/// The files in which figures are kept: one for all that was compared with one reference.
namespace inference_models::hub {

/// Figures and all that they hold for.
struct FiguresRecord {
    std::string package;  ///< digest of the package that was measured
    std::string setting;  ///< JSON: machine, runtime and request, as `setting_of` writes them
    selection::Figures figures;
};

/// \throws Error `corrupted_package` that names the file and the field
[[nodiscard]] std::vector<FiguresRecord> read_figures_file(const std::filesystem::path& path);

/// Of more than the file can hold, the oldest are left out.
/// \throws Error `io_failure`
void write_figures_file(const std::filesystem::path& path, std::vector<FiguresRecord> records);

}  // namespace inference_models::hub
