#include "common/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <inference_models/error.hpp>
#include <string_view>

#include "common/file_descriptor.hpp"

namespace inference_models {
namespace {

/// What a child has open, by its descriptors from 0 on; negative: nothing.
using Descriptors = std::array<int, 4>;

/// In the child: every descriptor goes out of the way first, since one may lie where another one belongs.
bool place(Descriptors descriptors) {
    constexpr int kOutOfTheWay = 10;
    for (int& descriptor : descriptors) {
        if (descriptor < 0) continue;
        descriptor = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kOutOfTheWay);
        if (descriptor < 0) return false;
    }
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
        if (descriptors[i] >= 0 && ::dup2(descriptors[i], static_cast<int>(i)) < 0) return false;
    }
    return true;
}

/// In the child, between fork and exec: only what is allowed there. Returns the errno of what failed.
int become(char* const* words, char* const* environment, Descriptors descriptors, pid_t parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
    if (::getppid() != parent) ::_exit(1);  // it ended before
    sigset_t none{};
    ::sigemptyset(&none);
    if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0)
        return errno;  // Ctrl-C is to end it, whatever thread starts it
    if (descriptors[STDIN_FILENO] < 0) descriptors[STDIN_FILENO] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (descriptors[STDIN_FILENO] < 0 || !place(descriptors)) return errno;
    ::execve(words[0], words, environment);
    return errno;
}

std::optional<int> end_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return std::nullopt;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// `NAME=value` of this process, but for the names that are set anew, and these.
std::vector<std::string> environment_of(const ChildProcess& process) {
    std::vector<std::string> all;
    for (char** each = ::environ; each != nullptr && *each != nullptr; ++each) {
        const std::string_view entry = *each;
        const std::string_view name = entry.substr(0, entry.find('='));
        const bool is_set_anew =
            std::ranges::any_of(process.environment, [&](const auto& variable) { return variable.first == name; });
        if (!is_set_anew) all.emplace_back(entry);
    }
    for (const auto& [name, value] : process.environment) all.push_back(fmt::format("{}={}", name, value));
    return all;
}

/// As exec takes them; they point into the texts.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

Error cannot_start(const std::string& program, int code, const std::string& hint) {
    return {ErrorKind::engine_failure, program, fmt::format("{} cannot be started: {}", program, std::strerror(code)),
            hint};
}

}  // namespace

std::optional<int> run_process(const ChildProcess& process, const std::string& hint) {
    std::vector<std::string> arguments = process.arguments;
    std::vector<std::string> variables = environment_of(process);
    const std::vector<char*> words = pointers_to(arguments);
    const std::vector<char*> environment = pointers_to(variables);
    const Descriptors descriptors{process.input, process.output, process.errors, process.data};
    // Closed by exec; what does not come so far says why.
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw cannot_start(arguments[0], errno, hint);
    const FileDescriptor reading(ends[0]);
    // Beyond where the child's own descriptors are put.
    FileDescriptor writing(::fcntl(ends[1], F_DUPFD_CLOEXEC, 20));
    ::close(ends[1]);
    if (writing.get() < 0) throw cannot_start(arguments[0], errno, hint);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw cannot_start(arguments[0], errno, hint);
    if (child == 0) {
        const int problem = become(words.data(), environment.data(), descriptors, parent);
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
    if (count == sizeof(problem)) throw cannot_start(arguments[0], problem, hint);
    return status;
}

std::optional<int> run_process(std::vector<std::string> arguments, const std::filesystem::path& output,
                               const std::string& hint) {
    const FileDescriptor file(::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.get() < 0) throw cannot_start(arguments[0], errno, hint);
    ChildProcess process;
    process.arguments = std::move(arguments);
    process.output = file.get();
    process.errors = file.get();
    return run_process(process, hint);
}

}  // namespace inference_models
