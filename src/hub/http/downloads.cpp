#include "hub/http/downloads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <inference_models/error.hpp>
#include <list>
#include <memory>
#include <new>

#include "common/log.hpp"
#include "hub/http/curl_request.hpp"
#include "hub/http/file_download.hpp"

namespace inference_models::hub {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMostTransfers = 8;
constexpr milliseconds kReportEvery{100};
constexpr std::size_t kHashAtOnce = std::size_t{4} << 20U;  // of a file, between two looks at the network

void expect_hash(const FileToDownload& file, const DownloadRules& rules) {
    if (rules.allow_files_without_hash || !file.md5.empty() || !file.sha256.empty()) return;
    throw Error(ErrorKind::untrusted, file.name,
                fmt::format("{} comes without a hash, so that nothing shows whether it is the right file", file.name),
                "If you trust its provider and the network, allow it by download_files_without_hash.");
}

struct CloseMulti {
    void operator()(CURLM* handle) const noexcept { curl_library().multi_cleanup(handle); }
};

/// A segment's request, with the redirects that it meets.
struct Transfer {
    Transfer(FileDownload& of, Segment& brings) : file(of), segment(brings), url(of.url()) {}

    FileDownload& file;
    Segment& segment;
    Url url;
    int redirects = 0;
    bool is_accepted = false;
    bool is_another_file = false;
    CurlRequest request;
};

/// All files of one call, in one thread.
class Downloads {
public:
    Downloads(std::span<const FileToDownload> files, const DownloadRules& rules, const Settings& settings,
              const BytesDone& bytes_done);
    ~Downloads();
    Downloads(const Downloads&) = delete;
    Downloads& operator=(const Downloads&) = delete;

    [[nodiscard]] std::vector<DownloadedFile> run();

private:
    using Transfers = std::list<Transfer>;

    void step();
    void begin_transfers();
    void begin(Transfer& transfer);
    [[nodiscard]] static bool take(Transfer& transfer, std::span<const std::byte> bytes);
    void end_transfers();
    void end_stalled();
    void evaluate(Transfers::iterator transfer, CURLcode result);
    void follow(Transfers::iterator transfer, const std::string& location);
    void again(Transfers::iterator transfer);
    void end(Transfers::iterator transfer, const std::optional<Error>& failure);
    void start_over(Transfers::iterator transfer);
    void remove(Transfers::iterator transfer);
    void keep_what_arrived();
    void report(bool is_last);
    [[nodiscard]] milliseconds time_to_wait() const;
    [[nodiscard]] bool all_finished() const;

    const CurlLibrary& curl_;
    const Settings& settings_;
    const BytesDone& bytes_done_;
    PipeSignalBlocked no_pipe_signal_;
    std::unique_ptr<CURLM, CloseMulti> multi_;
    std::list<FileDownload> files_;
    Transfers transfers_;
    std::vector<std::byte> buffer_;
    Clock::time_point reported_at_;
};

Downloads::Downloads(std::span<const FileToDownload> files, const DownloadRules& rules, const Settings& settings,
                     const BytesDone& bytes_done)
    : curl_(curl_library()),
      settings_(settings),
      bytes_done_(bytes_done),
      multi_(curl_.multi_init()),
      buffer_(kHashAtOnce) {
    if (!multi_) throw std::bad_alloc();
    for (const FileToDownload& file : files) files_.emplace_back(file, rules, settings.download_tries);
}

Downloads::~Downloads() {
    while (!transfers_.empty()) remove(transfers_.begin());
}

std::vector<DownloadedFile> Downloads::run() {
    try {
        while (!all_finished()) step();
    } catch (...) {
        keep_what_arrived();
        throw;
    }
    report(true);
    std::vector<DownloadedFile> results;
    for (const FileDownload& file : files_) results.push_back(file.result());
    return results;
}

/// After an error: another one is of no interest, and what is not kept is fetched again.
void Downloads::keep_what_arrived() {
    for (FileDownload& file : files_) {
        try {
            file.keep();
        } catch (const Error& problem) {
            log::message(LogLevel::debug, "{}", problem.message());
        }
    }
}

bool Downloads::all_finished() const {
    return std::ranges::all_of(files_, &FileDownload::is_finished);
}

void Downloads::step() {
    report(false);
    begin_transfers();
    int running = 0;
    const CURLMcode problem = curl_.multi_perform(multi_.get(), &running);
    if (problem != CURLM_OK) {
        throw Error(ErrorKind::retrieval_failure, "libcurl",
                    fmt::format("libcurl cannot go on: {}", curl_.multi_strerror(problem)), "Try again.");
    }
    end_transfers();
    end_stalled();
    bool has_more_to_hash = false;
    for (FileDownload& file : files_) {
        has_more_to_hash |= file.hash_some(buffer_);
        file.keep_if_due(Clock::now());
    }
    if (has_more_to_hash || all_finished()) return;
    curl_.multi_poll(multi_.get(), nullptr, 0, static_cast<int>(time_to_wait().count()), nullptr);
}

milliseconds Downloads::time_to_wait() const {
    const auto now = Clock::now();
    milliseconds wait = kReportEvery;
    for (const FileDownload& file : files_) {
        const auto next = file.next_attempt();
        if (!next || transfers_.size() >= kMostTransfers) continue;
        wait = std::min(wait, std::chrono::ceil<milliseconds>(std::max(*next - now, Clock::duration::zero())));
    }
    return wait;
}

void Downloads::report(bool is_last) {
    const auto now = Clock::now();
    if (!bytes_done_ || (!is_last && now - reported_at_ < kReportEvery)) return;
    reported_at_ = now;
    std::uint64_t done = 0;
    std::optional<std::uint64_t> total = 0;
    for (const FileDownload& file : files_) {
        done += file.done_bytes();
        total = total && file.total() ? std::optional(*total + *file.total()) : std::nullopt;
    }
    if (!bytes_done_(done, total) && !is_last) {
        throw Error(ErrorKind::cancelled, "download", "The download was cancelled",
                    "What has arrived is kept and will be gone on with.");
    }
}

void Downloads::begin_transfers() {
    const auto now = Clock::now();
    for (FileDownload& file : files_) {
        while (transfers_.size() < kMostTransfers) {
            Segment* const segment = file.next_segment(now);
            if (segment == nullptr) break;
            segment->is_on_its_way = true;
            begin(transfers_.emplace_back(file, *segment));
        }
    }
}

void Downloads::begin(Transfer& transfer) {
    CurlRequest& request = transfer.request;
    request.prepare(transfer.url, transfer.file.header_lines(transfer.segment),
                    [&transfer](std::span<const std::byte> bytes) { return take(transfer, bytes); });
    // One connection for each range: they are to use the network side by side.
    request.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    request.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.download_connect_timeout.count()));
    if (curl_.multi_add_handle(multi_.get(), request.handle()) != CURLM_OK) throw std::bad_alloc();
}

bool Downloads::take(Transfer& transfer, std::span<const std::byte> bytes) {
    const AnswerHead& head = transfer.request.head();
    if (head.status != 200 && head.status != 206) return false;  // what a refusal says at length is not wanted
    if (!transfer.is_accepted) {
        transfer.is_another_file = !transfer.file.accept(transfer.segment, head);
        if (transfer.is_another_file) return false;
        transfer.is_accepted = true;
    }
    return transfer.file.write(transfer.segment, bytes);
}

void Downloads::remove(Transfers::iterator transfer) {
    curl_.multi_remove_handle(multi_.get(), transfer->request.handle());
    transfers_.erase(transfer);
}

void Downloads::end_transfers() {
    int left = 0;
    while (const CURLMsg* const message = curl_.multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode result = message->data.result;  // the message ends with the handle's removal
        const auto transfer = std::ranges::find_if(
            transfers_, [&](const Transfer& other) { return other.request.handle() == message->easy_handle; });
        if (transfer != transfers_.end()) evaluate(transfer, result);
    }
}

void Downloads::end_stalled() {
    const auto now = Clock::now();
    for (auto transfer = transfers_.begin(); transfer != transfers_.end();) {
        const auto current = transfer++;
        if (now - current->request.last_byte_at() <= settings_.download_stall_timeout) continue;
        const Error stalled(
            ErrorKind::unreachable, current->url.readable(),
            fmt::format("{} sent nothing for {} ms", current->url.readable(), settings_.download_stall_timeout.count()),
            "Check the network; CHUNK_DOWNLOAD_READ_TIMEOUT is how long silence is borne.");
        end(current, stalled);
    }
}

/// What a request that has ended means for its segment.
void Downloads::evaluate(Transfers::iterator transfer, CURLcode result) {
    try {
        transfer->request.check(result);
    } catch (const Error& problem) {
        if (problem.kind() != ErrorKind::unreachable) throw;
        return end(transfer, problem);
    }
    constexpr std::array kComeBackLater{408L, 429L, 500L, 502L, 503L, 504L};
    const AnswerHead& head = transfer->request.head();
    FileDownload& file = transfer->file;
    if (head.status == 200 || head.status == 206) {
        // The answer to a request for an empty file has no body.
        const bool has_no_body = !transfer->is_accepted && !transfer->is_another_file;
        if (has_no_body) transfer->is_another_file = !file.accept(transfer->segment, head);
        return transfer->is_another_file ? start_over(transfer) : end(transfer, std::nullopt);
    }
    if (const auto location = head.redirect()) return follow(transfer, *location);
    if (head.status == 416) return file.ask_without_range() ? again(transfer) : start_over(transfer);
    if (std::ranges::find(kComeBackLater, head.status) == kComeBackLater.end()) {
        throw file.refusal(transfer->url, head.status);
    }
    end(transfer, file.busy(transfer->url, head.status));
}

void Downloads::follow(Transfers::iterator transfer, const std::string& location) {
    if (++transfer->redirects > kMostRedirects) {
        throw Error(ErrorKind::retrieval_failure, transfer->file.url().readable(),
                    fmt::format("{} sends on more than {} times, last to {}", transfer->file.url().readable(),
                                kMostRedirects, transfer->url.redirected_to(location).readable()),
                    "Its server is at fault: tell whoever runs it.");
    }
    transfer->url = transfer->url.redirected_to(location);
    again(transfer);
}

void Downloads::again(Transfers::iterator transfer) {
    curl_.multi_remove_handle(multi_.get(), transfer->request.handle());
    begin(*transfer);
}

void Downloads::end(Transfers::iterator transfer, const std::optional<Error>& failure) {
    FileDownload& file = transfer->file;
    Segment& segment = transfer->segment;
    const std::chrono::seconds retry_after = transfer->request.retry_after();
    remove(transfer);
    file.attempt_ended(segment, failure, retry_after);
}

void Downloads::start_over(Transfers::iterator transfer) {
    FileDownload& file = transfer->file;
    const Segment because_of = transfer->segment;
    for (auto other = transfers_.begin(); other != transfers_.end();) {
        const auto current = other++;
        if (&current->file == &file) remove(current);
    }
    file.start_over(because_of);
}

}  // namespace

std::vector<DownloadedFile> download(std::span<const FileToDownload> files, const DownloadRules& rules,
                                     const Settings& settings, const BytesDone& bytes_done) {
    for (const FileToDownload& file : files) expect_hash(file, rules);
    if (files.empty()) return {};
    return Downloads(files, rules, settings, bytes_done).run();
}

}  // namespace inference_models::hub
