#pragma once

#include <inference_models/export.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace inference_models {

/// How far the download of a package is.
struct DownloadProgress {
    std::string model_id;
    std::string package_id;
    std::uint64_t bytes_done = 0;              ///< also those that an earlier, interrupted download brought
    std::optional<std::uint64_t> bytes_total;  ///< none while a server has not told all sizes
    double bytes_per_second = 0;               ///< over the last seconds
    std::optional<std::chrono::seconds> time_left;
    bool waiting = false;   ///< for another process, which downloads it
    bool finished = false;  ///< the last call for this package: all is there and verified, or the download failed
};

/// Called in the thread that loads a model, at least once and about ten times a second while something is downloaded or
/// waited for. Returning false ends the load with Error `cancelled`; what was downloaded is kept for the next time.
using DownloadProgressHandler = std::function<bool(const DownloadProgress&)>;

/// Who is told of downloads, in the whole process; none: nobody. The library itself prints nothing.
INFERENCE_MODELS_EXPORT void set_download_progress_handler(DownloadProgressHandler handler);

/// A handler for programs: a bar with bytes, speed and time left where standard error is a terminal, plain lines
/// elsewhere, nothing where the environment variable DISABLE_INTERACTIVE_PROGRESS_BARS is true.
INFERENCE_MODELS_EXPORT bool print_download_progress(const DownloadProgress& progress);

}  // namespace inference_models
