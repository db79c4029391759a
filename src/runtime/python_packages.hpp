#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/search_places.hpp"

/// What Python's package metadata tells, and the commands that change it.
namespace inference_models::runtime {

/// An installed distribution: `onnxruntime_gpu-1.31.1.dist-info`.
struct Distribution {
    std::string name;  ///< `onnxruntime-gpu`
    std::string version;
    std::filesystem::path metadata;
};

[[nodiscard]] std::optional<Distribution> find_distribution(const std::filesystem::path& site_packages,
                                                            std::string_view name);

/// Complete commands, with the pip of the environment that our library lies in. `arguments` are those of `pip install`,
/// quoted where a shell needs it.
[[nodiscard]] std::string pip_install(const SearchPlaces& places, std::string_view arguments);
[[nodiscard]] std::string pip_uninstall(const SearchPlaces& places, std::string_view distribution);

}  // namespace inference_models::runtime
