#pragma once

#include "hub/cache/cache_layout.hpp"

#include <inference_models/model_metadata.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace inference_models::hub {

/// What a provider said of a model at a time.
struct ListingRecord {
    ModelKey key;
    ModelMetadata model;
    std::chrono::system_clock::time_point asked_at;
    std::string credential;      ///< salted hash of the API key, extra parameters and headers that it was asked with
    bool has_whole_urls = true;  ///< false where what gives access to files was left out of their URLs
};

/// Nothing where there is none, or none that can be read.
[[nodiscard]] std::optional<ListingRecord> read_listing(const std::filesystem::path& path);

/// What gives access to files (signatures and keys in their URLs) is not written.
/// \throws Error `io_failure`
void write_listing(const std::filesystem::path& path, const ListingRecord& record);

}  // namespace inference_models::hub
