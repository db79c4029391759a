#include "benchmark/worker_process.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <inference_models/error.hpp>
#include <string_view>

#include "common/child_process.hpp"
#include "common/our_library.hpp"
#include "engines/engine_catalog.hpp"

namespace inference_models::benchmark {
namespace {

constexpr std::size_t kLongestAnswer = std::size_t{256} << 20U;
constexpr std::size_t kLongestComplaint = std::size_t{64} << 10U;

Error no_memory(const char* purpose) {
    return {ErrorKind::io_failure, purpose, fmt::format("there is no memory for {}: {}", purpose, std::strerror(errno)),
            "Free some memory, or give fewer or smaller images."};
}

int memory_file(const char* purpose) {
    const int descriptor = ::memfd_create(purpose, MFD_CLOEXEC);
    if (descriptor < 0) throw no_memory(purpose);
    return descriptor;
}

void append(int descriptor, std::span<const std::uint8_t> bytes, const char* purpose) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw no_memory(purpose);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

/// What a process wrote: the end of it where it is longer.
std::string text_in(int descriptor, std::size_t longest) {
    const off_t size = ::lseek(descriptor, 0, SEEK_END);
    if (size <= 0) return {};
    std::string text(std::min(static_cast<std::size_t>(size), longest), '\0');
    const ssize_t count = ::pread(descriptor, text.data(), text.size(), size - static_cast<off_t>(text.size()));
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

std::string_view last_line_of(std::string_view text) {
    const std::size_t end = text.find_last_not_of(" \r\n");
    if (end == std::string_view::npos) return "";
    text = text.substr(0, end + 1);
    return text.substr(text.rfind('\n') + 1);
}

/// One row as blue, green and red.
void append_row(std::vector<std::uint8_t>& pixels, std::span<const std::uint8_t> row, ColorFormat format) {
    switch (format) {
        case ColorFormat::bgr: pixels.insert(pixels.end(), row.begin(), row.end()); return;
        case ColorFormat::rgb:
            for (std::size_t i = 0; i + 2 < row.size(); i += 3) {
                pixels.insert(pixels.end(), {row[i + 2], row[i + 1], row[i]});
            }
            return;
        case ColorFormat::gray:
            for (const std::uint8_t value : row) pixels.insert(pixels.end(), {value, value, value});
    }
}

Error ended_without_answer(const Worker& worker, std::optional<int> status, std::string_view complaint) {
    constexpr int kSignal = 128;
    const std::string how = !status             ? "ended"
                            : *status > kSignal ? fmt::format("was ended by signal {}", *status - kSignal)
                                                : fmt::format("ended with the status {}", *status);
    if (status == kSignal + SIGINT || status == kSignal + SIGTERM) {
        return {ErrorKind::cancelled, worker.command.front(), "the measurement was interrupted",
                "Nothing of it was kept."};
    }
    if (status == kSignal + SIGKILL) {
        return {ErrorKind::io_failure, worker.command.front(),
                "the process that measures it was killed, as the system does where memory runs out",
                "Give it more memory, or end what else uses it, and measure again."};
    }
    return {ErrorKind::engine_failure, worker.command.front(),
            fmt::format("the process that measures it {} without an answer{}{}", how, complaint.empty() ? "" : ": ",
                        complaint),
            "Run the model with `inference-models predict` in the same way to see what happens."};
}

}  // namespace

SharedImages::SharedImages(std::span<const NamedImage> images) : memory_(memory_file("the images")) {
    for (const NamedImage& image : images) {
        const ImageView& view = image.pixels;
        std::vector<std::uint8_t> pixels;
        pixels.reserve(static_cast<std::size_t>(view.width()) * static_cast<std::size_t>(view.height()) * 3);
        for (std::int32_t y = 0; y < view.height(); ++y) append_row(pixels, view.row(y), view.format());
        append(memory_.get(), pixels, "the images");
        sizes_.push_back(view.size());
    }
}

Worker worker_for(const EngineRuntime& runtime) {
    constexpr std::string_view kProgram = "inference-models";
    const auto library = path_of_our_library();
    const auto program = installed_program(library, kProgram);
    if (program.empty()) {
        throw Error(ErrorKind::io_failure, library.string(),
                    fmt::format("the program {}, whose processes measure, is not installed with {}", kProgram,
                                library.string()),
                    "Install the program and the library together.");
    }
    return {{program.string(), "benchmark-worker"},
            {{std::string(engines::traits(runtime.engine).library_variable), runtime.library.string()}}};
}

Answer ask(const Worker& worker, const std::string& job, const SharedImages& images) {
    const FileDescriptor input(memory_file("a job"));
    const FileDescriptor output(memory_file("an answer"));
    const FileDescriptor errors(memory_file("messages"));
    append(input.get(), std::span(reinterpret_cast<const std::uint8_t*>(job.data()), job.size()), "a job");
    ::lseek(input.get(), 0, SEEK_SET);
    Answer answer;
    answer.started = std::chrono::steady_clock::now().time_since_epoch();
    const std::optional<int> status = run_process({.arguments = worker.command,
                                                   .environment = worker.environment,
                                                   .input = input.get(),
                                                   .output = output.get(),
                                                   .errors = errors.get(),
                                                   .data = images.descriptor()},
                                                  "Install the program and the library together.");
    answer.text = text_in(output.get(), kLongestAnswer);
    if (answer.text.empty() || status.value_or(0) != 0) {
        const std::string complaint = text_in(errors.get(), kLongestComplaint);
        throw ended_without_answer(worker, status, last_line_of(complaint));
    }
    return answer;
}

}  // namespace inference_models::benchmark
