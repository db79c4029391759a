#include "hub/checked_names.hpp"

#include <gmock/gmock.h>

#include <inference_models/error.hpp>
#include <string>

#include "support/errors.hpp"

namespace inference_models::hub {
namespace {

using namespace tests;
using namespace std::string_literals;

TEST(CheckedNames, AModelIdIsOneToFourWords) {
    for (const auto& id :
         {"yolov8n-640"s, "workspace/project/3"s, "a/b/c/d"s, "v1.5_x"s, "x.."s, std::string(255, 'a')}) {
        EXPECT_TRUE(is_model_id(id)) << id;
    }
    for (const auto& id : {""s,     "."s,         ".."s,      "../x"s,   "a/../b"s, "/a"s,   "a/"s,
                           "a//b"s, "a/b/c/d/e"s, ".hidden"s, "a/.b"s,   "a b"s,    "a\\b"s, "a?x=1"s,
                           "a#b"s,  "a%2e"s,      "a:b"s,     "\u00e4"s, "a\n"s,    "a\0b"s, std::string(256, 'a')}) {
        EXPECT_FALSE(is_model_id(id)) << id;
    }
}

TEST(CheckedNames, AnIdThatIsNoneIsExplainedWithoutItsControlCharacters) {
    EXPECT_NO_THROW(expect_model_id("workspace/project/3"));
    const Error error = error_of([] { expect_model_id("../\x1b[31m" + std::string(5000, 'x')); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    EXPECT_THAT(error.message(), testing::StartsWith("`../?[31mxx"));
    EXPECT_LT(error.message().size(), 200U);
    EXPECT_THAT(error.hint(), testing::HasSubstr("one to four words"));
}

TEST(CheckedNames, APackageIdIsOneWord) {
    for (const auto& id : {"a1B2"s, "onnx-fp32_v1.0"s, std::string(200, 'a')}) EXPECT_TRUE(is_package_id(id)) << id;
    for (const auto& id : {""s, "a/b"s, ".."s, ".x"s, "a b"s, std::string(201, 'a')})
        EXPECT_FALSE(is_package_id(id)) << id;
}

TEST(CheckedNames, AFileHandleStaysInsideOfItsPackage) {
    for (const auto& handle : {"weights.onnx"s, "vit/config.json"s, "a/b/c/d"s})
        EXPECT_TRUE(is_file_handle(handle)) << handle;
    for (const auto& handle : {""s, "../../x"s, "/etc/passwd"s, "a/../../x"s, "./a"s, ".package.json"s, "a/b/c/d/e"s,
                               "C:\\x"s, "a\0"s, "a/"s + std::string(201, 'x')}) {
        EXPECT_FALSE(is_file_handle(handle)) << handle;
    }
}

TEST(CheckedNames, AUrlIsHttpWithAHost) {
    for (const auto& url :
         {"https://a.b/c?d=e#f"s, "http://127.0.0.1:8000"s, "http://[::1]:80/x"s, "https://x?y={z}|"s}) {
        EXPECT_TRUE(is_http_url(url)) << url;
    }
    for (const auto& url : {""s, "file:///etc/passwd"s, "ftp://x/y"s, "/x"s, "x.org/y"s, "http://"s, "https:///x"s,
                            "http://:80/"s, "http://user:password@x/"s, "http://a b"s, "http://a\r\nHost: b"s,
                            "http://a\0b"s, "http://\u00e4"s, "https://x/" + std::string(16'384, 'x')}) {
        EXPECT_FALSE(is_http_url(url)) << url;
    }
}

}  // namespace
}  // namespace inference_models::hub
