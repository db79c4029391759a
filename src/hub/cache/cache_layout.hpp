#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

/// Where what lies in a cache: names alone, and what makes the directory a cache.
namespace inference_models::hub {

/// Whose model it is: the same id of another provider or host is another model.
struct ModelKey {
    std::string provider;  ///< `roboflow`, or a registered one's name
    std::string host;      ///< the provider's address; empty for registered ones
    std::string model_id;

    friend bool operator==(const ModelKey&, const ModelKey&) = default;
};

/// `SLUG-HASH`: the id made readable, and the beginning of the hash of provider, host and id.
[[nodiscard]] std::string directory_name(const ModelKey& key);

/// What the directory names of a model of this id begin with, whoever provides it.
[[nodiscard]] std::string slug_of(std::string_view model_id);

/// A model's part of a cache.
class ModelLayout {
public:
    explicit ModelLayout(std::filesystem::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
    [[nodiscard]] std::filesystem::path listing() const { return directory_ / "listing.json"; }
    [[nodiscard]] std::filesystem::path packages() const { return directory_ / "packages"; }
    [[nodiscard]] std::filesystem::path package(const std::string& id) const { return packages() / id; }
    /// A package while it is put together, and a damaged one that had to make room.
    [[nodiscard]] std::filesystem::path new_package(const std::string& id) const { return packages() / (".new-" + id); }
    [[nodiscard]] std::filesystem::path old_package(const std::string& id) const { return packages() / (".old-" + id); }
    [[nodiscard]] std::filesystem::path downloads() const { return directory_ / "downloads"; }
    [[nodiscard]] std::filesystem::path download(const std::string& id) const { return downloads() / id; }
    [[nodiscard]] std::filesystem::path lock(const std::string& id) const { return directory_ / (id + ".lock"); }
    /// Its time is about when the package was loaded last.
    [[nodiscard]] std::filesystem::path used(const std::string& id) const { return directory_ / (id + ".used"); }

private:
    std::filesystem::path directory_;
};

/// What was compiled from one package.
class CompiledLayout {
public:
    explicit CompiledLayout(std::filesystem::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
    [[nodiscard]] std::filesystem::path package(const std::string& id) const { return directory_ / id; }
    /// A package while it is made, and one that had to make room. Nobody lists what begins with a dot.
    [[nodiscard]] std::filesystem::path new_package(const std::string& id) const { return directory_ / (".new-" + id); }
    [[nodiscard]] std::filesystem::path old_package(const std::string& id) const { return directory_ / (".old-" + id); }
    [[nodiscard]] std::filesystem::path lock(const std::string& id) const { return directory_ / ("." + id + ".lock"); }

private:
    std::filesystem::path directory_;
};

/// What was measured of models.
class FiguresLayout {
public:
    explicit FiguresLayout(std::filesystem::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
    [[nodiscard]] std::filesystem::path lock() const { return directory_ / ".lock"; }
    [[nodiscard]] std::filesystem::path hashes() const { return directory_ / "hashes.json"; }
    /// All that was compared with one reference.
    [[nodiscard]] std::filesystem::path compared_with(const std::string& digest) const {
        return directory_ / (digest + ".json");
    }

private:
    std::filesystem::path directory_;
};

class CacheLayout {
public:
    explicit CacheLayout(std::filesystem::path root) : root_(std::move(root)) {}

    [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }
    [[nodiscard]] std::filesystem::path tag() const { return root_ / "CACHEDIR.TAG"; }
    [[nodiscard]] std::filesystem::path salt() const { return root_ / "salt"; }
    [[nodiscard]] std::filesystem::path salt_lock() const { return root_ / "salt.lock"; }
    [[nodiscard]] std::filesystem::path lock() const { return root_ / "store.lock"; }
    [[nodiscard]] std::filesystem::path blobs() const { return root_ / "blobs"; }
    [[nodiscard]] std::filesystem::path blob(const std::string& sha256) const { return blobs() / sha256; }
    [[nodiscard]] std::filesystem::path models() const { return root_ / "models"; }
    [[nodiscard]] ModelLayout model(const ModelKey& key) const { return ModelLayout(models() / directory_name(key)); }
    [[nodiscard]] std::filesystem::path choices() const { return root_ / "choices"; }
    [[nodiscard]] std::filesystem::path choice(const std::string& request_hash) const {
        return choices() / (request_hash + ".json");
    }

    /// What was compiled for this machine, all of it, and what was made of the package at a path.
    [[nodiscard]] std::filesystem::path all_compiled() const { return root_ / "compiled"; }
    [[nodiscard]] CompiledLayout compiled(const std::filesystem::path& source) const;

    /// What was measured here, and the hashes of the files that it was measured of.
    [[nodiscard]] FiguresLayout figures() const { return FiguresLayout(root_ / "figures"); }

    /// What an engine keeps of the networks that it compiled; named `onnxruntime`, `openvino`.
    [[nodiscard]] std::filesystem::path engine(std::string_view name) const { return root_ / "engines" / name; }

    /// Makes a directory of this cache, and the cache itself, which backups know by its tag and leave out.
    /// \throws Error `io_failure`
    void make(const std::filesystem::path& directory) const;

private:
    std::filesystem::path root_;
};

}  // namespace inference_models::hub
