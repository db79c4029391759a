#pragma once

#include "benchmark/job.hpp"
#include "common/file_descriptor.hpp"

#include <inference_models/agreement.hpp>
#include <inference_models/runtime_description.hpp>

#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// A process that does one job.
namespace inference_models::benchmark {

/// The pixels of all images in memory that workers share.
class SharedImages {
public:
    /// \throws Error `io_failure`
    explicit SharedImages(std::span<const NamedImage> images);

    [[nodiscard]] int descriptor() const noexcept { return memory_.get(); }
    [[nodiscard]] const std::vector<ImageSize>& sizes() const noexcept { return sizes_; }

private:
    FileDescriptor memory_;
    std::vector<ImageSize> sizes_;
};

/// A program that reads a job and writes an answer, and what is set in its environment.
struct Worker {
    std::vector<std::string> command;
    std::vector<std::pair<std::string, std::string>> environment;
};

/// Our own, for one engine: it uses the runtime that this process found.
/// \throws Error `io_failure` where the program is not installed beside this library
[[nodiscard]] Worker worker_for(const EngineRuntime& runtime);

struct Answer {
    std::chrono::nanoseconds started{0};  ///< of the process, as the times of a JobResult
    std::string text;
};

/// Runs a worker to its end.
/// \throws Error `engine_failure` where it ends otherwise than with an answer, with what it said last; `cancelled`
///         where it was interrupted, `io_failure` where it was killed
[[nodiscard]] Answer ask(const Worker& worker, const std::string& job, const SharedImages& images);

}  // namespace inference_models::benchmark
