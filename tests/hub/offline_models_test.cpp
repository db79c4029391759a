#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <inference_models/model_cache.hpp>

#include "hub/cache/model_cache.hpp"
#include "hub/digest.hpp"
#include "support/errors.hpp"
#include "support/temporary_directory.hpp"

namespace inference_models {
namespace {

using namespace tests;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A cache in $INFERENCE_HOME with package `p1` of the model `a/1`.
class OfflineModels : public ::testing::Test {
protected:
    OfflineModels() {
        ::setenv("INFERENCE_HOME", home_.path().c_str(), 1);
        PackageMetadata package;
        package.id = "p1";
        package.files = {{.handle = "weights.onnx", .download_url = {}, .md5 = {}, .sha256 = {}, .size_bytes = {}}};
        const auto bring = [](std::span<const hub::FileToDownload> files) {
            std::ofstream(files[0].target) << "weights";
            const hub::Digests digests = hub::digests_of_file(files[0].target);
            return std::vector{hub::DownloadedFile{digests.md5, digests.sha256, digests.size}};
        };
        static_cast<void>(
            hub::ModelCache(model_cache_directory()).bring_package({"roboflow", "", "a/1"}, package, "{}", bring, [] {
                return true;
            }));
    }
    void TearDown() override { ::unsetenv("INFERENCE_HOME"); }

    TemporaryDirectory home_;
};

TEST_F(OfflineModels, AreListedVerifiedAndPruned) {
    EXPECT_EQ(model_cache_directory(), home_.path() / "hub");
    const auto models = list_offline_models();
    ASSERT_THAT(models, SizeIs(1));
    EXPECT_EQ(models[0].model_id, "a/1");
    EXPECT_THAT(to_text(models), HasSubstr("a/1 (roboflow)\n  p1  onnx "));
    EXPECT_EQ(to_json(verify_offline_model("a/1", true)), to_json(models));
    EXPECT_THAT(verify_offline_model("a/2"), IsEmpty());
    EXPECT_EQ(prune_model_cache({.model_ids = {"a/1"}}).packages, 1U);
    EXPECT_THAT(list_offline_models(), IsEmpty());
    EXPECT_EQ(to_text(std::vector<OfflineModelStatus>()), "");
    EXPECT_EQ(to_json(std::vector<OfflineModelStatus>()), "[]");
}

TEST_F(OfflineModels, OfNoIdAreRefused) {
    EXPECT_EQ(error_of([] { static_cast<void>(verify_offline_model("../x")); }).kind(), ErrorKind::invalid_argument);
    EXPECT_EQ(error_of([] { prune_model_cache({.model_ids = {"../x"}}); }).kind(), ErrorKind::invalid_argument);
    EXPECT_EQ(error_of([] { prune_model_cache({.model_ids = {"a/2"}}); }).kind(), ErrorKind::model_not_found);
}

}  // namespace
}  // namespace inference_models
