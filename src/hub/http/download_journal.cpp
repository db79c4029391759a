#include "hub/http/download_journal.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace inference_models::hub {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;

std::uint64_t unsigned_number(const json& value) {
    if (!value.is_number_unsigned()) throw json::type_error::create(302, "not an unsigned number", &value);
    return value.get<std::uint64_t>();
}

/// What a header may hold: it is sent back to the server.
std::string header_value(const json& value) {
    std::string text = value.get<std::string>();
    const bool is_one_line = std::ranges::all_of(
        text, [](char letter) { return static_cast<unsigned char>(letter) >= 0x20 && letter != 0x7f; });
    if (!is_one_line) throw json::type_error::create(302, "no header", &value);
    return text;
}

bool are_in_order(const DownloadJournal& journal) {
    std::uint64_t position = 0;
    for (const ByteRange& range : journal.done) {
        if (range.begin < position || range.end <= range.begin) return false;
        position = range.end;
    }
    if (journal.total) return position <= *journal.total;
    // Where the size is not known, it comes in one stream.
    return journal.done.empty() || (journal.done.size() == 1 && journal.done.front().begin == 0);
}

}  // namespace

std::vector<ByteRange> complement(const std::vector<ByteRange>& ranges, std::uint64_t total) {
    std::vector<ByteRange> between;
    std::uint64_t position = 0;
    for (const ByteRange& range : ranges) {
        if (position < range.begin) between.push_back({position, range.begin});
        position = range.end;
    }
    if (position < total) between.push_back({position, total});
    return between;
}

std::string to_text(const DownloadJournal& journal) {
    json done = json::array();
    for (const ByteRange& range : journal.done) done.push_back({range.begin, range.end});
    const json text{{"version", kVersion},
                    {"md5", journal.md5},
                    {"sha256", journal.sha256},
                    {"total", journal.total ? json(*journal.total) : json()},
                    {"etag", journal.etag},
                    {"last_modified", journal.last_modified},
                    {"done", done}};
    // What a server sent may be no UTF-8.
    return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<DownloadJournal> parse_journal(const std::string& text) {
    try {
        const json root = json::parse(text);
        if (root.at("version") != kVersion) return std::nullopt;
        DownloadJournal journal;
        journal.md5 = root.at("md5").get<std::string>();
        journal.sha256 = root.at("sha256").get<std::string>();
        if (!root.at("total").is_null()) journal.total = unsigned_number(root.at("total"));
        journal.etag = header_value(root.at("etag"));
        journal.last_modified = header_value(root.at("last_modified"));
        for (const json& range : root.at("done")) {
            if (range.size() != 2) return std::nullopt;
            journal.done.push_back({unsigned_number(range.at(0)), unsigned_number(range.at(1))});
        }
        return are_in_order(journal) ? std::optional(journal) : std::nullopt;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

}  // namespace inference_models::hub
