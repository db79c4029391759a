#include "hub/http/file_download.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/log.hpp"
#include "common/printable.hpp"

namespace inference_models::hub {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostSegments = 8;
constexpr std::uint64_t kLeastToSplit = std::uint64_t{32} << 20U;  // so that no piece is below 16 MiB
constexpr milliseconds kKeepEvery{500};
constexpr int kShareOfKeeping = 4;  // at most one part in so many of the time goes into waiting for the disk
constexpr const char* kServerAtFault = "Its server is at fault: tell whoever runs it.";

std::string in_lower_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return text;
}

/// A number that is all of a text.
std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// `bytes 0-99/1000`, or `bytes 0-99/*`.
struct ContentRange {
    std::uint64_t begin = 0;
    std::optional<std::uint64_t> total;
};

std::optional<ContentRange> parse_content_range(std::string_view text) {
    constexpr std::string_view kUnit = "bytes ";
    const std::size_t dash = text.find('-');
    const std::size_t slash = text.find('/');
    if (!text.starts_with(kUnit) || dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) {
        return std::nullopt;
    }
    const auto begin = number(text.substr(kUnit.size(), dash - kUnit.size()));
    const auto last = number(text.substr(dash + 1, slash - dash - 1));
    const std::string_view total = text.substr(slash + 1);
    if (!begin || !last || *last < *begin) return std::nullopt;
    if (total == "*") return ContentRange{*begin, std::nullopt};
    const auto size = number(total);
    if (!size || *last >= *size) return std::nullopt;
    return ContentRange{*begin, size};
}

/// How long an answer says that all of the file is.
std::optional<std::uint64_t> content_length(const AnswerHead& head) {
    if (!head.header("transfer-encoding").empty()) return std::nullopt;
    return number(head.header("content-length"));
}

/// One that promises the same bytes.
bool is_strong(std::string_view etag) {
    return etag.starts_with('"');
}

Segment piece(std::uint64_t begin, std::optional<std::uint64_t> end) {
    Segment segment;
    segment.position = begin;
    segment.end = end;
    segment.to_beat = begin;
    return segment;
}

bool differ(const std::string& left, const std::string& right) {
    return !left.empty() && !right.empty() && left != right;
}

}  // namespace

FileDownload::FileDownload(FileToDownload file, const DownloadRules& rules, std::uint32_t tries)
    : file_(std::move(file)),
      rules_(rules),
      tries_(std::max<std::uint32_t>(tries, 1)),
      url_(Url::parse(file_.url)),
      part_(file_.target),
      random_(std::random_device()()) {
    file_.md5 = in_lower_case(file_.md5);
    file_.sha256 = in_lower_case(file_.sha256);
    if (file_.size) expect_size(*file_.size);
    if (has_expected_hash() && take_what_is_there()) return;
    const auto journal = part_.resume();
    if (journal && can_go_on_with(*journal)) go_on_with(*journal);
}

Error FileDownload::about(ErrorKind kind, const std::string& what, const std::string& hint) const {
    return {kind, file_.name, fmt::format("{}: {}", file_.name, what), hint};
}

// --- What is missing

bool FileDownload::take_what_is_there() {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(file_.target, ignored))) return false;
    Digests there;
    try {
        there = digests_of_file(file_.target);
    } catch (const Error& problem) {
        log::message(LogLevel::warning, "{}; it is fetched again", problem.message());
        return false;
    }
    if (differ(there.md5, file_.md5) || differ(there.sha256, file_.sha256)) return false;
    if (file_.size && there.size != *file_.size) return false;
    segments_.clear();
    total_ = there.size;
    result_ = DownloadedFile{there.md5, there.sha256, there.size};
    return true;
}

bool FileDownload::can_go_on_with(const DownloadJournal& journal) const {
    if (journal.md5 != file_.md5 || journal.sha256 != file_.sha256) return false;
    if (journal.total && (*journal.total > rules_.most_bytes || (file_.size && *journal.total != *file_.size))) {
        return false;
    }
    // Without a hash only the server can tell that its file is still the one that was begun.
    return has_expected_hash() || is_strong(journal.etag) || !journal.last_modified.empty();
}

void FileDownload::go_on_with(const DownloadJournal& journal) {
    const std::uint64_t end = journal.done.empty() ? 0 : journal.done.back().end;
    if (!journal.total && end > file_.size.value_or(rules_.most_bytes)) return;
    is_known_ = true;
    etag_ = journal.etag;
    last_modified_ = journal.last_modified;
    segments_.clear();
    if (!journal.total) {
        segments_.push_back(piece(end, std::nullopt));
        return;
    }
    set_total(*journal.total);
    for (const ByteRange& range : complement(journal.done, *journal.total)) {
        segments_.push_back(piece(range.begin, range.end));
    }
    split_segments();
    log::message(LogLevel::info, "{}: {} bytes of {} are here from before", file_.name, done_bytes(), *journal.total);
}

/// Halves the longest piece until there are as many as may be under way, or it is not worth it.
void FileDownload::split_segments() {
    const auto length = [](const Segment& segment) { return segment.end.value_or(0) - segment.position; };
    while (!segments_.empty() && segments_.size() < kMostSegments) {
        const auto longest = std::ranges::max_element(segments_, {}, length);
        if (length(*longest) < kLeastToSplit) return;
        const std::uint64_t middle = longest->position + length(*longest) / 2;
        segments_.insert(std::next(longest), piece(middle, longest->end));
        longest->end = middle;
    }
}

std::uint64_t FileDownload::done_bytes() const {
    if (!total_) return segments_.front().position;
    std::uint64_t missing = 0;
    for (const Segment& segment : segments_) missing += segment.end.value() - segment.position;
    return *total_ - missing;
}

Segment* FileDownload::next_segment(Clock::time_point now) {
    const auto found = std::ranges::find_if(
        segments_, [&](const Segment& segment) { return !segment.is_on_its_way && segment.not_before <= now; });
    return found != segments_.end() ? &*found : nullptr;
}

std::optional<FileDownload::Clock::time_point> FileDownload::next_attempt() const {
    std::optional<Clock::time_point> first;
    for (const Segment& segment : segments_) {
        if (!segment.is_on_its_way && (!first || segment.not_before < *first)) first = segment.not_before;
    }
    return first;
}

// --- What the server says

std::vector<std::string> FileDownload::header_lines(const Segment& segment) const {
    // Also the first request asks for a range: so it becomes known whether the server gives ranges.
    std::vector<std::string> lines{"Accept-Encoding: identity"};
    if (!asks_for_ranges_ && segment.position == 0) return lines;
    lines.push_back(segment.end ? fmt::format("Range: bytes={}-{}", segment.position, *segment.end - 1)
                                : fmt::format("Range: bytes={}-", segment.position));
    if (is_strong(etag_)) {
        lines.push_back("If-Range: " + etag_);
    } else if (!last_modified_.empty()) {
        lines.push_back("If-Range: " + last_modified_);
    }
    return lines;
}

bool FileDownload::accept(Segment& segment, const AnswerHead& head) {
    content_type_ = in_lower_case(head.header("content-type"));
    if (head.status == 206) {
        const auto range = parse_content_range(head.header("content-range"));
        if (!range || range->begin != segment.position) {
            throw about(ErrorKind::retrieval_failure,
                        fmt::format("{} was asked for the bytes from {} on and answers with others (`{}`)",
                                    url_.readable(), segment.position, printable(head.header("content-range"))),
                        kServerAtFault);
        }
        if (is_known_ && !is_same_file(head, range->total)) return false;
        learn(segment, head, range->total);
        return true;
    }
    const bool is_only_one = segments_.size() == 1 && segment.position == 0;
    if (!is_only_one) return false;  // it sends all of it, since it gives no ranges or has another file now
    total_.reset();
    segment.end.reset();
    learn(segment, head, content_length(head));
    return true;
}

bool FileDownload::is_same_file(const AnswerHead& head, std::optional<std::uint64_t> total) const {
    return !(total && total_ && *total != *total_) && !differ(etag_, head.header("etag")) &&
           !differ(last_modified_, head.header("last-modified"));
}

void FileDownload::learn(Segment& segment, const AnswerHead& head, std::optional<std::uint64_t> total) {
    if (total) expect_size(*total);
    const bool is_first = !is_known_;
    is_known_ = true;
    etag_ = head.header("etag");
    last_modified_ = head.header("last-modified");
    if (!total) total = total_ ? total_ : file_.size;
    if (!total) return;
    set_total(*total);
    if (!segment.end) segment.end = total;
    part_.reserve(*total);
    if (is_first && head.status == 206) split_segments();
}

void FileDownload::set_total(std::uint64_t total) {
    total_ = total;
    if (!segments_.empty() && !segments_.back().end) segments_.back().end = total;
}

void FileDownload::expect_size(std::uint64_t size) const {
    if (file_.size && size != *file_.size) throw wrong_size(size, false);
    if (size > rules_.most_bytes) {
        throw about(ErrorKind::retrieval_failure,
                    fmt::format("it has {} bytes, and more than {} are not downloaded", size, rules_.most_bytes),
                    "Its provider or server is at fault: no model's file is that large.");
    }
}

Error FileDownload::wrong_size(std::uint64_t size, bool at_least) const {
    const std::string at = at_least ? "at least " : "";
    if (looks_like_a_web_page()) {
        return about(ErrorKind::retrieval_failure,
                     fmt::format("{} sends a web page ({}) in its place", url_.readable(), printable(content_type_)),
                     "A proxy or a login page may stand between: open the address in a browser.");
    }
    if (!file_.size) {
        return about(ErrorKind::retrieval_failure,
                     fmt::format("{} sends {}{} bytes, and more than {} are not downloaded", url_.readable(), at, size,
                                 rules_.most_bytes),
                     kServerAtFault);
    }
    return about(ErrorKind::retrieval_failure,
                 fmt::format("{} sends {}{} bytes, and its provider says that it has {}", url_.readable(), at, size,
                             *file_.size),
                 "Try again later: it may be about to be replaced. If it stays so, tell its provider.");
}

bool FileDownload::write(Segment& segment, std::span<const std::byte> bytes) {
    const std::uint64_t limit = segment.end ? *segment.end : rules_.most_bytes;
    const std::uint64_t wanted = std::min<std::uint64_t>(bytes.size(), limit - segment.position);
    // Beyond a piece's end comes the next piece; beyond the file's end nothing may come.
    const bool is_last = !segment.end || segment.end == total_;
    if (wanted < bytes.size() && is_last) throw wrong_size(limit + 1, true);
    part_.write(segment.position, bytes.first(static_cast<std::size_t>(wanted)));
    segment.position += wanted;
    has_news_ = true;
    return !segment.end || segment.position < *segment.end || is_last;
}

Error FileDownload::busy(const Url& url, long status) const {
    return about(ErrorKind::unreachable, fmt::format("{} answers with status {}", url.readable(), status),
                 "Its server is overloaded or being repaired: try again later.");
}

bool FileDownload::ask_without_range() {
    const bool may_help = asks_for_ranges_ && !is_known_;
    if (may_help) asks_for_ranges_ = false;
    return may_help;
}

Error FileDownload::refusal(const Url& url, long status) const {
    const bool may_have_expired = status == 403 || status == 404 || status == 410;
    return about(ErrorKind::retrieval_failure, fmt::format("{} answers with status {}", url.readable(), status),
                 may_have_expired ? "Addresses of files are valid for a short time only, and this one may have "
                                    "expired: try again, which asks the provider for a new one."
                                  : kServerAtFault);
}

// --- Attempts

milliseconds FileDownload::delay_after(std::uint32_t failures) {
    constexpr std::uint32_t kMostDoublings = 20;
    const milliseconds doubled = rules_.first_retry_delay * (1LL << std::min(failures - 1, kMostDoublings));
    const milliseconds longest = std::min(doubled, rules_.longest_retry_delay);
    // Between a half and the whole, so that many who were cut off together do not come back together.
    std::uniform_int_distribution<milliseconds::rep> some(longest.count() / 2, longest.count());
    return milliseconds(some(random_));
}

void FileDownload::attempt_ended(Segment& segment, const std::optional<Error>& failure,
                                 std::chrono::seconds retry_after) {
    segment.is_on_its_way = false;
    furthest_ = std::max(furthest_, done_bytes());
    if (!failure && !segment.end) set_total(segment.position);
    if (segment.end && segment.position >= *segment.end) {
        segments_.remove_if([&](const Segment& other) { return &other == &segment; });
        return;
    }
    const bool brought_something = segment.position > segment.to_beat;
    segment.to_beat = std::max(segment.to_beat, segment.position);
    if (brought_something) segment.failures = 0;
    if (!failure && brought_something) return;  // a server may give less at once than it was asked for
    const Error problem =
        failure ? *failure
                : about(ErrorKind::unreachable, fmt::format("{} sends less than it was asked for", url_.readable()),
                        kServerAtFault);
    if (++segment.failures >= tries_) {
        throw Error(
            problem.kind(), file_.name,
            fmt::format("{} (the last of {} attempts that brought nothing more)", problem.message(), segment.failures),
            problem.hint());
    }
    constexpr std::chrono::seconds kLongestWished{60};
    const milliseconds delay =
        std::max<milliseconds>(delay_after(segment.failures), std::min(retry_after, kLongestWished));
    log::message(LogLevel::info, "{}; trying again in {} ms ({} of {})", problem.message(), delay.count(),
                 segment.failures + 1, tries_);
    segment.not_before = Clock::now() + delay;
}

void FileDownload::start_over(const Segment& because_of) {
    log::message(LogLevel::info, "{}: the server has another file than before, or gives no ranges: from the beginning",
                 file_.name);
    // Otherwise a server that never lets anybody go on would be asked for ever.
    furthest_ = std::max(furthest_, done_bytes());
    Segment first;
    first.failures = because_of.failures;
    first.to_beat = furthest_;
    begin_again(first);
    const Error changed =
        about(ErrorKind::unreachable,
              fmt::format("{} has another file with every attempt, or cannot go on where it was cut", url_.readable()),
              "Try again later; if it stays so, tell whoever runs its server.");
    attempt_ended(segments_.front(), changed, {});
}

void FileDownload::begin_again(const Segment& first) {
    part_.start_over();
    segments_.assign(1, first);
    is_known_ = false;
    total_.reset();
    etag_.clear();
    last_modified_.clear();
    digest_ = DigestStream();
    hashed_ = 0;
    has_news_ = false;
}

// --- What has arrived

std::uint64_t FileDownload::hashable_bytes() const {
    return segments_.empty() ? total_.value() : segments_.front().position;
}

bool FileDownload::hash_some(std::span<std::byte> buffer) {
    if (is_finished()) return false;
    const std::uint64_t available = hashable_bytes() - hashed_;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), available));
    if (wanted > 0) {
        const std::size_t count = part_.read(hashed_, buffer.first(wanted));
        if (count < wanted) {
            throw about(ErrorKind::io_failure, "its part became shorter while it was being downloaded",
                        "Let nothing else write in the cache directory, and try again.");
        }
        digest_.add(buffer.first(count));
        hashed_ += count;
    }
    if (segments_.empty() && hashed_ == total_) finish();
    return !is_finished() && hashed_ < hashable_bytes();
}

bool FileDownload::looks_like_a_web_page() const {
    const std::string name = in_lower_case(file_.name);
    return content_type_.starts_with("text/html") && !name.ends_with(".html") && !name.ends_with(".htm") &&
           !name.ends_with(".txt");
}

std::optional<Error> FileDownload::what_is_wrong_with(const Digests& digests) const {
    const bool is_compared = rules_.verify_hash && has_expected_hash();
    const bool differs = is_compared && ((!file_.md5.empty() && digests.md5 != file_.md5) ||
                                         (!file_.sha256.empty() && digests.sha256 != file_.sha256));
    if (looks_like_a_web_page() && (differs || !is_compared)) return wrong_size(digests.size, false);
    if (!differs) return std::nullopt;
    const bool by_sha256 = !file_.sha256.empty() && digests.sha256 != file_.sha256;
    return about(ErrorKind::hash_mismatch,
                 fmt::format("what {} sends has the {} {}, and its provider says {}", url_.readable(),
                             by_sha256 ? "SHA-256" : "MD5", by_sha256 ? digests.sha256 : digests.md5,
                             by_sha256 ? file_.sha256 : file_.md5),
                 "It was damaged on its way or changed by somebody, and is not kept. Try again; if it stays so, tell "
                 "its provider.");
}

void FileDownload::finish() {
    const Digests digests = digest_.finish();
    const auto problem = what_is_wrong_with(digests);
    if (!problem) {
        part_.complete(digests.size);
        has_news_ = false;
        result_ = DownloadedFile{digests.md5, digests.sha256, digests.size};
        return;
    }
    if (was_wrong_once_) {
        has_news_ = false;
        part_.remove();
        throw *problem;
    }
    was_wrong_once_ = true;
    log::message(LogLevel::warning, "{}; fetching it once more", problem->message());
    begin_again({});
}

void FileDownload::keep_if_due(Clock::time_point now) {
    if (!has_news_ || is_finished()) return;
    if (keep_at_ == Clock::time_point()) keep_at_ = now + kKeepEvery;
    if (now < keep_at_) return;
    keep();
    const auto end = Clock::now();
    keep_at_ = end + std::max<Clock::duration>(kKeepEvery, (end - now) * kShareOfKeeping);
}

void FileDownload::keep() {
    if (!has_news_) return;
    DownloadJournal journal{file_.md5, file_.sha256, total_, etag_, last_modified_, {}};
    if (total_) {
        std::vector<ByteRange> missing;
        for (const Segment& segment : segments_) {
            if (segment.position < segment.end.value()) missing.push_back({segment.position, segment.end.value()});
        }
        journal.done = complement(missing, *total_);
    } else if (segments_.front().position > 0) {
        journal.done = {{0, segments_.front().position}};
    }
    part_.keep(journal);
    has_news_ = false;
}

}  // namespace inference_models::hub
