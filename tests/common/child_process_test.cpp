// Children end with the process that started them, and say how they ended.
#include "common/child_process.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include "support/errors.hpp"
#include "support/temporary_directory.hpp"

namespace inference_models {
namespace {

namespace fs = std::filesystem;
using tests::error_of;
using tests::TemporaryDirectory;

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ChildProcess, ItsOutputIsInTheFileAndItsStatusIsTold) {
    const TemporaryDirectory place;
    const fs::path output = place.path() / "output";
    EXPECT_EQ(run_process({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, output, ""), 3);
    EXPECT_EQ(text_of(output), "out\nerr\n");
    EXPECT_EQ(run_process({"/bin/sh", "-c", "kill -9 $$"}, output, ""), 128 + SIGKILL);
}

TEST(ChildProcess, NoShellReadsItsArguments) {
    const TemporaryDirectory place;
    const fs::path output = place.path() / "output";
    EXPECT_EQ(run_process({"/bin/echo", "$HOME; `id`"}, output, ""), 0);
    EXPECT_EQ(text_of(output), "$HOME; `id`\n");
}

TEST(ChildProcess, OneThatCannotBeStartedIsNamed) {
    const TemporaryDirectory place;
    const Error error = error_of(
        [&] { static_cast<void>(run_process({"/nowhere/python3"}, place.path() / "output", "Mend that Python.")); });
    EXPECT_EQ(error.kind(), ErrorKind::engine_failure);
    EXPECT_EQ(error.message(), "/nowhere/python3 cannot be started: No such file or directory");
    EXPECT_EQ(error.hint(), "Mend that Python.");
}

/// Whether a process is there and still runs.
bool runs(pid_t process) {
    const std::string status = text_of(fs::path("/proc") / std::to_string(process) / "stat");
    const std::size_t name_end = status.rfind(')');
    return name_end != std::string::npos && status.at(name_end + 2) != 'Z';
}

TEST(ChildProcess, IsKilledWithTheProcessThatStartedIt) {
    const TemporaryDirectory place;
    const fs::path output = place.path() / "output";
    const pid_t starter = ::fork();
    if (starter == 0) {
        static_cast<void>(run_process({"/bin/sh", "-c", "echo $$; exec sleep 600"}, output, ""));
        ::_exit(0);
    }
    std::string number;
    while (!number.ends_with('\n')) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        number = text_of(output);
    }
    const pid_t child = std::stoi(number);
    EXPECT_TRUE(runs(child));
    ::kill(starter, SIGKILL);
    ::waitpid(starter, nullptr, 0);
    for (int i = 0; i < 1000 && runs(child); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_FALSE(runs(child));
    if (runs(child)) ::kill(child, SIGKILL);
}

}  // namespace
}  // namespace inference_models
