#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The models that are installed with our library, each in a directory named by its id.
namespace inference_models::hub {

class BundledModels {
public:
    /// \param directory  that holds them; empty: there are none
    explicit BundledModels(const std::filesystem::path& directory);

    /// Those of this installation.
    [[nodiscard]] static BundledModels of_this_installation();

    /// In alphabetical order.
    [[nodiscard]] const std::vector<std::string>& ids() const noexcept { return ids_; }

    /// Where a model lies; nothing where none has this id.
    [[nodiscard]] std::optional<std::filesystem::path> find(std::string_view id) const;

private:
    std::filesystem::path directory_;
    std::vector<std::string> ids_;
};

}  // namespace inference_models::hub
