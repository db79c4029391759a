#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "formats/package.hpp"
#include "formats/package_maker.hpp"
#include "support/test_data.hpp"

namespace inference_models::formats {
namespace {

namespace fs = std::filesystem;
using namespace tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RealPackages, ThreeFormsOfOneModelAreListed) {
    const auto data = inference_models::tests::test_data();
    if (!data) GTEST_SKIP() << inference_models::tests::kNoTestData;
    const Listing listing = list_packages(*data / "models/yolov8n-640");
    EXPECT_EQ(listing.model_id, "yolov8n-640");
    ASSERT_EQ(listing.packages.size(), 3);

    const Package& onnx = listing.packages[0];
    EXPECT_EQ(onnx.id, "onnx-fp32");
    EXPECT_EQ(onnx.format, PackageFormat::onnx);
    EXPECT_EQ(onnx.architecture, "yolov8");
    EXPECT_EQ(onnx.task, TaskType::object_detection);
    EXPECT_EQ(onnx.quantization, Precision::fp32);
    EXPECT_EQ(onnx.batch, (BatchRule{1, 1}));
    ASSERT_TRUE(onnx.onnx);
    EXPECT_EQ(onnx.onnx->opset, 17);
    EXPECT_EQ(onnx.onnx->ir_version, 8);
    EXPECT_FALSE(onnx.problem);

    const Package& torch_script = listing.packages[1];
    EXPECT_EQ(torch_script.format, PackageFormat::torch_script);
    EXPECT_EQ(torch_script.batch, (BatchRule{1, 1}));
    EXPECT_FALSE(torch_script.problem);

    const Package& checkpoint = listing.packages[2];
    EXPECT_EQ(checkpoint.id, "yolov8n.pt");
    EXPECT_EQ(checkpoint.format, PackageFormat::ultralytics);
    EXPECT_EQ(checkpoint.architecture, "");
    EXPECT_FALSE(checkpoint.problem);
}

TEST(RealPackages, ContentsOfARoboflowPackage) {
    const auto data = inference_models::tests::test_data();
    if (!data) GTEST_SKIP() << inference_models::tests::kNoTestData;
    for (const char* const id : {"onnx-fp32", "torch-script-fp32"}) {
        const Listing listing = list_packages(*data / "models/yolov8n-640" / id);
        ASSERT_EQ(listing.packages.size(), 1);
        const PackageContents contents = read_package_contents(listing.packages[0]);
        ASSERT_EQ(contents.class_names.size(), 80);
        EXPECT_EQ(contents.class_names[0], "person");
        EXPECT_EQ(contents.class_names[79], "toothbrush");
        EXPECT_EQ(contents.pre_processing.network_size, (ImageSize{640, 640}));
        EXPECT_EQ(contents.pre_processing.letterbox_geometry, vision::LetterboxGeometry::truncate);
        EXPECT_EQ(contents.pre_processing.padding_value, 114);
        EXPECT_FALSE(contents.post_processing.fused_nms);
    }
}

TEST(RealPackages, TheNetworkAloneSaysTheSameByItsMetadata) {
    const auto data = inference_models::tests::test_data();
    if (!data) GTEST_SKIP() << inference_models::tests::kNoTestData;
    const Listing bare = list_packages(*data / "models/yolov8n-640/onnx-fp32/weights.onnx");
    const Listing packaged = list_packages(*data / "models/yolov8n-640/onnx-fp32");
    EXPECT_EQ(bare.packages.at(0).architecture, packaged.packages.at(0).architecture);
    EXPECT_EQ(bare.packages.at(0).task, packaged.packages.at(0).task);
    const PackageContents contents = read_package_contents(bare.packages[0]);
    EXPECT_EQ(contents.class_names, read_package_contents(packaged.packages[0]).class_names);
    EXPECT_EQ(contents.pre_processing.letterbox_geometry, vision::LetterboxGeometry::round);
}

TEST(RealPackages, ABareSegmentationNetwork) {
    const auto data = inference_models::tests::test_data();
    if (!data) GTEST_SKIP() << inference_models::tests::kNoTestData;
    const Listing listing = list_packages(*data / "models/yolov8n-seg-320/yolov8n-seg.onnx");
    ASSERT_EQ(listing.packages.size(), 1);
    const Package& package = listing.packages[0];
    EXPECT_EQ(package.architecture, "yolov8");
    EXPECT_EQ(package.task, TaskType::instance_segmentation);
    EXPECT_EQ(package.onnx->opset, 20);
    const PackageContents contents = read_package_contents(package);
    EXPECT_EQ(contents.class_names.size(), 80);
    EXPECT_EQ(contents.pre_processing.network_size, (ImageSize{320, 320}));
    EXPECT_EQ(contents.pre_processing.padding_value, 114);
    EXPECT_EQ(contents.pre_processing.scaling_factor, 255.0F);
}

class ListPackages : public ::testing::Test {
protected:
    [[nodiscard]] Error error(const fs::path& path) const {
        return error_of([&] { static_cast<void>(list_packages(path)); });
    }

    TemporaryDirectory temporary_;
    fs::path root_ = temporary_.path();
};

std::vector<std::string> ids(const Listing& listing) {
    std::vector<std::string> found;
    for (const Package& package : listing.packages) found.push_back(package.id);
    return found;
}

TEST_F(ListPackages, FindsSubdirectoriesAndLooseFilesInOrder) {
    write_onnx_package(root_ / "model/onnx-b");
    write_onnx_package(root_ / "model/onnx-a");
    write_onnx_package(root_ / "model/.hidden");
    fs::create_directories(root_ / "model/pictures");
    OnnxNetwork network = small_detector();
    network.metadata = ultralytics_metadata(kTwoNames);
    write_file(root_ / "model/best.onnx", build_onnx(network));
    write_file(root_ / "model/best.pt", "PK\x03\x04 best/data.pkl PK\x05\x06");
    write_file(root_ / "model/README.md", "about");
    write_file(root_ / "model/notes.xml", "<?xml version=\"1.0\"?><notes/>");
    write_file(root_ / "model/.best.onnx", "half of a download");
    const Listing listing = list_packages(root_ / "model");
    EXPECT_EQ(listing.model_id, "model");
    EXPECT_THAT(ids(listing), ElementsAre("best.onnx", "best.pt", "onnx-a", "onnx-b"));
    for (const Package& package : listing.packages) EXPECT_FALSE(package.problem) << package.id;
}

TEST_F(ListPackages, EndingsMayBeInUpperCase) {
    OnnxNetwork network = small_detector();
    network.metadata = ultralytics_metadata(kTwoNames);
    write_file(root_ / "BEST.ONNX", build_onnx(network));
    write_file(root_ / "last.Pt", "PK\x03\x04 last/data.pkl PK\x05\x06");
    const Listing listing = list_packages(root_);
    ASSERT_THAT(ids(listing), ElementsAre("BEST.ONNX", "last.Pt"));
    EXPECT_EQ(listing.packages[0].format, PackageFormat::onnx);
    EXPECT_EQ(listing.packages[1].format, PackageFormat::ultralytics);
}

TEST_F(ListPackages, WhatIsNoFileDoesNotHideTheOthers) {
    write_onnx_package(root_ / "whole");
    for (const char* const name : {"dangling.onnx", "dangling.xml"})
        fs::create_symlink(root_ / "nowhere", root_ / name);
    for (const char* const name : {"pipe.onnx", "pipe.xml"}) ASSERT_EQ(::mkfifo((root_ / name).c_str(), 0600), 0);
    fs::create_directory_symlink(root_, root_ / "circle");
    fs::create_symlink("loop.xml", root_ / "loop.xml");
    const Listing listing = list_packages(root_);
    EXPECT_THAT(ids(listing), ElementsAre("whole"));
    EXPECT_FALSE(listing.packages.at(0).problem);
}

/// Without root's right to read everything, while it lives.
class OrdinaryUser {
public:
    OrdinaryUser() { static_cast<void>(::seteuid(kNobody)); }
    ~OrdinaryUser() { static_cast<void>(::seteuid(before_)); }
    OrdinaryUser(const OrdinaryUser&) = delete;
    OrdinaryUser& operator=(const OrdinaryUser&) = delete;

private:
    static constexpr ::uid_t kNobody = 65'534;
    ::uid_t before_ = ::geteuid();
};

TEST_F(ListPackages, AFileThatMayNotBeReadIsItsOwnProblem) {
    write_onnx_package(root_ / "whole");
    write_file(root_ / "best.onnx", "secret");
    write_file(root_ / "best.xml", "secret");
    fs::permissions(root_, fs::perms{0755});  // for nobody, too
    for (const char* const name : {"best.onnx", "best.xml"}) fs::permissions(root_ / name, fs::perms::none);
    const OrdinaryUser user;
    if (::eaccess(root_.c_str(), X_OK) != 0 || std::ifstream(root_ / "best.xml").is_open()) {
        GTEST_SKIP() << "no file can be closed to this user";
    }
    const Listing listing = list_packages(root_);
    ASSERT_THAT(ids(listing), ElementsAre("best.onnx", "best.xml", "whole"));
    for (const std::size_t index : {0U, 1U}) {
        const Package& package = listing.packages[index];
        ASSERT_TRUE(package.problem) << package.id;
        expect_error(*package.problem, ErrorKind::io_failure, package.path.string(), "cannot be opened");
    }
    EXPECT_EQ(listing.packages[1].format, PackageFormat::openvino_ir);
    EXPECT_FALSE(listing.packages[2].problem);
}

TEST_F(ListPackages, TheNameOfTheModelIsTheDirectorys) {
    write_onnx_package(root_ / "model");
    EXPECT_EQ(list_packages(root_ / "model/").model_id, "model");
    EXPECT_EQ(list_packages(root_ / "model/../model/.").model_id, "model");
    EXPECT_EQ(list_packages(root_ / "model/").packages.at(0).id, "model");
}

TEST_F(ListPackages, ABrokenPackageAmongOthersCarriesItsProblem) {
    write_onnx_package(root_ / "whole");
    write_onnx_package(root_ / "broken");
    write_file(root_ / "broken/weights.onnx", "");
    const Listing listing = list_packages(root_);
    ASSERT_THAT(ids(listing), ElementsAre("broken", "whole"));
    ASSERT_TRUE(listing.packages[0].problem);
    expect_error(*listing.packages[0].problem, ErrorKind::corrupted_package, (root_ / "broken/weights.onnx").string(),
                 "an empty file");
    EXPECT_EQ(listing.packages[0].architecture, "yolov8");
    EXPECT_FALSE(listing.packages[1].problem);
}

TEST_F(ListPackages, ASingleBrokenPackageIsThrown) {
    write_onnx_package(root_ / "model/broken");
    fs::remove(root_ / "model/broken/class_names.txt");
    expect_error(error(root_ / "model"), ErrorKind::corrupted_package,
                 (root_ / "model/broken/class_names.txt").string(), "is missing");
}

TEST_F(ListPackages, AnEmptyDirectoryHoldsNoModel) {
    expect_error(error(root_), ErrorKind::model_not_found, root_.string(), "holds no model");
    EXPECT_THAT(error(root_).hint(), HasSubstr("model_config.json"));
    write_file(root_ / "README.md", "about");
    expect_error(error(root_), ErrorKind::model_not_found, root_.string(), "holds no model");
}

TEST_F(ListPackages, AMissingPathSuggestsWhatIsNamedLikeIt) {
    write_onnx_package(root_ / "yolov8n-640");
    write_onnx_package(root_ / "segmentation");
    const Error near = error(root_ / "yolov8n_640");
    expect_error(near, ErrorKind::model_not_found, (root_ / "yolov8n_640").string(), "nothing at");
    EXPECT_THAT(near.hint(), HasSubstr("Did you mean " + (root_ / "yolov8n-640").string() + "?"));
    EXPECT_THAT(error(root_ / "YOLOv8n-640").hint(), HasSubstr((root_ / "yolov8n-640").string()));
    EXPECT_THAT(error(root_ / "yolov8n").hint(), HasSubstr((root_ / "yolov8n-640").string()));
    EXPECT_THAT(error(root_ / "resnet").hint(), HasSubstr("Give the path"));
    const Error further = error(root_ / "yolov8n-64/weights.onnx");
    EXPECT_THAT(further.message(), HasSubstr("has no `yolov8n-64`"));
    EXPECT_THAT(further.hint(), HasSubstr((root_ / "yolov8n-640").string()));
}

TEST_F(ListPackages, WhatNamesNoPathIsNotFound) {
    for (const char* const id : {"yolov8n-640", "workspace/project/3"}) {
        expect_error(error(id), ErrorKind::model_not_found, id, "nothing at");
    }
    EXPECT_EQ(error("").kind(), ErrorKind::model_not_found);
    EXPECT_EQ(error(std::string(5000, 'a')).kind(), ErrorKind::io_failure);
}

TEST_F(ListPackages, WhatIsNeitherFileNorDirectoryIsRefused) {
    const fs::path pipe = root_ / "pipe.onnx";  // to open it would wait for ever
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    expect_error(error(pipe), ErrorKind::model_not_found, pipe.string(), "neither a file nor a directory");
    expect_error(error(root_), ErrorKind::model_not_found, root_.string(), "holds no model");
}

}  // namespace
}  // namespace inference_models::formats
