#include <gtest/gtest.h>

#include <inference_models/error.hpp>

namespace inference_models {
namespace {

TEST(Error, SaysNothingThatSteersATerminal) {
    const Error error(ErrorKind::corrupted_package, "a\x1b", "states `\x1b[2J` twice\n\r\x07 in line 2\xff",
                      "mend\xC2\x9B it\nthere\t");
    EXPECT_EQ(error.message(), "states `?[2J` twice\n?? in line 2\xEF\xBF\xBD");
    EXPECT_EQ(error.hint(), "mend? it\nthere ");
    EXPECT_EQ(std::string(error.what()), error.message() + "\n" + error.hint());
    EXPECT_EQ(error.subject(), "a\x1b");  // a path, say, that somebody may want to open
}

TEST(Error, LeavesReadableTextAlone) {
    const Error error(ErrorKind::io_failure, "x", "größe\n  模型\n\n", "");
    EXPECT_EQ(error.message(), "größe\n  模型\n\n");
    EXPECT_EQ(std::string(error.what()), error.message());
}

}  // namespace
}  // namespace inference_models
