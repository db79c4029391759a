#include "hub/bundled_models.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "formats/package_maker.hpp"
#include "hub/find_model.hpp"
#include "hub/settings.hpp"
#include "support/current_directory.hpp"
#include "support/test_data.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;
using namespace tests;
using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(BundledModels, AreFoundFromTheBuildTree) {
    const fs::path source = source_directory() / "models";
    std::vector<std::string> directories;
    for (const auto& entry : fs::directory_iterator(source)) {
        if (entry.is_directory()) directories.push_back(entry.path().filename().string());
    }
    const BundledModels bundled = BundledModels::of_this_installation();
    EXPECT_THAT(bundled.ids(), ::testing::UnorderedElementsAreArray(directories));
    const auto codes = bundled.find("codes-n-640");
    ASSERT_TRUE(codes);
    EXPECT_TRUE(fs::equivalent(*codes, source / "codes-n-640"));
}

/// A folder of models in which `small-1` and `small-2` lie.
class FolderOfModels : public ::testing::Test {
protected:
    FolderOfModels() {
        for (const char* const id : {"small-2", "small-1"}) write_onnx_package(folder_ / id / "onnx-fp32");
    }

    [[nodiscard]] BundledModels bundled() const { return BundledModels(folder_); }
    /// With nobody to ask for other models.
    [[nodiscard]] formats::Listing listing(const std::string& id) const {
        return find_model(id, {}, offline(), bundled()).listing;
    }
    [[nodiscard]] Settings offline() const {
        Settings settings;
        settings.cache_directory = temporary_.path() / "cache";
        settings.offline = true;
        return settings;
    }
    [[nodiscard]] Error error(const std::string& id) const {
        return error_of([&] { static_cast<void>(listing(id)); });
    }

    TemporaryDirectory temporary_;
    fs::path folder_ = temporary_.path() / "models";
};

TEST_F(FolderOfModels, IdsAreTheNamesOfItsDirectories) {
    write_file(folder_ / "README.md", "about");
    fs::create_directory(folder_ / ".hidden");
    EXPECT_THAT(bundled().ids(), ElementsAre("small-1", "small-2"));
    EXPECT_EQ(bundled().find("small-2"), folder_ / "small-2");
    EXPECT_THAT(BundledModels(folder_ / "nowhere").ids(), IsEmpty());
    EXPECT_THAT(BundledModels({}).ids(), IsEmpty());
}

TEST_F(FolderOfModels, NoIdLeadsAnywhereElse) {
    fs::create_directory(temporary_.path() / "outside");
    for (const std::string& id :
         {""s, "."s, ".."s, "../outside"s, "../models/small-1"s, "small-1/../small-2"s, "small-1/"s, "./small-1"s,
          "small-1/onnx-fp32"s, "/small-1"s, (folder_ / "small-1").string(), "small-1\0"s, "small"s, "SMALL-1"s}) {
        EXPECT_EQ(bundled().find(id), std::nullopt) << id;
    }
}

TEST_F(FolderOfModels, AnIdIsListedAsItsDirectory) {
    const formats::Listing listing = this->listing("small-1");
    EXPECT_EQ(listing.model_id, "small-1");
    EXPECT_EQ(listing.weights_provider, "bundled");
    EXPECT_EQ(listing.location, folder_ / "small-1");
    ASSERT_EQ(listing.packages.size(), 1U);
    EXPECT_EQ(listing.packages[0].id, "onnx-fp32");
}

TEST_F(FolderOfModels, WhatLiesAtThePathComesBeforeTheId) {
    write_onnx_package(temporary_.path() / "small-1/mine");
    const CurrentDirectory here(temporary_.path());
    EXPECT_EQ(listing("small-1").packages.at(0).id, "mine");
    EXPECT_EQ(listing("small-2").packages.at(0).id, "onnx-fp32");
    fs::create_directory("small-2");  // also where it is no model
    expect_error(error("small-2"), ErrorKind::model_not_found, "small-2", "holds no model");
    fs::remove("small-2");
    fs::create_symlink("nowhere", "small-2");  // and where it is a link that leads nowhere
    EXPECT_EQ(error("small-2").kind(), ErrorKind::model_not_found);
}

TEST_F(FolderOfModels, AnUnknownIdNamesThoseThatThereAre) {
    const CurrentDirectory here(temporary_.path());
    for (const char* const id : {"resnet-50", "workspace/project/3"}) {
        expect_error(error(id), ErrorKind::model_not_found, id, "nothing at");
        EXPECT_THAT(error(id).hint(), HasSubstr("Give the path")) << id;
        EXPECT_THAT(error(id).hint(), HasSubstr("by id: small-1, small-2.")) << id;
    }
    for (const char* const path : {"/no/model", "./model", "best.onnx"}) {
        EXPECT_THAT(error(path).hint(), Not(HasSubstr("by id"))) << path;
    }
    EXPECT_THAT(error_of([&] { static_cast<void>(find_model("resnet-50", {}, offline(), BundledModels({}))); }).hint(),
                Not(HasSubstr("by id")));
}

TEST_F(FolderOfModels, AMisspelledIdIsRecognised) {
    const CurrentDirectory here(temporary_.path());
    EXPECT_THAT(error("smal-1").hint(), HasSubstr("Did you mean small-1 or small-2?"));
    EXPECT_THAT(error("Small-2").hint(), HasSubstr("Did you mean small-2 or small-1?"));
    write_onnx_package(temporary_.path() / "smal-2");
    EXPECT_THAT(error("smal-1").hint(), HasSubstr("Did you mean smal-2 or small-1 or small-2?"));
}

}  // namespace
}  // namespace inference_models::hub
