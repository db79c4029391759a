#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/describe.hpp"

namespace inference_models::runtime {

/// A directory, and why it is looked at.
struct Place {
    std::string origin;
    std::filesystem::path path;
};

/// Where libraries may lie on this machine, whichever library it is.
struct SearchPlaces {
    std::vector<std::filesystem::path> mapped;  ///< libraries that this process has already
    std::filesystem::path our_environment;      ///< the virtual environment that our library lies in; empty: none
    std::vector<Place> site_packages;           ///< of our library, this Python, $VIRTUAL_ENV and $CONDA_PREFIX
    std::vector<Place> loader_directories;      ///< where the system's loader would look
};

[[nodiscard]] SearchPlaces search_places(const Surroundings& surroundings);

/// The directories with libraries of the installation that a variable such as INTEL_OPENVINO_DIR names.
[[nodiscard]] std::vector<Place> library_directories(const Surroundings& surroundings, std::string_view variable);

}  // namespace inference_models::runtime
