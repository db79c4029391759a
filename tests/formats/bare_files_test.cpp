#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "formats/package.hpp"
#include "formats/package_maker.hpp"
#include "formats/ultralytics_metadata.hpp"

namespace inference_models::formats {
namespace {

namespace fs = std::filesystem;
using namespace tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BareFile : public ::testing::Test {
protected:
    BareFile() {
        network_ = small_detector();
        network_.metadata = ultralytics_metadata(kTwoNames);
        network_.metadata["imgsz"] = "[32, 64]";
    }

    [[nodiscard]] Package listed() const {
        write_file(path_, build_onnx(network_));
        return list_packages(path_).packages.at(0);
    }
    [[nodiscard]] PackageContents contents() const { return read_package_contents(listed()); }
    [[nodiscard]] Error listing_error() const {
        return error_of([this] { static_cast<void>(listed()); });
    }
    [[nodiscard]] Error contents_error() const {
        return error_of([this] { static_cast<void>(contents()); });
    }
    void answer(std::vector<std::int64_t> shape) {
        std::size_t count = 1;
        for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
        network_.outputs = {
            OnnxOutput{.name = "output0", .shape = std::move(shape), .values = std::vector<float>(count)}};
    }

    TemporaryDirectory temporary_;
    fs::path path_ = temporary_.path() / "best.onnx";
    OnnxNetwork network_;
};

TEST_F(BareFile, IsReadByItsMetadata) {
    const Package package = listed();
    EXPECT_EQ(package.id, "best.onnx");
    EXPECT_EQ(package.architecture, "yolov8");
    EXPECT_EQ(package.task, TaskType::object_detection);
    EXPECT_EQ(package.quantization, Precision::fp32);
    EXPECT_EQ(package.batch, (BatchRule{1, 1}));
    const PackageContents read = read_package_contents(package);
    EXPECT_THAT(read.class_names, ElementsAre("person", "car"));
    EXPECT_EQ(read.pre_processing.resize_mode, vision::ResizeMode::letterbox);
    EXPECT_EQ(read.pre_processing.letterbox_geometry, vision::LetterboxGeometry::round);
    EXPECT_EQ(read.pre_processing.network_size, (ImageSize{.width = 64, .height = 32}));
    EXPECT_EQ(read.pre_processing.padding_value, 114);
    EXPECT_EQ(read.pre_processing.network_color, ColorFormat::rgb);
    EXPECT_EQ(read.pre_processing.scaling_factor, 255.0F);
    EXPECT_FALSE(read.pre_processing.normalization);
    EXPECT_FALSE(read.post_processing.fused_nms);
}

TEST_F(BareFile, ItsContentCountsNotItsEnding) {
    path_ = temporary_.path() / "0123456789abcdef";
    EXPECT_EQ(listed().architecture, "yolov8");
    path_ = temporary_.path() / "network.pt";
    EXPECT_EQ(listed().format, PackageFormat::onnx);
}

TEST_F(BareFile, DynamicSizesAreTakenFromTheMetadata) {
    network_.batch.reset();
    network_.height.reset();
    network_.width.reset();
    network_.metadata["imgsz"] = "[96, 128]";
    EXPECT_EQ(listed().batch, (BatchRule{1, std::nullopt}));
    EXPECT_EQ(contents().pre_processing.network_size, (ImageSize{.width = 128, .height = 96}));
    network_.metadata["imgsz"] = "160";
    EXPECT_EQ(contents().pre_processing.network_size, (ImageSize{.width = 160, .height = 160}));
    network_.metadata.erase("imgsz");
    expect_error(contents_error(), ErrorKind::corrupted_package, path_.string(), "`imgsz`");
}

TEST_F(BareFile, OtherSizesNeedFreeSidesAndAStride) {
    network_.metadata["imgsz"] = "[96, 128]";
    network_.metadata["stride"] = "32";
    EXPECT_EQ(listed().sizes.value().stride, std::nullopt);  // 64x32 alone
    network_.height.reset();
    EXPECT_EQ(listed().sizes.value().stride, std::nullopt);
    network_.width.reset();
    EXPECT_EQ(listed().sizes.value().own, (ImageSize{.width = 128, .height = 96}));
    EXPECT_EQ(listed().sizes.value().stride, 32);
    EXPECT_TRUE(listed().sizes.value().letterboxed);
    network_.metadata.erase("stride");
    EXPECT_EQ(listed().sizes.value().stride, std::nullopt);
    for (const char* const stride : {"0", "-32", "16385", "32.5", "[8, 16, 32]", "'32'"}) {
        network_.metadata["stride"] = stride;
        expect_error(listing_error(), ErrorKind::corrupted_package, path_.string() + ": metadata stride",
                     "is not a number of pixels from 1 to 16384");
    }
}

TEST_F(BareFile, TheGraphStandsAboveTheMetadata) {
    network_.metadata["imgsz"] = "[640, 640]";
    network_.metadata["batch"] = "16";
    EXPECT_EQ(listed().batch, (BatchRule{1, 1}));
    EXPECT_EQ(contents().pre_processing.network_size, (ImageSize{.width = 64, .height = 32}));
}

TEST_F(BareFile, ABatchBeyondAnyNetworksIsRefused) {
    network_.batch = 65'536;
    EXPECT_EQ(listed().batch, (BatchRule{65'536, 65'536}));
    network_.batch = 65'537;
    expect_error(listing_error(), ErrorKind::corrupted_package, path_.string(), "65537 images per run");
}

TEST_F(BareFile, AnInputThatNoMemoryHoldsIsRefused) {
    network_.height = network_.width = 16'384;
    network_.batch = 5;
    EXPECT_EQ(contents().pre_processing.network_size, (ImageSize{.width = 16'384, .height = 16'384}));
    network_.batch = 6;
    expect_error(contents_error(), ErrorKind::corrupted_package, path_.string(), "6 images of 16384x16384");
}

TEST_F(BareFile, FusedNmsIsSeenInShapeOrMetadata) {
    answer({1, 300, 6});
    EXPECT_TRUE(contents().post_processing.fused_nms);
    network_.metadata["args"] = "{'nms': True, 'batch': 1}";
    EXPECT_TRUE(contents().post_processing.fused_nms);
    answer({1, 6, 5});
    expect_error(contents_error(), ErrorKind::corrupted_package, path_.string(), "[1, 6, 5]");
    network_.metadata["args"] = "{'nms': None}";
    EXPECT_FALSE(contents().post_processing.fused_nms);
    network_.metadata["end2end"] = "True";
    answer({1, 300, 6});
    EXPECT_TRUE(contents().post_processing.fused_nms);
}

TEST_F(BareFile, NamesAreOrderedByTheirNumbers) {
    network_.metadata["names"] = "{1: 'car', 0: 'person'}";
    EXPECT_THAT(contents().class_names, ElementsAre("person", "car"));
    network_.metadata["names"] = "['person', 'car']";
    EXPECT_THAT(contents().class_names, ElementsAre("person", "car"));
}

TEST_F(BareFile, NamesThatMakeNoSenseAreRefused) {
    const std::pair<std::string, std::string> cases[]{
        {"{0: 'person', 2: 'car'}", "not numbered 0 to 1"},
        {"{0: 'person', 0: 'car'}", "not numbered 0 to 1"},
        {"{-1: 'person', 0: 'car'}", "not numbered 0 to 1"},
        {"{}", "no class names"},
        {"None", "no class names"},
        {"{0: 'person', 1: 2}", "does not give a text"},
        {"{'a': 'person'}", "does not give a text"},
        {"{0: ''}", "0 bytes"},
        {"{0: 'person'", "not a Python literal"},
        {"import os", "not a Python literal"},
    };
    for (const auto& [names, part] : cases) {
        network_.metadata["names"] = names;
        expect_error(listing_error(), ErrorKind::corrupted_package, path_.string() + ": metadata names", part);
    }
    network_.metadata["names"] = "{0: 'person', 1: 'car', 2: 'bus'}";
    expect_error(contents_error(), ErrorKind::corrupted_package, path_.string() + ": metadata names", "for 2 classes");
}

TEST_F(BareFile, ImageSizesThatMakeNoSenseAreRefused) {
    for (const char* const size :
         {"[0, 64]", "[64]", "[64, 64, 64]", "[-1, 64]", "'640'", "[64, 1000000]", "1e9", "None"}) {
        network_.metadata["imgsz"] = size;
        expect_error(listing_error(), ErrorKind::corrupted_package, path_.string() + ": metadata imgsz",
                     "is not a height");
    }
}

TEST_F(BareFile, MissingMetadataIsNamedAndTheWayOnWorks) {
    network_.metadata = {{"names", kTwoNames}};
    const Error error = listing_error();
    expect_error(error, ErrorKind::unsupported_model, path_.string(), "no `description`, no `task`");

    // What the hint says is done, word by word.
    const fs::path package = temporary_.path() / "package";
    fs::create_directory(package);
    for (const char* const name : {"model_config.json", "inference_config.json"}) {
        const std::size_t start = error.hint().find(std::string(name) + ": ");
        ASSERT_NE(start, std::string::npos) << error.hint();
        const std::string line = error.hint().substr(start, error.hint().find('\n', start) - start);
        write_file(package / name, line.substr(line.find('{')));
    }
    write_file(package / "class_names.txt", "person\ncar\n");
    network_.height = network_.width = 640;
    write_file(package / "weights.onnx", build_onnx(network_));
    const Listing listing = list_packages(package);
    EXPECT_EQ(read_package_contents(listing.packages.at(0)).class_names.size(), 2);
}

TEST_F(BareFile, AnUnknownTaskIsUnsupported) {
    network_.metadata["task"] = "obb";
    expect_error(listing_error(), ErrorKind::unsupported_model, path_.string() + ": metadata task", "`obb`");
    network_.metadata["task"] = "classify";
    EXPECT_EQ(listed().task, TaskType::classification);
    expect_error(contents_error(), ErrorKind::unsupported_model, path_.string(), "classifier");
}

TEST_F(BareFile, FormatsThatSayNothingOfTheirModelNeedAPackage) {
    for (const auto& [name, bytes] : {std::pair<std::string, std::string>{"a.engine", "ftrt"},
                                      {"a.plan", "anything"},
                                      {"a.torchscript", "PK\x03\x04 a/constants.pkl PK\x05\x06"},
                                      {"a.xml", "<?xml version=\"1.0\"?><net name=\"a\">"}}) {
        const fs::path file = temporary_.path() / name;
        write_file(file, bytes);
        const Error error = error_of([&] { static_cast<void>(list_packages(file)); });
        expect_error(error, ErrorKind::unsupported_model, file.string(), "nothing says which model");
        EXPECT_THAT(error.hint(), HasSubstr("inference_config.json"));
    }
}

TEST_F(BareFile, CheckpointsAreListedForSelectionToDecide) {
    const fs::path file = temporary_.path() / "best.pt";
    write_file(file, "PK\x03\x04 best/data.pkl PK\x05\x06");
    const Package package = list_packages(file).packages.at(0);
    EXPECT_EQ(package.format, PackageFormat::ultralytics);
    EXPECT_FALSE(package.problem);
    expect_error(error_of([&] { static_cast<void>(read_package_contents(package)); }), ErrorKind::unsupported_model,
                 file.string(), "`ultralytics`");
    const fs::path other = temporary_.path() / "rf-detr-nano.pth";
    write_file(other, "PK\x03\x04 archive/data.pkl PK\x05\x06");
    EXPECT_EQ(list_packages(other).packages.at(0).format, PackageFormat::rf_detr);
}

TEST_F(BareFile, AFileThatIsNoModelIsCalledByItsName) {
    const fs::path file = temporary_.path() / "best.pt";
    write_file(file, "<html><body>404</body></html>");
    expect_error(error_of([&] { static_cast<void>(list_packages(file)); }), ErrorKind::corrupted_package, file.string(),
                 "an HTML page");
}

TEST(Architecture, IsReadFromTheDescription) {
    EXPECT_EQ(architecture_of("Ultralytics YOLOv8n model trained on coco.yaml"), "yolov8");
    EXPECT_EQ(architecture_of("Ultralytics YOLOv8n model "), "yolov8");
    EXPECT_EQ(architecture_of("Ultralytics YOLOv8x-seg model trained on a.yaml"), "yolov8");
    EXPECT_EQ(architecture_of("Ultralytics YOLO11n-pose model"), "yolov11");
    EXPECT_EQ(architecture_of("Ultralytics YOLO12s model"), "yolov12");
    EXPECT_EQ(architecture_of("Ultralytics YOLO26n model"), "yolo26");
    EXPECT_EQ(architecture_of("Ultralytics YOLOv9c model"), "yolov9");
    EXPECT_EQ(architecture_of("Ultralytics YOLOv10n model"), "yolov10");
    EXPECT_EQ(architecture_of("Ultralytics YOLOv5nu model"), "yolov5u");
    EXPECT_EQ(architecture_of("Ultralytics RTDETR-l model"), "rtdetr-l");
    EXPECT_EQ(architecture_of("Ultralytics YOLO model"), "yolo");
    EXPECT_EQ(architecture_of("Ultralytics "), "");
    EXPECT_EQ(architecture_of(""), "");
}

}  // namespace
}  // namespace inference_models::formats
