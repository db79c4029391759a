#include "common/shell_quoting.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace inference_models {
namespace {

/// What a shell makes of a word.
std::string echoed(const std::string& word) {
    std::FILE* const pipe = ::popen(("printf %s " + word).c_str(), "r");
    std::string text;
    std::array<char, 256> buffer{};
    while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
        text.append(buffer.data(), count);
    }
    ::pclose(pipe);
    return text;
}

TEST(ShellQuoted, AShellSeesTheTextAsItWas) {
    for (const char* text : {"plain", "/my runs/best.pt", "tensorrt-cu12>=10,<11", "it's", "$HOME `id` \"x\" \\", "*",
                             "~", "a;b&c|d", "-x", "#", "[cuda]", "größe", "a\nb", "''", "!!"}) {
        EXPECT_EQ(echoed(shell_quoted(text)), text);
    }
}

TEST(ShellQuoted, OnlyWhereItHasToBe) {
    EXPECT_EQ(shell_quoted("/opt/venv/bin/pip-3.11"), "/opt/venv/bin/pip-3.11");
    EXPECT_EQ(shell_quoted("a b"), "'a b'");
    EXPECT_EQ(shell_quoted(""), "''");
}

}  // namespace
}  // namespace inference_models
