#include "hub/cache/model_cache.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "hub/cache/file_lock.hpp"
#include "hub/digest.hpp"
#include "hub/providers/provider_json.hpp"
#include "support/errors.hpp"
#include "support/temporary_directory.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;
using namespace tests;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Files = std::map<std::string, std::string>;  // handle -> text

const ModelKey kKey{"roboflow", "https://api.example", "workspace/project/3"};
const Files kFiles{{"weights.onnx", std::string(5000, 'w')},
                   {"class_names.txt", "cat\ndog\n"},
                   {"vit/config.json", "{\"layers\": 3}"}};
constexpr std::string_view kConfig = "{\"model_type\": \"yolov8\"}";

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// In place, so that every hard link of the file has it.
void overwrite(const fs::path& path, std::string_view text) {
    fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

timespec time_of(const fs::path& path) {
    struct stat facts{};
    EXPECT_EQ(::lstat(path.c_str(), &facts), 0) << path;
    return facts.st_mtim;
}

void set_time(const fs::path& path, const timespec& time) {
    const std::array<timespec, 2> times{time, time};
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0) << path;
}

ino_t inode_of(const fs::path& path) {
    struct stat facts{};
    EXPECT_EQ(::lstat(path.c_str(), &facts), 0) << path;
    return facts.st_ino;
}

enum class Stated { md5, sha256 };

PackageMetadata package_of(const std::string& id, const Files& files, Stated stated = Stated::md5) {
    PackageMetadata package;
    package.id = id;
    package.format = PackageFormat::torch_script;
    for (const auto& [handle, text] : files) {
        DigestStream stream;
        stream.add(std::as_bytes(std::span(text)));
        const Digests digests = stream.finish();
        PackageFile file{.handle = handle,
                         .download_url = "https://files.example/" + handle,
                         .md5 = {},
                         .sha256 = {},
                         .size_bytes = {}};
        (stated == Stated::md5 ? file.md5 : file.sha256) = stated == Stated::md5 ? digests.md5 : digests.sha256;
        package.files.push_back(file);
    }
    return package;
}

class ModelCacheTest : public ::testing::Test {
protected:
    fs::path bring(const std::string& id = "p1", const Files& files = kFiles, Stated stated = Stated::md5,
                   const ModelKey& key = kKey) {
        return bring(package_of(id, files, stated), files, key);
    }

    fs::path bring(const PackageMetadata& package, const Files& files, const ModelKey& key = kKey,
                   std::string_view config = kConfig, Hashes hashes = Hashes::compared) {
        const auto write = [&](std::span<const FileToDownload> wanted) {
            std::vector<DownloadedFile> brought;
            for (const FileToDownload& file : wanted) {
                brought_.push_back(file.name);
                std::ofstream(file.target, std::ios::binary) << files.at(file.name);
                const Digests digests = digests_of_file(file.target);
                brought.push_back({digests.md5, digests.sha256, digests.size});
            }
            return brought;
        };
        return cache_.bring_package(key, package, std::string(config), write, [] { return true; }, hashes).path;
    }

    /// What was brought since the last time.
    std::vector<std::string> brought() { return std::exchange(brought_, {}); }

    void expect_whole(const fs::path& package, Files files = kFiles, std::string_view config = kConfig) {
        files["model_config.json"] = config;
        Files found;
        for (const auto& entry : fs::recursive_directory_iterator(package)) {
            EXPECT_FALSE(entry.is_symlink()) << entry.path();
            const std::string handle = entry.path().lexically_relative(package).string();
            if (entry.is_regular_file() && handle != ".package.json") found[handle] = text_of(entry.path());
        }
        EXPECT_EQ(found, files);
    }

    [[nodiscard]] fs::path blob(const std::string& text) const { return root_ / "blobs" / sha256(text); }
    [[nodiscard]] fs::path model() const { return root_ / "models" / directory_name(kKey); }

    TemporaryDirectory temporary_;
    fs::path root_ = temporary_.path() / "home/hub";
    ModelCache cache_{root_};
    std::vector<std::string> brought_;
};

TEST_F(ModelCacheTest, LookingMakesNothing) {
    EXPECT_EQ(cache_.find_package(kKey, package_of("p1", kFiles)), std::nullopt);
    EXPECT_EQ(cache_.find_listing(kKey), std::nullopt);
    EXPECT_THAT(cache_.find_listings(kKey.model_id), IsEmpty());
    EXPECT_EQ(cache_.find_choice(sha256("request")), std::nullopt);
    EXPECT_THAT(cache_.status(true), IsEmpty());
    EXPECT_EQ(cache_.prune({}).files, 0U);
    EXPECT_FALSE(fs::exists(root_.parent_path()));
}

TEST_F(ModelCacheTest, APackageIsBroughtOnceAndFoundAfterwards) {
    const fs::path package = bring();
    expect_whole(package);
    EXPECT_THAT(brought(), ElementsAre("class_names.txt", "vit/config.json", "weights.onnx"));
    EXPECT_EQ(cache_.find_package(kKey, package_of("p1", kFiles)), package);
    EXPECT_EQ(bring(), package);
    EXPECT_THAT(brought(), IsEmpty());
    for (const auto& [handle, text] : kFiles) EXPECT_EQ(inode_of(package / handle), inode_of(blob(text))) << handle;
    EXPECT_EQ(fs::status(package / "weights.onnx").permissions() & fs::perms(0222), fs::perms::none);
    EXPECT_FALSE(fs::exists(model() / "downloads/p1"));
    EXPECT_THAT(text_of(root_ / "CACHEDIR.TAG"), testing::StartsWith("Signature: 8a477f597d28d172789f06886806bc55\n"));
}

TEST_F(ModelCacheTest, AWholePackageIsLeftAlone) {
    for (const Stated stated : {Stated::md5, Stated::sha256}) {
        const std::string id = stated == Stated::md5 ? "p1" : "p2";
        const ino_t inode = inode_of(bring(id, kFiles, stated));
        EXPECT_EQ(inode_of(bring(id, kFiles, stated)), inode);
    }
}

TEST_F(ModelCacheTest, OneOfManyThreadsBringsAPackage) {
    std::atomic<int> brought = 0;
    std::array<ino_t, 8> inodes{};
    const Files files{{"a", "aaa"}};
    const auto write = [&](std::span<const FileToDownload> wanted) {
        ++brought;
        std::ofstream(wanted[0].target) << files.at("a");
        const Digests digests = digests_of_file(wanted[0].target);
        return std::vector{DownloadedFile{digests.md5, digests.sha256, digests.size}};
    };
    {
        std::vector<std::jthread> threads;
        for (ino_t& inode : inodes) {
            threads.emplace_back([&] {
                ModelCache cache(root_);
                inode =
                    inode_of(cache.bring_package(kKey, package_of("p1", files), "{}", write, [] { return true; }).path);
            });
        }
    }
    EXPECT_EQ(brought, 1);
    EXPECT_THAT(inodes, testing::Each(inode_of(model() / "packages/p1")));
}

TEST_F(ModelCacheTest, AModelOfAnotherHostIsAnotherModel) {
    bring();
    EXPECT_EQ(cache_.find_package({"roboflow", "https://other.example", kKey.model_id}, package_of("p1", kFiles)),
              std::nullopt);
    EXPECT_EQ(cache_.find_package({"mine", kKey.host, kKey.model_id}, package_of("p1", kFiles)), std::nullopt);
}

TEST_F(ModelCacheTest, ItCanBeMovedAndCopied) {
    bring();
    fs::rename(root_, temporary_.path() / "moved");
    const auto moved = ModelCache(temporary_.path() / "moved").find_package(kKey, package_of("p1", kFiles));
    ASSERT_TRUE(moved);
    expect_whole(*moved);
    fs::copy(temporary_.path() / "moved", temporary_.path() / "copied", fs::copy_options::recursive);
    const auto copied = ModelCache(temporary_.path() / "copied").find_package(kKey, package_of("p1", kFiles));
    ASSERT_TRUE(copied);
    expect_whole(*copied);
    // The new times are kept, so that the next look reads nothing: contents of the same size and time pass.
    const timespec time = time_of(*copied / "class_names.txt");
    overwrite(*copied / "class_names.txt", "cow\nhen\n");
    set_time(*copied / "class_names.txt", time);
    EXPECT_TRUE(ModelCache(temporary_.path() / "copied").find_package(kKey, package_of("p1", kFiles)));
}

TEST_F(ModelCacheTest, WhatIsDamagedIsBroughtAgainAndNothingElse) {
    const fs::path package = bring();
    const std::array<std::pair<const char*, std::function<void()>>, 6> damages{{
        {"truncated", [&] { overwrite(package / "weights.onnx", "w"); }},
        {"changed in the same size", [&] { overwrite(package / "weights.onnx", std::string(5000, 'x')); }},
        {"removed",
         [&] {
             fs::remove(package / "weights.onnx");
             fs::remove(blob(kFiles.at("weights.onnx")));
         }},
        {"a link to something else",
         [&] {
             fs::remove(package / "weights.onnx");
             fs::remove(blob(kFiles.at("weights.onnx")));
             std::ofstream(temporary_.path() / "outside") << kFiles.at("weights.onnx");
             fs::create_symlink(temporary_.path() / "outside", package / "weights.onnx");
         }},
        {"a directory",
         [&] {
             fs::remove(package / "weights.onnx");
             fs::remove(blob(kFiles.at("weights.onnx")));
             fs::create_directory(package / "weights.onnx");
         }},
        {"a pipe",
         [&] {
             fs::remove(package / "weights.onnx");
             fs::remove(blob(kFiles.at("weights.onnx")));
             ASSERT_EQ(::mkfifo((package / "weights.onnx").c_str(), 0600), 0);
         }},
    }};
    for (const auto& [name, damage] : damages) {
        SCOPED_TRACE(name);
        brought();
        damage();
        EXPECT_EQ(cache_.find_package(kKey, package_of("p1", kFiles)), std::nullopt);
        ASSERT_THAT(cache_.status(false), SizeIs(1));
        EXPECT_NE(cache_.status(false)[0].packages.at(0).state, CacheState::whole);
        EXPECT_EQ(bring(), package);
        EXPECT_THAT(brought(), ElementsAre("weights.onnx"));
        expect_whole(package);
        EXPECT_EQ(text_of(blob(kFiles.at("weights.onnx"))), kFiles.at("weights.onnx"));
    }
}

TEST_F(ModelCacheTest, DirectoriesThatAreLinksAreNotFollowed) {
    const fs::path package = bring();
    const fs::path outside = temporary_.path() / "outside";
    for (const fs::path& directory : {package / "vit", package, model() / "packages", model(), root_ / "models"}) {
        SCOPED_TRACE(directory);
        fs::rename(directory, outside);
        fs::create_directory_symlink(outside, directory);
        EXPECT_EQ(cache_.find_package(kKey, package_of("p1", kFiles)), std::nullopt);
        fs::remove(directory);
        fs::rename(outside, directory);
        EXPECT_TRUE(cache_.find_package(kKey, package_of("p1", kFiles)));
    }
}

TEST_F(ModelCacheTest, NothingIsWrittenOrRemovedBehindALink) {
    bring("p2", {{"a", "a"}});
    const fs::path outside = temporary_.path() / "outside";
    fs::create_directory(outside);
    std::ofstream(outside / "mine") << "mine";
    fs::remove_all(model() / "downloads");
    for (const char* const name : {"downloads", "packages", ""}) {
        SCOPED_TRACE(name);
        const fs::path directory = *name == '\0' ? root_ / "blobs" : model() / name;
        fs::remove_all(directory);
        fs::create_directory_symlink(outside, directory);
        EXPECT_EQ(error_of([&] { bring(); }).kind(), ErrorKind::io_failure);
        cache_.prune({});
        EXPECT_EQ(std::distance(fs::directory_iterator(outside), {}), 1);
        EXPECT_EQ(text_of(outside / "mine"), "mine");
        fs::remove(directory);
    }
}

TEST_F(ModelCacheTest, TheCacheItselfMayBeALink) {
    fs::create_directories(root_.parent_path());
    fs::create_directory(temporary_.path() / "disk");
    fs::create_directory_symlink(temporary_.path() / "disk", root_);
    expect_whole(bring());
    std::ofstream(root_ / ".salt.0123456789abcdef.new") << "half";
    EXPECT_EQ(cache_.prune({}).files, 1U);
    EXPECT_TRUE(cache_.find_package(kKey, package_of("p1", kFiles)));
}

TEST_F(ModelCacheTest, NamesThatLeadElsewhereAreRefused) {
    for (const char* const handle : {"../../x", "/etc/x", "vit/../../x", ".package.json", "", "a//b"}) {
        const Error error = error_of([&] { bring("p1", {{handle, "x"}}); });
        EXPECT_EQ(error.kind(), ErrorKind::retrieval_failure) << handle;
        EXPECT_THAT(error.message(), HasSubstr(handle));
    }
    EXPECT_EQ(error_of([&] { bring("../p1"); }).kind(), ErrorKind::retrieval_failure);
    EXPECT_EQ(error_of([&] { bring("p1", {{"a", "x"}, {"a/b", "y"}}); }).kind(), ErrorKind::retrieval_failure);
    EXPECT_EQ(error_of([&] { bring("p1", {{"model_config.json/b", "y"}}); }).kind(), ErrorKind::retrieval_failure);
    PackageMetadata package = package_of("p1", {{"a", "x"}}, Stated::sha256);
    package.files[0].sha256 = "../../salt";
    EXPECT_EQ(error_of([&] { bring(package, {{"a", "x"}}); }).kind(), ErrorKind::retrieval_failure);
    EXPECT_THAT(brought(), IsEmpty());
    EXPECT_FALSE(fs::exists(root_));
    EXPECT_EQ(cache_.find_package(kKey, package_of("../packages/p1", kFiles)), std::nullopt);
}

TEST_F(ModelCacheTest, OurModelConfigIsKeptInsteadOfTheProviders) {
    Files files = kFiles;
    files["model_config.json"] = "theirs";
    const fs::path package = bring("p1", files);
    EXPECT_EQ(text_of(package / "model_config.json"), kConfig);
    EXPECT_THAT(brought(), SizeIs(3));
    bring("p1", files);
    EXPECT_THAT(brought(), IsEmpty());
}

TEST_F(ModelCacheTest, TheSameFileIsBroughtOnce) {
    const Files other{{"weights.onnx", kFiles.at("weights.onnx")}, {"class_names.txt", "bird\n"}};
    const fs::path one = bring();
    brought();
    const fs::path two = bring("p2", other);
    EXPECT_THAT(brought(), ElementsAre("class_names.txt"));
    expect_whole(two, other);
    EXPECT_EQ(inode_of(one / "weights.onnx"), inode_of(two / "weights.onnx"));
    // Of another model under the same SHA-256 alone: an MD5 that somebody else states proves nothing.
    const ModelKey stranger{"roboflow", "https://api.example", "other/1"};
    bring("p3", other, Stated::sha256, stranger);
    EXPECT_THAT(brought(), IsEmpty());
    bring("p4", {{"weights.onnx", kFiles.at("weights.onnx")}}, Stated::md5, {"roboflow", "", "third/1"});
    EXPECT_THAT(brought(), ElementsAre("weights.onnx"));
}

TEST_F(ModelCacheTest, ADamagedBlobIsNotShared) {
    const Files files{{"weights.onnx", kFiles.at("weights.onnx")}};
    bring("p1", files, Stated::sha256);
    brought();
    const timespec time = time_of(blob(files.at("weights.onnx")));
    overwrite(blob(files.at("weights.onnx")), std::string(5000, 'x'));
    set_time(blob(files.at("weights.onnx")), time);  // so that only reading it tells
    const fs::path other = bring("p2", files, Stated::sha256, {"roboflow", "", "other/1"});
    EXPECT_THAT(brought(), ElementsAre("weights.onnx"));
    expect_whole(other, files);
    EXPECT_EQ(text_of(blob(files.at("weights.onnx"))), files.at("weights.onnx"));
}

TEST_F(ModelCacheTest, BlobsAreNamedByWhatTheyAre) {
    const PackageMetadata package = package_of("p1", {{"a", "stated"}}, Stated::sha256);
    const fs::path path = bring(package, {{"a", "brought"}});  // as a download whose hash is not verified
    EXPECT_EQ(text_of(path / "a"), "brought");
    EXPECT_EQ(text_of(blob("brought")), "brought");
    EXPECT_FALSE(fs::exists(blob("stated")));
    const auto manifest = nlohmann::json::parse(text_of(path / ".package.json"));
    EXPECT_EQ(manifest.at("files").at(0).at("hash"), "none");
    EXPECT_EQ(manifest.at("files").at(0).at("sha256"), sha256("brought"));
}

TEST_F(ModelCacheTest, APackageThatItsProviderChangedIsBroughtAnew) {
    bring();
    Files files = kFiles;
    files["class_names.txt"] = "bird\n";
    brought();
    const fs::path package = bring("p1", files);
    EXPECT_THAT(brought(), ElementsAre("class_names.txt"));
    expect_whole(package, files);
}

TEST_F(ModelCacheTest, ACorrectedDescriptionIsKeptAndNothingIsBrought) {
    PackageMetadata package = package_of("p1", kFiles);
    package.files.at(0).md5 = "";  // also what nobody can tell from another is left alone
    const fs::path path = bring(package, kFiles);
    brought();
    constexpr std::string_view kCorrected = "{\"model_type\": \"yolov8\", \"corrected\": true}";
    EXPECT_EQ(bring(package, kFiles, kKey, kCorrected), path);
    EXPECT_THAT(brought(), IsEmpty());
    expect_whole(path, kFiles, kCorrected);
    const ino_t inode = inode_of(path);
    bring(package, kFiles, kKey, kCorrected);
    EXPECT_EQ(inode_of(path), inode);
}

TEST_F(ModelCacheTest, WhatWasTakenUncomparedIsForThoseWhoCompareNothing) {
    PackageMetadata package = package_of("p1", kFiles);
    package.files.at(0).md5 = std::string(32, '0');
    bring(package, kFiles);
    EXPECT_THAT(brought(), SizeIs(kFiles.size()));
    EXPECT_EQ(cache_.find_package(kKey, package), std::nullopt);
    EXPECT_TRUE(cache_.find_package(kKey, package, Hashes::believed));
    bring(package, kFiles, kKey, kConfig, Hashes::believed);
    EXPECT_THAT(brought(), IsEmpty());
    bring(package, kFiles);
    EXPECT_THAT(brought(), ElementsAre(package.files.at(0).handle));
    // What was compared and has another hash by now is another file for everybody.
    package.files.at(1).md5 = std::string(32, '1');
    EXPECT_EQ(cache_.find_package(kKey, package, Hashes::believed), std::nullopt);
    bring(package, kFiles, kKey, kConfig, Hashes::believed);
    EXPECT_THAT(brought(), testing::Contains(package.files.at(1).handle));
}

TEST_F(ModelCacheTest, AFailedDownloadGoesOnWhereItEnded) {
    const PackageMetadata package = package_of("p1", kFiles);
    fs::path target;
    const auto fail = [&](std::span<const FileToDownload> files) -> std::vector<DownloadedFile> {
        target = files[0].target;
        std::ofstream(target.string() + ".part") << "half";
        throw Error(ErrorKind::unreachable, "host", "no answer");
    };
    const auto failing = [&] {
        static_cast<void>(cache_.bring_package(kKey, package, "{}", fail, [] { return true; }));
    };
    EXPECT_EQ(error_of(failing).kind(), ErrorKind::unreachable);
    EXPECT_EQ(text_of(target.string() + ".part"), "half");
    EXPECT_EQ(cache_.find_package(kKey, package_of("p1", kFiles)), std::nullopt);
    expect_whole(bring());
}

TEST_F(ModelCacheTest, WaitingForAnotherProcessCanBeCancelled) {
    fs::create_directories(model());
    const FileLock lock = FileLock::take(model() / "p1.lock", FileLock::Kind::exclusive, [] { return true; }, "");
    int asked = 0;
    const auto bring_it = [&] {
        static_cast<void>(cache_.bring_package(
            kKey, package_of("p1", kFiles), "{}", [](auto) { return std::vector<DownloadedFile>(); },
            [&] { return ++asked < 3; }));
    };
    const Error error = error_of(bring_it);
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    EXPECT_THAT(error.message(), HasSubstr("loading package p1 of workspace/project/3"));
    EXPECT_EQ(asked, 3);
}

TEST_F(ModelCacheTest, AllThreadsHashAlike) {
    std::array<std::string, 16> hashes;
    {
        std::vector<std::jthread> threads;
        for (std::string& hash : hashes) {
            threads.emplace_back([&] { hash = ModelCache(root_).salted_hash("key"); });
        }
    }
    EXPECT_THAT(std::set<std::string>(hashes.begin(), hashes.end()), ElementsAre(cache_.salted_hash("key")));
    EXPECT_TRUE(is_sha256(hashes[0]));
    EXPECT_NE(hashes[0], cache_.salted_hash("other"));
    EXPECT_NE(hashes[0], ModelCache(temporary_.path() / "other").salted_hash("key"));
    EXPECT_EQ(cache_.salted_hash(""), "");
    EXPECT_EQ(fs::file_size(root_ / "salt"), 32U);
    EXPECT_EQ(fs::status(root_ / "salt").permissions(), fs::perms(0600));
}

TEST_F(ModelCacheTest, ASaltThatIsNoneIsReplaced) {
    fs::create_directories(root_);
    std::ofstream(root_ / "salt") << "short";
    const std::string hash = cache_.salted_hash("key");
    EXPECT_EQ(cache_.salted_hash("key"), hash);
    EXPECT_EQ(fs::file_size(root_ / "salt"), 32U);
}

ListingRecord listing(std::chrono::system_clock::time_point asked_at, const ModelKey& key = kKey) {
    ListingRecord record{.key = key, .model = {}, .asked_at = asked_at, .credential = sha256("salted")};
    record.model.model_id = key.model_id;
    record.model.weights_provider = key.provider;
    record.model.architecture = "yolov8";
    record.model.variant = "n";
    record.model.task_type = "object-detection";
    record.model.packages.push_back(package_of("p1", kFiles));
    record.model.packages[0].format = PackageFormat::onnx;
    return record;
}

constexpr std::chrono::system_clock::time_point kThen{std::chrono::milliseconds(1'750'000'000'123)};

TEST_F(ModelCacheTest, AListingIsFoundAsItWasKept) {
    EXPECT_TRUE(cache_.keep_listing(listing(kThen)));
    const auto found = cache_.find_listing(kKey);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->key, kKey);
    EXPECT_EQ(found->asked_at, kThen);
    EXPECT_EQ(found->credential, sha256("salted"));
    const auto page_of = [](const ModelMetadata& model) {
        return write_metadata_page({.model = model, .next_page = std::nullopt});
    };
    EXPECT_EQ(page_of(found->model), page_of(listing(kThen).model));
    EXPECT_EQ(found->model.weights_provider, "roboflow");
    EXPECT_EQ(found->model.packages.at(0).files.size(), kFiles.size());
    const ModelKey other{"mine", "", kKey.model_id};
    EXPECT_TRUE(cache_.keep_listing(listing(kThen + 1h, other)));
    EXPECT_TRUE(cache_.keep_listing(listing(kThen, {"mine", "", "workspace-project-3"})));  // of the same slug
    const auto all = cache_.find_listings(kKey.model_id);
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(all[0].key, other);
    EXPECT_EQ(all[1].key, kKey);
}

TEST_F(ModelCacheTest, AChoiceIsFoundAsItWasKept) {
    const std::string request = sha256("request");
    EXPECT_TRUE(cache_.keep_choice(request, {"p1", "onnxruntime", "cpu", kThen}));
    const auto found = cache_.find_choice(request);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->package_id, "p1");
    EXPECT_EQ(found->engine, "onnxruntime");
    EXPECT_EQ(found->device, "cpu");
    EXPECT_EQ(found->chosen_at, kThen);
    cache_.forget_choice(request);
    cache_.forget_choice(request);
    EXPECT_EQ(cache_.find_choice(request), std::nullopt);
}

TEST_F(ModelCacheTest, WhatMakesNoSenseCountsAsNotThere) {
    const std::string request = sha256("request");
    const fs::path manifest = bring() / ".package.json";
    cache_.keep_listing(listing(kThen));
    cache_.keep_choice(request, {"p1", "onnxruntime", "cpu", kThen});
    for (const fs::path& path : {manifest, model() / "listing.json", root_ / "choices" / (request + ".json")}) {
        const std::string good = text_of(path);
        const auto is_found = [&] {
            return path == manifest ? cache_.find_package(kKey, package_of("p1", kFiles)).has_value()
                                    : (path.extension() == ".json" && path.filename() == "listing.json"
                                           ? cache_.find_listing(kKey).has_value()
                                           : cache_.find_choice(request).has_value());
        };
        ASSERT_TRUE(is_found()) << path;
        std::vector<std::string> bad{"",
                                     "null",
                                     "[]",
                                     "{}",
                                     "{\"format_version\":1}",
                                     "\xff\xfe",
                                     "<html></html>",
                                     std::string(100'000, '['),
                                     std::string(20 << 20, ' ')};
        for (std::size_t size = 1; size + 2 < good.size(); size += 7) bad.push_back(good.substr(0, size));
        nlohmann::json other = nlohmann::json::parse(good);
        other["format_version"] = 2;
        bad.push_back(other.dump());
        for (const std::string& text : bad) {
            overwrite(path, text);
            EXPECT_FALSE(is_found()) << path << ": " << text.substr(0, 100);
        }
        fs::remove(path);
        std::ofstream(temporary_.path() / "outside") << good;
        fs::create_symlink(temporary_.path() / "outside", path);
        EXPECT_FALSE(is_found()) << path << " is a link";
        fs::remove(path);
        std::ofstream(path) << good;
        EXPECT_TRUE(is_found()) << path;
    }
}

TEST_F(ModelCacheTest, AManifestLeadsNowhereElse) {
    const fs::path package = bring();
    std::ofstream(model() / "packages/x") << "x";
    const auto manifest = nlohmann::json::parse(text_of(package / ".package.json"));
    const std::vector<std::pair<std::string, nlohmann::json>> changes{{"/files/0/handle", "../x"},
                                                                      {"/files/0/handle", "/etc/passwd"},
                                                                      {"/files/0/size", -1},
                                                                      {"/files/0/size", 1e300},
                                                                      {"/files/0/sha256", "../x"},
                                                                      {"/files/0/hash", "sha1"},
                                                                      {"/files/1/handle", "class_names.txt"},
                                                                      {"/files", nlohmann::json::array()},
                                                                      {"/package_id", "p2"},
                                                                      {"/model_id", "../x"},
                                                                      {"/format", "zip"}};
    for (const auto& [place, value] : changes) {
        nlohmann::json changed = manifest;
        changed[nlohmann::json::json_pointer(place)] = value;
        overwrite(package / ".package.json", changed.dump());
        EXPECT_EQ(cache_.find_package(kKey, package_of("p1", kFiles)), std::nullopt) << place << " " << value;
    }
    brought();
    expect_whole(bring());
}

TEST_F(ModelCacheTest, StatusSaysWhatIsWrong) {
    const fs::path package = bring();
    cache_.keep_listing(listing(kThen));
    bring("p2", {{"a", "a"}}, Stated::md5, {"mine", "", "another"});
    std::vector<OfflineModelStatus> models = cache_.status(true);
    ASSERT_THAT(models, SizeIs(2));
    EXPECT_EQ(models[0].model_id, "another");
    EXPECT_EQ(models[0].weights_provider, "mine");
    EXPECT_EQ(models[1].architecture, "yolov8");
    EXPECT_EQ(models[1].task_type, "object-detection");
    ASSERT_THAT(models[1].packages, SizeIs(1));
    EXPECT_EQ(models[1].packages[0].format, "torch-script");
    EXPECT_EQ(models[1].packages[0].path, package);
    EXPECT_EQ(models[1].packages[0].state, CacheState::whole);
    EXPECT_EQ(models[1].packages[0].size_bytes, 5000 + 8 + 13 + kConfig.size());

    const timespec time = time_of(package / "class_names.txt");
    overwrite(package / "class_names.txt", "cow\nhen\n");
    set_time(package / "class_names.txt", time);
    EXPECT_EQ(cache_.status("workspace/project/3", false).at(0).packages[0].state, CacheState::whole);
    models = cache_.status("workspace/project/3", true);
    ASSERT_THAT(models, SizeIs(1));
    EXPECT_EQ(models[0].packages[0].state, CacheState::damaged);
    EXPECT_EQ(models[0].packages[0].files.at(0).problem, "has other contents than were downloaded");
    fs::remove(package / "class_names.txt");
    models = cache_.status("workspace/project/3", false);
    EXPECT_EQ(models[0].packages[0].state, CacheState::missing);
    overwrite(package / "weights.onnx", "w");
    models = cache_.status("workspace/project/3", false);
    EXPECT_EQ(models[0].packages[0].state, CacheState::damaged);
    EXPECT_THAT(to_text(models), HasSubstr("    weights.onnx has 1 bytes instead of 5000\n"));
    const auto json = nlohmann::json::parse(to_json(models));
    EXPECT_EQ(json[0]["packages"][0]["files"][0]["state"], "missing");
    EXPECT_THAT(cache_.status("no/model", false), IsEmpty());
}

class PruneTest : public ModelCacheTest {
protected:
    PruneTest() {
        bring(one_, kFilesOfOne);
        bring(two_, kFilesOfTwo, other_);
        cache_.keep_choice(sha256("1"), {"p1", "onnxruntime", "cpu", kThen});
    }

    /// Bytes that the contents on this disk take.
    [[nodiscard]] std::uint64_t bytes() const {
        std::map<ino_t, std::uint64_t> files;
        for (const auto& entry : fs::recursive_directory_iterator(root_)) {
            if (entry.is_regular_file()) files[inode_of(entry.path())] = entry.file_size();
        }
        std::uint64_t sum = 0;
        for (const auto& [inode, size] : files) sum += size;
        return sum;
    }

    /// Prunes; what it counts is what the disk says.
    PrunedCache prune(const PruneOptions& options = {}) {
        const std::uint64_t before = bytes();
        const PrunedCache pruned = cache_.prune(options);
        EXPECT_EQ(pruned.bytes, before - bytes());
        return pruned;
    }

    inline static const Files kFilesOfOne{{"shared", std::string(100, 's')}, {"one", std::string(10, '1')}};
    inline static const Files kFilesOfTwo{{"shared", std::string(100, 's')}, {"two", std::string(20, '2')}};
    const PackageMetadata one_ = package_of("p1", kFilesOfOne);
    const PackageMetadata two_ = package_of("p2", kFilesOfTwo, Stated::sha256);
    ModelKey other_{"roboflow", "https://api.example", "other/1"};
};

TEST_F(PruneTest, WhatIsOfUseStays) {
    const PrunedCache pruned = prune();
    EXPECT_EQ(pruned.packages, 0U);
    EXPECT_EQ(pruned.files, 0U);
    EXPECT_TRUE(cache_.find_package(kKey, one_));
    EXPECT_TRUE(cache_.find_package(other_, two_));
    EXPECT_TRUE(cache_.find_choice(sha256("1")));
    EXPECT_TRUE(fs::exists(blob(std::string(10, '1'))));
}

TEST_F(PruneTest, WhatIsOfNoUseGoes) {
    fs::create_directories(model() / "downloads/p9");
    std::ofstream(model() / "downloads/p9/weights.part") << std::string(1000, 'x');
    fs::create_directories(model() / "packages/.new-p9");
    std::ofstream(model() / "packages/.new-p9/a") << "abc";
    std::ofstream(model() / ".listing.json.0123456789abcdef.new") << "{";
    std::ofstream(root_ / "blobs" / sha256("nobody's")) << "nobody's";
    std::ofstream(model() / "p9.lock") << "";
    cache_.keep_choice(sha256("9"), {"p9", "onnxruntime", "cpu", kThen});
    const PrunedCache pruned = prune();
    EXPECT_EQ(pruned.packages, 0U);
    EXPECT_EQ(pruned.files, 4U);
    EXPECT_EQ(cache_.find_choice(sha256("9")), std::nullopt);
    EXPECT_FALSE(fs::exists(model() / "p9.lock"));
    EXPECT_TRUE(cache_.find_package(kKey, one_));
}

TEST_F(PruneTest, WhatIsLinkedFromElsewhereGoesAndFreesNothing) {
    std::ofstream(root_ / "blobs" / sha256("nobody's")) << "nobody's";
    fs::create_hard_link(root_ / "blobs" / sha256("nobody's"), temporary_.path() / "backup");
    const PrunedCache pruned = cache_.prune({});
    EXPECT_EQ(pruned.files, 1U);
    EXPECT_EQ(pruned.bytes, 0U);
    EXPECT_FALSE(fs::exists(root_ / "blobs" / sha256("nobody's")));
}

TEST_F(PruneTest, DamagedPackagesGo) {
    overwrite(model() / "packages/p1/one", "damaged");
    const PrunedCache pruned = prune();
    EXPECT_EQ(pruned.packages, 1U);
    EXPECT_EQ(pruned.files, 1U);
    EXPECT_FALSE(fs::exists(model() / "packages/p1"));
    EXPECT_EQ(cache_.find_choice(sha256("1")), std::nullopt);
    EXPECT_TRUE(cache_.find_package(other_, two_));
}

TEST_F(PruneTest, EverythingOfAModelGoes) {
    cache_.keep_listing(listing(kThen));
    const Error error = error_of([&] { prune({.model_ids = {kKey.model_id, "no/model"}}); });
    EXPECT_EQ(error.kind(), ErrorKind::model_not_found);
    EXPECT_TRUE(cache_.find_package(kKey, one_));
    const PrunedCache pruned = prune({.model_ids = {kKey.model_id}});
    EXPECT_EQ(pruned.packages, 1U);
    EXPECT_FALSE(fs::exists(model()));
    EXPECT_FALSE(fs::exists(blob(std::string(10, '1'))));
    EXPECT_TRUE(cache_.find_package(other_, two_));
    EXPECT_EQ(error_of([&] { ModelCache(temporary_.path() / "no").prune({.model_ids = {"a"}}); }).kind(),
              ErrorKind::model_not_found);
}

TEST_F(PruneTest, EverythingGoes) {
    const std::string hash = cache_.salted_hash("key");
    EXPECT_EQ(prune({.all = true}).packages, 2U);
    EXPECT_THAT(cache_.status(false), IsEmpty());
    EXPECT_TRUE(fs::is_empty(root_ / "blobs"));
    EXPECT_TRUE(fs::is_empty(root_ / "models"));
    EXPECT_EQ(cache_.salted_hash("key"), hash);
    bring();
    EXPECT_TRUE(cache_.find_package(kKey, package_of("p1", kFiles)));
}

TEST_F(PruneTest, PackagesThatWereNotLoadedForLongGo) {
    const timespec long_ago{1'600'000'000, 0};
    set_time(model() / "p1.used", long_ago);
    EXPECT_EQ(prune({.unused_for = std::chrono::days(30)}).packages, 1U);
    EXPECT_EQ(cache_.find_package(kKey, one_), std::nullopt);
    set_time(root_ / "models" / directory_name(other_) / "p2.used", long_ago);
    EXPECT_TRUE(cache_.find_package(other_, two_));  // is a use
    EXPECT_EQ(prune({.unused_for = std::chrono::days(30)}).packages, 0U);
    // More days than there are numbers of nanoseconds for.
    for (const int days : {106'752, 213'504, std::numeric_limits<std::int32_t>::max()}) {
        EXPECT_EQ(prune({.unused_for = std::chrono::days(days)}).packages, 0U) << days;
    }
}

TEST_F(PruneTest, CopiedBlobsGo) {
    const fs::path copy = temporary_.path() / "copied";
    fs::copy(root_, copy, fs::copy_options::recursive);
    root_ = copy;
    cache_ = ModelCache(copy);
    EXPECT_EQ(prune().files, 3U);
    EXPECT_TRUE(fs::is_empty(copy / "blobs"));
    EXPECT_TRUE(cache_.find_package(kKey, one_));
    EXPECT_TRUE(cache_.find_package(other_, two_));
}

TEST_F(PruneTest, NothingGoesWhileSomethingIsBrought) {
    const auto bringing = [&](std::span<const FileToDownload> files) {
        EXPECT_EQ(error_of([&] { prune({.all = true}); }).kind(), ErrorKind::cache_busy);
        std::ofstream(files[0].target) << "x";
        const Digests digests = digests_of_file(files[0].target);
        return std::vector{DownloadedFile{digests.md5, digests.sha256, digests.size}};
    };
    const fs::path package =
        cache_.bring_package(kKey, package_of("p3", {{"a", "x"}}), "{}", bringing, [] { return true; }).path;
    EXPECT_EQ(text_of(package / "a"), "x");
    EXPECT_TRUE(cache_.find_package(kKey, one_));
}

TEST_F(PruneTest, NothingGoesWhileSomethingIsLoaded) {
    const auto nothing = [](std::span<const FileToDownload>) { return std::vector<DownloadedFile>(); };
    for (const std::string_view config : {kConfig, std::string_view("{}")}) {  // as it is, and written anew
        const HeldPackage held = cache_.bring_package(kKey, one_, std::string(config), nothing, [] { return true; });
        EXPECT_EQ(error_of([&] { prune({.all = true}); }).kind(), ErrorKind::cache_busy);
        // Nor is it replaced; others may load it too.
        EXPECT_FALSE(FileLock::try_take(model() / "p1.lock", FileLock::Kind::exclusive));
        EXPECT_TRUE(FileLock::try_take(model() / "p1.lock", FileLock::Kind::shared));
        EXPECT_TRUE(cache_.find_package(kKey, one_));
    }
    EXPECT_EQ(prune({.all = true}).packages, 2U);
}

TEST_F(ModelCacheTest, NothingIsWrittenInAPackageThatIsBeingReplaced) {
    const fs::path package = bring();
    const std::string manifest = text_of(package / ".package.json");
    set_time(package / "weights.onnx", {.tv_sec = 1, .tv_nsec = 0});
    {
        const auto lock = FileLock::try_take(model() / "p1.lock", FileLock::Kind::exclusive);
        EXPECT_TRUE(cache_.find_package(kKey, package_of("p1", kFiles)));
        EXPECT_EQ(text_of(package / ".package.json"), manifest);
    }
    EXPECT_TRUE(cache_.find_package(kKey, package_of("p1", kFiles)));
    EXPECT_NE(text_of(package / ".package.json"), manifest);
}

}  // namespace
}  // namespace inference_models::hub
