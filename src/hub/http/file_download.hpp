#pragma once

#include <inference_models/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "hub/digest.hpp"
#include "hub/http/curl_request.hpp"
#include "hub/http/downloads.hpp"
#include "hub/http/part_file.hpp"

namespace inference_models::hub {

/// A piece of a file that is missing. One request at a time brings it.
struct Segment {
    std::uint64_t position = 0;        ///< of the next byte that is missing
    std::optional<std::uint64_t> end;  ///< nothing: how long the file is has yet to be learned
    bool is_on_its_way = false;
    std::uint32_t failures = 0;  ///< attempts in a row that brought nothing more
    std::uint64_t to_beat = 0;   ///< what an attempt must get beyond to have brought something
    std::chrono::steady_clock::time_point not_before;
};

/// One file: what of it is missing, what its server said of it, what its bytes hash to. Asks nobody itself.
class FileDownload {
public:
    using Clock = std::chrono::steady_clock;

    /// \throws Error for a file that is refused before anything is sent
    FileDownload(FileToDownload file, const DownloadRules& rules, std::uint32_t tries);

    [[nodiscard]] const Url& url() const noexcept { return url_; }
    [[nodiscard]] std::uint64_t done_bytes() const;
    [[nodiscard]] std::optional<std::uint64_t> total() const { return total_ ? total_ : file_.size; }
    [[nodiscard]] bool is_finished() const noexcept { return result_.has_value(); }
    [[nodiscard]] const DownloadedFile& result() const { return result_.value(); }

    /// A segment that may be asked for now.
    [[nodiscard]] Segment* next_segment(Clock::time_point now);
    /// When there is one, if all that are missing wait for their next attempt.
    [[nodiscard]] std::optional<Clock::time_point> next_attempt() const;
    [[nodiscard]] std::vector<std::string> header_lines(const Segment& segment) const;

    /// The answer to a segment's request has begun.
    /// \returns whether its body is what is missing; false: it speaks of another file than before
    [[nodiscard]] bool accept(Segment& segment, const AnswerHead& head);
    /// \returns whether the segment wants more
    [[nodiscard]] bool write(Segment& segment, std::span<const std::byte> bytes);
    /// An attempt has ended; `failure` says why if it was too early.
    /// \throws the failure where it was the last attempt; what a refusal means
    void attempt_ended(Segment& segment, const std::optional<Error>& failure, std::chrono::seconds retry_after);
    /// What the server has is not what was begun, or cannot be gone on with. No segment may be on its way.
    void start_over(const Segment& because_of);
    /// After a server refused a range, as some do for an empty file: whether asking for all of it may help.
    [[nodiscard]] bool ask_without_range();
    /// The answer is no file.
    [[nodiscard]] Error refusal(const Url& url, long status) const;
    /// The server asks to come back.
    [[nodiscard]] Error busy(const Url& url, long status) const;

    /// Reads on in what has arrived without a gap, at most `buffer.size()` bytes, and finishes the file after the last.
    /// \returns whether there is more to read at once
    [[nodiscard]] bool hash_some(std::span<std::byte> buffer);
    /// Writes down what has arrived, if it is time to.
    void keep_if_due(Clock::time_point now);
    void keep();

private:
    /// Whether an earlier download brought all of it to its target.
    [[nodiscard]] bool take_what_is_there();
    void go_on_with(const DownloadJournal& journal);
    [[nodiscard]] bool can_go_on_with(const DownloadJournal& journal) const;
    void learn(Segment& segment, const AnswerHead& head, std::optional<std::uint64_t> total);
    [[nodiscard]] bool is_same_file(const AnswerHead& head, std::optional<std::uint64_t> total) const;
    void expect_size(std::uint64_t size) const;
    [[nodiscard]] Error wrong_size(std::uint64_t size, bool at_least) const;
    void set_total(std::uint64_t total);
    void split_segments();
    void begin_again(const Segment& first);
    [[nodiscard]] std::uint64_t hashable_bytes() const;
    [[nodiscard]] bool has_expected_hash() const { return !file_.md5.empty() || !file_.sha256.empty(); }
    [[nodiscard]] bool looks_like_a_web_page() const;
    void finish();
    [[nodiscard]] std::optional<Error> what_is_wrong_with(const Digests& digests) const;
    [[nodiscard]] std::chrono::milliseconds delay_after(std::uint32_t failures);
    [[nodiscard]] Error about(ErrorKind kind, const std::string& what, const std::string& hint) const;

    FileToDownload file_;
    DownloadRules rules_;
    std::uint32_t tries_;
    Url url_;
    PartFile part_;
    std::list<Segment> segments_{Segment{}};  ///< in order; whoever fetches one keeps its address

    bool asks_for_ranges_ = true;
    bool is_known_ = false;  ///< whether the server has said what it has; then these hold:
    std::optional<std::uint64_t> total_;
    std::string etag_;
    std::string last_modified_;
    std::string content_type_;

    DigestStream digest_;
    std::uint64_t hashed_ = 0;
    bool was_wrong_once_ = false;
    std::uint64_t furthest_ = 0;  ///< most bytes that there ever were
    bool has_news_ = false;       ///< bytes that the journal does not know of
    Clock::time_point keep_at_;
    std::optional<DownloadedFile> result_;
    std::minstd_rand random_;
};

}  // namespace inference_models::hub
