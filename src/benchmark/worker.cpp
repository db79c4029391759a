#include "benchmark/worker.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <exception>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "benchmark/job.hpp"
#include "benchmark/job_json.hpp"
#include "benchmark/statistics.hpp"
#include "common/file_descriptor.hpp"

namespace inference_models::benchmark {
namespace {

using std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

/// What is needed of a measurement, however slow a model is.
constexpr std::size_t kFewestCalls = 5;

std::string read_all(int descriptor) {
    std::string text;
    std::array<char, 65536> buffer{};
    while (true) {
        const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw Error(ErrorKind::io_failure, "the job", std::strerror(errno), "");
        if (count == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

void write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw Error(ErrorKind::io_failure, "the answer", std::strerror(errno), "");
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

/// The images of a job, in memory that processes share.
class Pictures {
public:
    explicit Pictures(const std::vector<ImageSize>& sizes) {
        struct stat facts{};
        if (::fstat(kPixelsDescriptor, &facts) != 0) throw failure("cannot be read");
        size_ = static_cast<std::size_t>(facts.st_size);
        memory_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, kPixelsDescriptor, 0);
        if (memory_ == MAP_FAILED) throw failure("cannot be mapped");
        const auto* pixels = static_cast<const std::uint8_t*>(memory_);
        std::size_t left = size_;
        for (const ImageSize size : sizes) {
            const std::size_t bytes =
                static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) * kChannels;
            if (bytes > left) throw failure("end early");
            views_.emplace_back(pixels, size, ColorFormat::bgr);
            pixels += bytes;
            left -= bytes;
        }
        if (views_.empty()) throw failure("are none");
    }
    ~Pictures() { ::munmap(memory_, size_); }
    Pictures(const Pictures&) = delete;
    Pictures& operator=(const Pictures&) = delete;

    [[nodiscard]] const std::vector<ImageView>& views() const noexcept { return views_; }

    /// Those of a call, which take turns.
    [[nodiscard]] std::vector<ImageView> of_call(std::size_t call, std::size_t batch) const {
        std::vector<ImageView> chosen;
        for (std::size_t i = 0; i < batch; ++i) chosen.push_back(views_[(call * batch + i) % views_.size()]);
        return chosen;
    }

private:
    static constexpr std::size_t kChannels = 3;

    static Error failure(std::string_view what) {
        return {ErrorKind::io_failure, "the images", fmt::format("the images of the job {}", what), ""};
    }

    void* memory_ = MAP_FAILED;
    std::size_t size_ = 0;
    std::vector<ImageView> views_;
};

/// One call, as a caller sees it.
struct Call {
    double end_to_end_ms = 0;
    StageTimes stages;
};

Call call(const ObjectDetectionModel& model, const Job& job, std::span<const ImageView> images) {
    Call made;
    const auto start = steady_clock::now();
    static_cast<void>(model.infer(images, job.detection, &made.stages));
    made.end_to_end_ms = Milliseconds(steady_clock::now() - start).count();
    return made;
}

/// Runtimes optimise in their first runs, caches fill, and clocks rise.
class WarmUp {
public:
    void add(double milliseconds) {
        times_.push_back(milliseconds);
        spent_ms_ += milliseconds;
    }

    [[nodiscard]] bool is_over() const {
        constexpr std::size_t kFewest = 2 * kWindow;
        constexpr std::size_t kMost = 60;
        constexpr double kLongestMs = 3000;
        if (times_.size() >= kMost || (spent_ms_ >= kLongestMs && times_.size() >= 2)) return true;
        return times_.size() >= kFewest && is_stable();
    }

    [[nodiscard]] std::uint32_t calls() const { return static_cast<std::uint32_t>(times_.size()); }

private:
    static constexpr std::ptrdiff_t kWindow = 5;

    /// The median of the last calls is about that of those before.
    [[nodiscard]] bool is_stable() const {
        constexpr double kShare = 0.05;
        const double last = median({times_.end() - kWindow, times_.end()});
        const double before = median({times_.end() - 2 * kWindow, times_.end() - kWindow});
        return std::abs(last - before) <= kShare * before;
    }

    std::vector<double> times_;
    double spent_ms_ = 0;
};

/// An instance of the model, called again and again by one thread.
class Caller {
public:
    Caller(const ObjectDetectionModel& model, const Job& job, const Pictures& pictures)
        : model_(model), job_(job), pictures_(pictures) {}

    /// \returns how many calls that took
    std::uint32_t warm_up() {
        WarmUp warm_up;
        while (!warm_up.is_over()) warm_up.add(call_next().end_to_end_ms);
        return warm_up.calls();
    }

    void measure(JobResult& result) {
        const auto start = steady_clock::now();
        const auto until = start + job_.measured;
        for (std::size_t calls = 0; calls < kFewestCalls || steady_clock::now() < until; ++calls) {
            const Call made = call_next();
            result.end_to_end_ms.push_back(made.end_to_end_ms);
            result.pre_process_ms.push_back(Milliseconds(made.stages.pre_process).count());
            result.forward_ms.push_back(Milliseconds(made.stages.forward).count());
            result.post_process_ms.push_back(Milliseconds(made.stages.post_process).count());
        }
        const double seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
        result.images_per_second = static_cast<double>(result.end_to_end_ms.size() * job_.batch) / seconds;
    }

private:
    Call call_next() { return call(model_, job_, pictures_.of_call(next_++, job_.batch)); }

    const ObjectDetectionModel& model_;
    const Job& job_;
    const Pictures& pictures_;
    std::size_t next_ = 0;
};

void measure_one(const ObjectDetectionModel& model, const Job& job, const Pictures& pictures, JobResult& result) {
    Caller caller(model, job, pictures);
    result.warm_up = caller.warm_up();
    caller.measure(result);
}

/// Each instance in a thread of its own; they are measured at the same time, once all of them are warm.
void measure_several(std::span<const std::unique_ptr<ObjectDetectionModel>> models, const Job& job,
                     const Pictures& pictures, JobResult& result) {
    std::barrier all_are_warm(std::ssize(models));
    std::vector<JobResult> results(models.size());
    std::vector<std::exception_ptr> failures(models.size());
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < models.size(); ++i) {
        threads.emplace_back([&, i] {
            try {
                Caller caller(*models[i], job, pictures);
                results[i].warm_up = caller.warm_up();
                all_are_warm.arrive_and_wait();
                caller.measure(results[i]);
            } catch (...) {
                failures[i] = std::current_exception();
                all_are_warm.arrive_and_drop();
            }
        });
    }
    threads.clear();
    for (const std::exception_ptr& failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
    result.warm_up = results.front().warm_up;
    for (const JobResult& each : results) result.images_per_second += each.images_per_second;
}

/// The largest resident size that this process ever had.
double peak_memory_mib() {
    constexpr std::string_view kName = "VmHWM:";
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(kName)) return std::stod(line.substr(kName.size())) / 1024;
    }
    throw Error(ErrorKind::io_failure, "/proc/self/status", "/proc/self/status does not say how much memory was used",
                "Mount /proc.");
}

LoadedAs facts_of(const ObjectDetectionModel& model) {
    const ModelDescription& description = model.description();
    return {.package_id = description.package_id,
            .backend = description.backend,
            .engine = description.engine,
            .runtime_version = description.runtime_version,
            .device = description.device,
            .precision = description.precision,
            .threads = description.threads,
            .max_batch_size = description.max_batch_size,
            .network_input = description.network_input,
            .class_names = model.class_names()};
}

JobResult answer(const Job& job) {
    const Pictures pictures(job.images);
    JobResult result;
    result.loading = steady_clock::now().time_since_epoch();
    std::vector<std::unique_ptr<ObjectDetectionModel>> models;
    for (std::uint32_t i = 0; i < job.instances; ++i) {
        models.push_back(ObjectDetectionModel::from_pretrained(job.model.string(), job.load));
    }
    result.loaded = steady_clock::now().time_since_epoch();
    static_cast<void>(call(*models.front(), job, pictures.of_call(0, job.batch)));
    result.predicted = steady_clock::now().time_since_epoch();
    if (job.instances > 1) {
        measure_several(models, job, pictures, result);
    } else if (job.measured.count() > 0) {
        measure_one(*models.front(), job, pictures, result);
    }
    result.peak_memory_mib = peak_memory_mib();
    if (job.finds_objects) {
        for (const ImageView& image : pictures.views()) {
            result.found.push_back(models.front()->infer(image, job.detection));
        }
    }
    result.model = facts_of(*models.front());
    return result;
}

}  // namespace

void work() {
    // What runtimes print to standard output is not to stand in the answer.
    const FileDescriptor output(::dup(STDOUT_FILENO));
    if (output.get() < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        throw Error(ErrorKind::io_failure, "standard output", std::strerror(errno), "");
    }
    try {
        write_all(output.get(), to_json(answer(read_job(read_all(STDIN_FILENO)))));
    } catch (const Error& error) {
        write_all(output.get(), to_json(error));
    }
}

}  // namespace inference_models::benchmark
