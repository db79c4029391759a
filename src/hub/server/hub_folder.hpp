#pragma once

#include "hub/digest.hpp"

#include <inference_models/model_metadata.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

/// The folder that `hub serve` serves: DIR/MODEL_ID/PACKAGE/FILE, where an id may hold `/`.
namespace inference_models::hub {

/// A regular file that is open for reading; closed at the end.
class ReadableFile {
public:
    explicit ReadableFile(int descriptor) noexcept : descriptor_(descriptor) {}
    ~ReadableFile();
    ReadableFile(const ReadableFile&) = delete;
    ReadableFile& operator=(const ReadableFile&) = delete;
    ReadableFile(ReadableFile&& other) noexcept;
    ReadableFile& operator=(ReadableFile&& other) noexcept;

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

/// A file of a package, opened.
struct HostedFile {
    ReadableFile file;
    std::uint64_t size = 0;
    std::string sha256;  ///< of what was in it when it had this size and time
};

/// Which models and packages a folder holds. Hidden files, model_config.json (which whoever downloads a package writes
/// himself) and links that lead out of the folder are no part of it. One call at a time.
class HubFolder {
public:
    /// Reads all of it once, so that what is asked for later is answered at once.
    /// \throws Error `model_not_found` where there is no such directory or no model in it; as `describe` does
    explicit HubFolder(const std::filesystem::path& directory);

    /// In alphabetical order, as the folder was when it was read first.
    [[nodiscard]] const std::vector<std::string>& model_ids() const noexcept { return model_ids_; }

    /// A model as it lies there now, its packages by id; nothing where there is none of this id. A `download_url` is
    /// what `open` takes. Packages that cannot be used are left out, for which the log has the reason.
    /// \throws Error `invalid_argument` where two packages have the same id in the protocol
    [[nodiscard]] std::optional<ModelMetadata> describe(const std::string& model_id);

    /// A file that `describe` told of: `MODEL_ID/PACKAGE/HANDLE`, PACKAGE being the name of its directory. Nothing
    /// where it was not told of, or is not there any more.
    [[nodiscard]] std::optional<HostedFile> open(const std::string& place);

private:
    /// Digests and what the file was when they were computed.
    struct KnownDigests {
        Digests digests;
        std::filesystem::file_time_type time;
    };

    [[nodiscard]] bool is_served(const std::string& model_id);
    void find_models(const std::string& below);
    [[nodiscard]] bool is_inside(const std::filesystem::path& path) const;
    [[nodiscard]] std::optional<PackageMetadata> describe_package(const std::string& model_id,
                                                                  const PackageMetadata& stated,
                                                                  const std::filesystem::path& directory);
    [[nodiscard]] std::vector<PackageFile> files_in(const std::string& place, const std::filesystem::path& directory);
    void expect_servable(const std::filesystem::path& entry, const std::string& handle) const;
    [[nodiscard]] const Digests& digests_of(const std::filesystem::path& path);

    std::filesystem::path directory_;  ///< without links
    std::vector<std::string> model_ids_;
    std::unordered_map<std::string, std::filesystem::path> files_;  ///< by place; paths without links
    std::map<std::filesystem::path, KnownDigests> digests_;
};

}  // namespace inference_models::hub
