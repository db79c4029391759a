#include "common/printable.hpp"

#include <gtest/gtest.h>

namespace inference_models {
namespace {

TEST(Printable, KeepsWhatIsReadable) {
    for (const char* text : {"", "plain ~!", "größe 模型 \xF0\x9F\x90\xBF", "\xC2\xA0", "\xEF\xBF\xBD"}) {
        EXPECT_EQ(printable(text), text);
    }
}

TEST(Printable, IsOneLine) {
    EXPECT_EQ(printable("a\nb\tc"), "a b c");
}

TEST(Printable, ReplacesControlCharactersOfBothRanges) {
    EXPECT_EQ(printable("\x1b[2J"), "?[2J");
    EXPECT_EQ(printable("a\r\x07\x7f"), "a???");
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
    EXPECT_EQ(printable("\xC2\x80\xC2\x9B\xC2\x9F"), "???");
}

TEST(Printable, ReplacesEveryByteThatIsNotUtf8) {
    const auto replaced = [](std::size_t bytes) {
        std::string text;
        for (std::size_t i = 0; i < bytes; ++i) text += "\xEF\xBF\xBD";
        return text;
    };
    for (const std::string_view invalid : {"\xff", "\x80", "\xC3", "\xC0\xAF", "\xE2\x82", "\xED\xA0\x80",
                                           "\xF0\x80\x80\xAF", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80"}) {
        EXPECT_EQ(printable(invalid), replaced(invalid.size()));
    }
    EXPECT_EQ(printable("\xE2\x82\x1b"), replaced(2) + "?");  // a character cut short hides nothing
}

}  // namespace
}  // namespace inference_models
