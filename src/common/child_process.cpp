#include "common/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <inference_models/error.hpp>

#include "common/file_descriptor.hpp"

namespace inference_models {
namespace {

/// In the child, between fork and exec: only what is allowed there. Returns the errno of what failed.
int become(char* const* words, const char* output, pid_t parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
    if (::getppid() != parent) ::_exit(1);  // it ended before
    const int file = ::open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (file < 0 || nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(file, STDOUT_FILENO) < 0 ||
        ::dup2(file, STDERR_FILENO) < 0) {
        return errno;
    }
    ::execv(words[0], words);
    return errno;
}

std::optional<int> end_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return std::nullopt;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

std::optional<int> run_process(std::vector<std::string> arguments, const std::filesystem::path& output,
                               const std::string& hint) {
    const auto cannot_start = [&](int code) {
        return Error(ErrorKind::engine_failure, arguments[0],
                     fmt::format("{} cannot be started: {}", arguments[0], std::strerror(code)), hint);
    };
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    // Closed by exec; what does not come so far says why.
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw cannot_start(errno);
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw cannot_start(errno);
    if (child == 0) {
        const int problem = become(words.data(), output.c_str(), parent);
        const ssize_t ignored = ::write(writing.get(), &problem, sizeof(problem));
        ::_exit(ignored == sizeof(problem) ? 127 : 126);
    }
    static_cast<void>(writing.close());
    int problem = 0;
    ssize_t count = 0;
    do {
        count = ::read(reading.get(), &problem, sizeof(problem));
    } while (count < 0 && errno == EINTR);
    const std::optional<int> status = end_of(child);
    if (count == sizeof(problem)) throw cannot_start(problem);
    return status;
}

}  // namespace inference_models
