#include "hub/find_model.hpp"

#include <filesystem>
#include <system_error>

#include "formats/missing_model.hpp"

namespace inference_models::hub {

formats::Listing find_model(const std::string& model_id_or_path, const BundledModels& bundled) {
    std::error_code problem;
    const auto status = std::filesystem::symlink_status(model_id_or_path, problem);
    if (status.type() != std::filesystem::file_type::not_found) return formats::list_packages(model_id_or_path);
    if (const auto directory = bundled.find(model_id_or_path)) {
        formats::Listing listing = formats::list_packages(*directory);
        listing.weights_provider = "bundled";
        return listing;
    }
    throw formats::missing_model(model_id_or_path, bundled.ids());
}

}  // namespace inference_models::hub
