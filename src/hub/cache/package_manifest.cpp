#include "hub/cache/package_manifest.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "formats/json_reader.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/kept_json.hpp"
#include "hub/checked_names.hpp"
#include "hub/digest.hpp"

namespace inference_models::hub {
namespace {

using formats::JsonValue;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostFiles = 10'000;
constexpr std::int64_t kLargestFile = std::int64_t{1} << 50U;  ///< so that no sum of sizes overflows

constexpr formats::Choices<VerifiedBy, 3> kVerifiedBy{
    {{"sha256", VerifiedBy::sha256}, {"md5", VerifiedBy::md5}, {"none", VerifiedBy::none}}};

constexpr std::array kFormats{PackageFormat::onnx,    PackageFormat::torch_script, PackageFormat::pt2,
                              PackageFormat::torch,   PackageFormat::hugging_face, PackageFormat::ultralytics,
                              PackageFormat::rf_detr, PackageFormat::trt_engine,   PackageFormat::openvino_ir};

std::string_view name_of(VerifiedBy value) {
    for (const auto& [name, known] : kVerifiedBy) {
        if (known == value) return name;
    }
    return {};
}

PackageFormat format_of(const JsonValue& value) {
    for (const PackageFormat format : kFormats) {
        if (to_string(format) == value.text()) return format;
    }
    throw value.error("is no package format");
}

/// A text that a check accepts.
template <class Check>
std::string checked(const JsonValue& value, Check check) {
    if (!check(value.text())) throw value.error("is not what it has to be");
    return value.text();
}

ManifestFile file_of(const JsonValue& value) {
    constexpr std::int64_t kAnyTime = std::numeric_limits<std::int64_t>::max();
    return {.handle = checked(value.at("handle"), is_file_handle),
            .size = static_cast<std::uint64_t>(value.at("size").integer(0, kLargestFile)),
            .modified_ns = value.at("mtime_ns").integer(-kAnyTime - 1, kAnyTime),
            .md5 = checked(value.at("md5"), is_md5),
            .sha256 = checked(value.at("sha256"), is_sha256),
            .verified_by = value.at("hash").choice(kVerifiedBy)};
}

Json json_of(const ManifestFile& file) {
    return {{"handle", file.handle}, {"size", file.size},     {"mtime_ns", file.modified_ns},
            {"md5", file.md5},       {"sha256", file.sha256}, {"hash", name_of(file.verified_by)}};
}

}  // namespace

PackageManifest read_manifest(const std::filesystem::path& package) {
    const JsonValue root = read_kept_json(package / kManifest);
    PackageManifest manifest{.key = read_model_key(root),
                             .package_id = checked(root.at("package_id"), is_package_id),
                             .format = format_of(root.at("format")),
                             .files = {}};
    const JsonValue files = root.at("files");
    const std::vector<JsonValue> elements = files.elements();
    if (elements.empty() || elements.size() > kMostFiles) throw files.error("has no files, or too many");
    std::set<std::string> handles;
    for (const JsonValue& element : elements) {
        manifest.files.push_back(file_of(element));
        if (!handles.insert(manifest.files.back().handle).second) throw element.error("is there twice");
    }
    return manifest;
}

void write_manifest(const std::filesystem::path& package, const PackageManifest& manifest) {
    Json files = Json::array();
    for (const ManifestFile& file : manifest.files) files.push_back(json_of(file));
    const Json root{{"format_version", kKeptFormat},     {"provider", manifest.key.provider},
                    {"host", manifest.key.host},         {"model_id", manifest.key.model_id},
                    {"package_id", manifest.package_id}, {"format", to_string(manifest.format)},
                    {"files", std::move(files)}};
    write_durably(package / kManifest, kept_text(root));
}

}  // namespace inference_models::hub
