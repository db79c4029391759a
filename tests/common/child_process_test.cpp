// Children end with the process that started them, and say how they ended.
#include "common/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "common/file_descriptor.hpp"
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

/// A file without a name, as a process is given one.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view text) : file_(::memfd_create("test", MFD_CLOEXEC)) {
        EXPECT_EQ(::write(file_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
        ::lseek(file_.get(), 0, SEEK_SET);
    }

    [[nodiscard]] int get() const { return file_.get(); }
    [[nodiscard]] std::string text() const {
        std::string text(65536, '\0');
        text.resize(static_cast<std::size_t>(::pread(file_.get(), text.data(), text.size(), 0)));
        return text;
    }

private:
    FileDescriptor file_;
};

TEST(ChildProcess, HasWhatItIsGivenInItsPlaces) {
    const MemoryFile input("input");
    const MemoryFile output("");
    const MemoryFile errors("");
    const MemoryFile data("data");
    ASSERT_EQ(::setenv("CHILD_PROCESS_TEST", "before", 1), 0);
    const char* const script =
        "cat; cat <&3; echo $CHILD_PROCESS_TEST $ANOTHER; echo err >&2; ls -l /proc/self/fd | grep -c memfd";
    EXPECT_EQ(run_process({.arguments = {"/bin/sh", "-c", script},
                           .environment = {{"CHILD_PROCESS_TEST", "after"}, {"ANOTHER", "a=b"}},
                           .input = input.get(),
                           .output = output.get(),
                           .errors = errors.get(),
                           .data = data.get()},
                          ""),
              0);
    // 0, 2 and 3, and the pipe in the place of 1: none of them is open twice.
    EXPECT_EQ(output.text(), "inputdataafter a=b\n3\n");
    EXPECT_EQ(errors.text(), "err\n");
    EXPECT_STREQ(std::getenv("CHILD_PROCESS_TEST"), "before");
}

/// Of two variables of one name some programs take the first, and some the last.
TEST(ChildProcess, AVariableThatIsSetAnewIsThereOnce) {
    const MemoryFile output("");
    ASSERT_EQ(::setenv("CHILD_PROCESS_TEST", "before", 1), 0);
    EXPECT_EQ(run_process({.arguments = {"/usr/bin/env"},
                           .environment = {{"CHILD_PROCESS_TEST", "after"}},
                           .output = output.get(),
                           .errors = output.get()},
                          ""),
              0);
    EXPECT_THAT(output.text(), testing::HasSubstr("CHILD_PROCESS_TEST=after\n"));
    EXPECT_THAT(output.text(), testing::Not(testing::HasSubstr("CHILD_PROCESS_TEST=before")));
}

/// Whoever closed its standard input may be given its number for something else.
TEST(ChildProcess, DescriptorsMayLieWhereOthersBelong) {
    const TemporaryDirectory place;
    const pid_t child = ::fork();
    if (child == 0) {
        const int output = ::open((place.path() / "output").c_str(), O_WRONLY | O_CREAT, 0600);
        const int data = ::open("/proc/self/comm", O_RDONLY);
        ::dup2(output, 3);  // where the data belongs
        ::dup2(data, 1);    // where the output belongs
        const auto status = run_process(
            {.arguments = {"/bin/sh", "-c", "cat <&3"}, .environment = {}, .output = 3, .errors = 2, .data = 1}, "");
        ::_exit(status.value_or(99));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_THAT(text_of(place.path() / "output"), testing::StartsWith("common"));  // the name of this test's program
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
