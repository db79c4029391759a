// Which compiled packages are listed, and why one is not used.
#include "hub/compiled/compiled_packages.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "formats/package_maker.hpp"
#include "hub/compiled/compiled_file.hpp"
#include "hub/find_model.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;
using namespace tests;
using nlohmann::json;

constexpr const char* kId = "model.onnxruntime-fp32-b1-64x32";

class CompiledPackagesTest : public testing::Test {
protected:
    CompiledPackagesTest() {
        write_onnx_package(source_);
        settings_.cache_directory = cache_;
        make(kId);
    }

    fs::path make(const std::string& id) {
        const CacheLayout layout(cache_);
        const CompiledLayout compiled = layout.compiled(source_);
        layout.make(compiled.directory());
        const fs::path directory = compiled.package(id);
        fs::create_directory(directory);
        fs::permissions(directory, fs::perms{0755});
        CompiledRecord record;
        record.facts = {Engine::onnxruntime, "1.32.0", "x86_64", {"avx2"}, "inference-models compile MODEL"};
        record.batch = {.min = 1, .max = 1};
        record.network_size = {.width = 64, .height = 32};
        record.source = compiled_source(source_ / "weights.onnx");
        record.source.sha256 = std::string(64, 'a');
        write_compiled_file(directory, record);
        write_file(directory / "weights.onnx", "optimised");
        fs::permissions(directory / "weights.onnx", fs::perms{0644});
        return directory;
    }

    [[nodiscard]] fs::path directory() const { return CacheLayout(cache_).compiled(source_).package(kId); }

    [[nodiscard]] formats::Listing listing() const {
        return find_model(source_.string(), {}, settings_, BundledModels({})).listing;
    }

    /// The one compiled package of the listing.
    [[nodiscard]] formats::Package compiled() const {
        const formats::Listing all = listing();
        EXPECT_EQ(all.packages.size(), 2U);
        const auto found = std::ranges::find(all.packages, kId, &formats::Package::id);
        EXPECT_NE(found, all.packages.end());
        return found == all.packages.end() ? formats::Package{} : *found;
    }

    /// What is said of a package after its compiled.json was changed.
    std::string problem_after(const std::function<void(json&)>& edit) {
        change(edit);
        return problem();
    }

    void change(const std::function<void(json&)>& edit) {
        const fs::path path = directory() / kCompiledFile;
        json root = json::parse(std::ifstream(path));
        edit(root);
        write_file(path, root.dump());
    }

    [[nodiscard]] std::string problem() const {
        const formats::Package package = compiled();
        EXPECT_TRUE(package.problem.has_value());
        if (!package.problem) return "";
        EXPECT_FALSE(package.problem->hint().empty());
        return package.problem->message();
    }

    TemporaryDirectory place_;
    fs::path source_ = place_.path() / "model";
    fs::path cache_ = place_.path() / "cache";
    Settings settings_;
};

TEST_F(CompiledPackagesTest, IsListedBesideItsSource) {
    const formats::Package package = compiled();
    ASSERT_FALSE(package.problem.has_value()) << package.problem->what();
    EXPECT_EQ(package.weights, directory() / "weights.onnx");
    EXPECT_EQ(package.architecture, "yolov8");
    EXPECT_EQ(package.quantization, Precision::fp32);
    ASSERT_TRUE(package.compiled.has_value());
    EXPECT_EQ(package.compiled->instruction_sets, std::vector<std::string>{"avx2"});
    EXPECT_EQ(package.compiled->command, "inference-models compile MODEL");
}

TEST_F(CompiledPackagesTest, WhatItSaysOfImagesIsItsSources) {
    change([](json& root) { root["network_size"] = {{"width", 96}, {"height", 64}}; });
    const formats::PackageContents contents = formats::read_package_contents(compiled());
    EXPECT_EQ(contents.class_names, (std::vector<std::string>{"person", "car"}));
    EXPECT_EQ(contents.pre_processing.padding_value, 114);
    EXPECT_EQ(contents.pre_processing.network_size.width, 96);
    EXPECT_EQ(contents.pre_processing.network_size.height, 64);
}

TEST_F(CompiledPackagesTest, IsFoundWhateverWayItsSourceIsNamed) {
    fs::create_directory_symlink(source_, place_.path() / "link");
    const formats::Listing listing =
        find_model((place_.path() / "link").string(), {}, settings_, BundledModels({})).listing;
    EXPECT_EQ(listing.packages.size(), 2U);
}

TEST_F(CompiledPackagesTest, OfAnotherSourceIsNotListed) {
    write_onnx_package(place_.path() / "other");
    EXPECT_EQ(find_model((place_.path() / "other").string(), {}, settings_, BundledModels({})).listing.packages.size(),
              1U);
}

TEST_F(CompiledPackagesTest, WhatIsHiddenIsNotListed) {
    fs::rename(directory(), directory().parent_path() / (std::string(".new-") + kId));
    EXPECT_EQ(listing().packages.size(), 1U);
}

TEST_F(CompiledPackagesTest, OfAChangedSourceIsOut) {
    const std::array<timespec, 2> times{timespec{1, 0}, timespec{1, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (source_ / "weights.onnx").c_str(), times.data(), 0), 0);
    EXPECT_THAT(problem(), testing::HasSubstr("was made from another version of " + source_.string()));
    EXPECT_THAT(compiled().problem->hint(), testing::HasSubstr("inference-models compile MODEL"));
}

TEST_F(CompiledPackagesTest, OfASourceOfAnotherSizeIsOut) {
    EXPECT_THAT(problem_after([](json& root) { root["source"]["size"] = 5; }),
                testing::HasSubstr("was made from another version of"));
}

TEST_F(CompiledPackagesTest, ThatOthersMayWriteToIsNotTrusted) {
    const std::array<fs::path, 5> places{directory(), directory() / "weights.onnx", directory() / kCompiledFile,
                                         directory().parent_path(), directory().parent_path().parent_path()};
    for (const fs::path& place : places) {
        for (const fs::perms others : {fs::perms::others_write, fs::perms::group_write}) {
            const fs::perms before = fs::status(place).permissions();
            fs::permissions(place, others, fs::perm_options::add);
            EXPECT_THAT(problem(), testing::HasSubstr("other users may write to " + place.string()));
            EXPECT_EQ(compiled().problem->kind(), ErrorKind::untrusted);
            fs::permissions(place, before);
        }
    }
    EXPECT_FALSE(compiled().problem.has_value());
}

TEST_F(CompiledPackagesTest, OfAnotherUserIsNotTrusted) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files to others";
    ASSERT_EQ(::chown((directory() / "weights.onnx").c_str(), 12345, 12345), 0);
    EXPECT_THAT(problem(), testing::HasSubstr("belongs to another user, of the id 12345"));
}

TEST_F(CompiledPackagesTest, NothingOutsideOfTheCacheIsTakenThroughIt) {
    fs::remove(directory() / "weights.onnx");
    fs::create_symlink(source_ / "weights.onnx", directory() / "weights.onnx");
    EXPECT_FALSE(problem().empty());
    fs::rename(directory(), place_.path() / "elsewhere");
    fs::create_directory_symlink(place_.path() / "elsewhere", directory());
    EXPECT_FALSE(problem().empty());
}

TEST_F(CompiledPackagesTest, WithoutItsNetworkIsOut) {
    fs::remove(directory() / "weights.onnx");
    EXPECT_THAT(problem(), testing::HasSubstr("weights.onnx is missing"));
}

TEST_F(CompiledPackagesTest, WhatItsFileSaysIsNotBelievedBlindly) {
    const std::string file = (directory() / kCompiledFile).string();
    const auto said = [&](const std::string& name, const json& value) {
        const std::string text = problem_after([&](json& root) { root[json::json_pointer(name)] = value; });
        make(kId);
        return text;
    };
    EXPECT_THAT(said("/format_version", 2), testing::HasSubstr(file + ": format_version is 2"));
    EXPECT_THAT(said("/engine", "tensorrt"), testing::HasSubstr(": engine is `tensorrt`, which is not known"));
    EXPECT_THAT(said("/engine", 7), testing::HasSubstr(": engine is of type number"));
    EXPECT_THAT(said("/instruction_sets", json::array({1})), testing::HasSubstr(": instruction_sets[0]"));
    EXPECT_THAT(said("/instruction_sets", json::array_t(1000, "avx")), testing::HasSubstr("at most 256 are read"));
    EXPECT_THAT(said("/runtime_version", std::string(1000, '1')), testing::HasSubstr("at most 256 are read"));
    EXPECT_THAT(said("/batch/max", 0), testing::HasSubstr(": batch.max is 0"));
    EXPECT_THAT(said("/network_size/width", 1e9), testing::HasSubstr(": network_size.width is"));
    EXPECT_THAT(said("/source/sha256", "x"), testing::HasSubstr(": source.sha256 is not 64 hexadecimal digits"));
    EXPECT_THAT(problem_after([](json& root) { root.erase("command"); }), testing::HasSubstr(": command is missing"));
}

TEST_F(CompiledPackagesTest, GarbageIsOut) {
    write_file(directory() / kCompiledFile, std::string("\0\1garbage", 9));
    EXPECT_THAT(problem(), testing::HasSubstr("compiled.json is not valid JSON"));
    EXPECT_THAT(compiled().problem->hint(), testing::HasSubstr("rm -r " + directory().string()));
}

}  // namespace
}  // namespace inference_models::hub
