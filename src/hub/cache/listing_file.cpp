#include "hub/cache/listing_file.hpp"

#include <inference_models/error.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/log.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/kept_json.hpp"
#include "hub/providers/provider_json.hpp"
#include "hub/public_url.hpp"

namespace inference_models::hub {
namespace {

/// Whether there was anything to leave out.
bool leave_out_access(ModelMetadata& model) {
    bool is_changed = false;
    for (PackageMetadata& package : model.packages) {
        for (PackageFile& file : package.files) {
            std::string url = public_url(file.download_url);
            is_changed |= url != file.download_url;
            file.download_url = std::move(url);
        }
    }
    return is_changed;
}

}  // namespace

std::optional<ListingRecord> read_listing(const std::filesystem::path& path) {
    if (!facts_of(path)) return std::nullopt;
    try {
        const formats::JsonValue root = read_kept_json(path);
        ListingRecord record{.key = read_model_key(root),
                             .model = read_metadata_page(root.at("metadata").compact_text(), path.string()).model,
                             .asked_at = read_time(root.at("asked_at")),
                             .credential = root.at("credential").text()};
        if (const auto whole = root.find("has_whole_urls")) record.has_whole_urls = whole->boolean();
        record.model.weights_provider = record.key.provider;
        for (const formats::JsonValue& note : root.at("notes").elements()) record.model.notes.push_back(note.text());
        return record;
    } catch (const Error& error) {
        log::message(LogLevel::warning, "A model's listing is not used: {}", error.message());
        return std::nullopt;
    }
}

void write_listing(const std::filesystem::path& path, const ListingRecord& record) {
    MetadataPage kept{.model = record.model, .next_page = std::nullopt};
    const bool has_whole_urls = !leave_out_access(kept.model) && record.has_whole_urls;
    const std::string page = write_metadata_page(kept);
    const nlohmann::ordered_json root{{"format_version", kKeptFormat},
                                      {"provider", record.key.provider},
                                      {"host", record.key.host},
                                      {"model_id", record.key.model_id},
                                      {"asked_at", written_time(record.asked_at)},
                                      {"credential", record.credential},
                                      {"has_whole_urls", has_whole_urls},
                                      {"notes", record.model.notes},
                                      {"metadata", nlohmann::ordered_json::parse(page)}};
    write_durably(path, kept_text(root));
}

}  // namespace inference_models::hub
