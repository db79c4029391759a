#pragma once

#include <inference_models/download_progress.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Who is told of downloads, and what a person sees of them.
namespace inference_models::hub {

/// Tells the handler that is set. True where the download is to go on, also where there is no handler.
[[nodiscard]] bool report_download_progress(const DownloadProgress& progress);

/// Draws downloads for people. One call at a time.
class ProgressPrinter {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    struct Output {
        std::function<void(std::string_view)> write;
        std::function<std::optional<std::size_t>()> terminal_width;  ///< in characters; nothing: it is no terminal
        std::function<TimePoint()> now;
    };

    explicit ProgressPrinter(Output output);

    void show(const DownloadProgress& progress);

private:
    /// A package that is on its way.
    struct Running {
        DownloadProgress progress;
        TimePoint started;
        TimePoint told;                  ///< when its last line was written
        std::uint64_t told_percent = 0;  ///< and what it said
    };

    Running& running(const DownloadProgress& progress);
    void draw_bar(std::size_t width);
    void write_line_if_due(Running& download);
    void finish(const DownloadProgress& progress, bool on_terminal);

    Output output_;
    std::vector<Running> running_;  ///< in the order in which they began; the bar is the first one's
    TimePoint drawn_;               ///< when the bar was drawn last
};

}  // namespace inference_models::hub
