#include "hub/progress/download_progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include "common/byte_size.hpp"
#include "common/printable.hpp"
#include "common/text_table.hpp"
#include "formats/text.hpp"

namespace inference_models {
namespace hub {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenBars = 100ms;
constexpr auto kBetweenLines = 10s;
constexpr std::uint64_t kPercentBetweenLines = 10;
constexpr std::string_view kClearLine = "\r\x1b[K";
constexpr std::size_t kUsualWidth = 80;
constexpr std::size_t kWidestBar = 40;
constexpr std::size_t kNarrowestBar = 10;

/// The handler, which another thread may replace while it is called.
class Handler {
public:
    void set(DownloadProgressHandler handler) {
        auto replacement = handler ? std::make_shared<const DownloadProgressHandler>(std::move(handler)) : nullptr;
        const std::scoped_lock lock(mutex_);
        handler_.swap(replacement);
    }

    [[nodiscard]] std::shared_ptr<const DownloadProgressHandler> get() const {
        const std::scoped_lock lock(mutex_);
        return handler_;
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const DownloadProgressHandler> handler_;
};

Handler& handler() {
    static Handler the_one;
    return the_one;
}

std::string name_of(const DownloadProgress& progress) {
    return printable(fmt::format("{}/{}", progress.model_id, progress.package_id));
}

/// Of `whole`, without overflow.
std::uint64_t share_of(std::uint64_t whole, const DownloadProgress& progress) {
    const auto total = static_cast<double>(progress.bytes_total.value_or(0));
    if (total <= 0) return progress.finished ? whole : 0;
    return std::min(
        static_cast<std::uint64_t>(static_cast<double>(progress.bytes_done) / total * static_cast<double>(whole)),
        whole);
}

std::string told_time(std::chrono::seconds time) {
    const auto seconds = time.count();
    if (seconds < 60) return fmt::format("{} s", seconds);
    if (seconds < 3600) return fmt::format("{}:{:02} min", seconds / 60, seconds % 60);
    return fmt::format("{}:{:02} h", seconds / 3600, seconds / 60 % 60);
}

std::string told_speed(double bytes_per_second) {
    return told_size(static_cast<std::uint64_t>(std::clamp(bytes_per_second, 0.0, 1e18))) + "/s";
}

/// `6.4 MB of 12.8 MB, 4.1 MB/s, 2 s left`
std::string told_state(const DownloadProgress& progress) {
    if (progress.waiting) return "waiting for another process, which downloads it";
    std::string text = told_size(progress.bytes_done);
    if (progress.bytes_total) text += " of " + told_size(*progress.bytes_total);
    if (progress.bytes_per_second > 0) text += ", " + told_speed(progress.bytes_per_second);
    if (progress.time_left) text += ", " + told_time(*progress.time_left) + " left";
    return text;
}

std::string percent_of(const DownloadProgress& progress) {
    return progress.bytes_total ? fmt::format("{:3} % ", share_of(100, progress)) : "";
}

/// Everything where there is room, else without the bar, else the end of it: figures tell more than names.
std::string bar_of(const DownloadProgress& progress, std::size_t others, std::size_t width) {
    const std::string name = name_of(progress);
    std::string figures = percent_of(progress);
    std::string state = told_state(progress);
    if (others > 0) state += fmt::format(" (and {} more)", others);
    const std::size_t taken = width_of(name) + 1 + figures.size() + state.size();
    constexpr std::size_t kFrame = 3;  // its brackets and the space behind it
    if (progress.bytes_total && width >= taken + kFrame + kNarrowestBar) {
        const std::size_t bar = std::min(width - taken - kFrame, kWidestBar);
        const std::size_t filled = share_of(bar, progress);
        figures += fmt::format("[{}{}] ", std::string(filled, '#'), std::string(bar - filled, '.'));
    }
    const std::string line = name + ' ' + figures + state;
    std::string_view end = line;
    if (width_of(line) > width) static_cast<void>(take_characters(end, width_of(line) - width));
    return std::string(end);
}

bool is_whole(const DownloadProgress& progress) {
    return progress.bytes_total && progress.bytes_done >= *progress.bytes_total;
}

std::optional<std::size_t> width_of_standard_error() {
    if (::isatty(STDERR_FILENO) == 0) return std::nullopt;
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : kUsualWidth;
}

void write_to_standard_error(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

bool bars_are_disabled() {
    const char* const value = std::getenv("DISABLE_INTERACTIVE_PROGRESS_BARS");
    return value != nullptr && formats::lowered(value) == "true";
}

}  // namespace

bool report_download_progress(const DownloadProgress& progress) {
    const auto current = handler().get();
    return !current || (*current)(progress);
}

ProgressPrinter::ProgressPrinter(Output output) : output_(std::move(output)) {}

void ProgressPrinter::show(const DownloadProgress& progress) {
    const std::optional<std::size_t> width = output_.terminal_width();
    if (progress.finished) return finish(progress, width.has_value());
    Running& download = running(progress);
    if (width) {
        draw_bar(*width);
    } else {
        write_line_if_due(download);
    }
}

ProgressPrinter::Running& ProgressPrinter::running(const DownloadProgress& progress) {
    const auto known = std::ranges::find_if(running_, [&](const Running& download) {
        return download.progress.model_id == progress.model_id && download.progress.package_id == progress.package_id;
    });
    if (known == running_.end()) return running_.emplace_back(Running{progress, output_.now(), {}, 0});
    known->progress = progress;
    return *known;
}

void ProgressPrinter::draw_bar(std::size_t width) {
    const TimePoint now = output_.now();
    if (drawn_ != TimePoint{} && now - drawn_ < kBetweenBars) return;
    drawn_ = now;
    // One less than there is: some terminals begin a new line once the last column is filled.
    output_.write(std::string(kClearLine) +
                  bar_of(running_.front().progress, running_.size() - 1, std::max<std::size_t>(width, 2) - 1));
}

void ProgressPrinter::write_line_if_due(Running& download) {
    const DownloadProgress& progress = download.progress;
    const TimePoint now = output_.now();
    const bool first = download.told == TimePoint{};
    const std::uint64_t percent = share_of(100, progress);
    if (!first && now - download.told < kBetweenLines && percent < download.told_percent + kPercentBetweenLines) return;
    download.told = now;
    download.told_percent = percent;
    output_.write(fmt::format("{}{}: {}{}\n", first && !progress.waiting ? "downloading " : "", name_of(progress),
                              percent_of(progress), told_state(progress)));
}

void ProgressPrinter::finish(const DownloadProgress& progress, bool on_terminal) {
    const TimePoint started = running(progress).started;
    const auto taken = std::chrono::round<std::chrono::seconds>(output_.now() - started);
    const std::string outcome = progress.waiting ? std::string("no longer waiting")
                                                 : fmt::format("{}, {}", is_whole(progress) ? "done" : "stopped",
                                                               told_size(progress.bytes_done));
    output_.write(fmt::format("{}{}: {} after {}\n", on_terminal ? kClearLine : "", name_of(progress), outcome,
                              told_time(taken)));
    std::erase_if(running_, [&](const Running& download) {
        return download.progress.model_id == progress.model_id && download.progress.package_id == progress.package_id;
    });
    drawn_ = {};
}

}  // namespace hub

void set_download_progress_handler(DownloadProgressHandler handler) {
    hub::handler().set(std::move(handler));
}

bool print_download_progress(const DownloadProgress& progress) {
    static std::mutex mutex;
    static hub::ProgressPrinter printer(
        {hub::write_to_standard_error, hub::width_of_standard_error, std::chrono::steady_clock::now});
    if (hub::bars_are_disabled()) return true;
    const std::scoped_lock lock(mutex);
    printer.show(progress);
    return true;
}

}  // namespace inference_models
