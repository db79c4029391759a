#include <fmt/format.h>

#include <algorithm>
#include <inference_models/benchmark.hpp>
#include <utility>

#include "benchmark/report_facts.hpp"
#include "common/text_table.hpp"

namespace inference_models {
namespace {

constexpr std::size_t kWidestName = 28;

void append_title(std::string& text, std::string_view title) {
    text += '\n';
    append_wrapped(text, title, "", "");
}

std::string spread(const Percentiles& percentiles) {
    return fmt::format("({} {})", told(percentiles.p90), told(percentiles.p99));
}

std::string middle(const std::optional<Percentiles>& percentiles) {
    return percentiles ? told(percentiles->p50) : "-";
}

/// What is measured of candidates and peers alike, from `end to end` on.
/// \param mark  what stands behind the best of a column
template <class Mark>
void append_figures(TableRow& row, const std::optional<BenchmarkFigures>& figures, Mark mark) {
    if (!figures) {
        row.insert(row.end(), {"-", "-", "-", "-", "-", "-", "-", ""});
        return;
    }
    const BenchmarkThroughput* best = figures->best_throughput();
    row.insert(row.end(), {told(figures->end_to_end.p50) + mark(Goal::latency), spread(figures->end_to_end),
                           middle(figures->forward), told(figures->start) + mark(Goal::startup), told(figures->load),
                           told(figures->peak_memory_mib) + mark(Goal::memory),
                           best != nullptr ? told(best->images_per_second) + mark(Goal::throughput) : "-",
                           best != nullptr ? way_of(*best) : ""});
}

void append_speed(std::string& text, const BenchmarkReport& report, const std::vector<std::string>& names) {
    std::vector<TableRow> rows{
        {"candidate", "runtime", "end to end", "(p90 p99)", "forward", "start", "load", "MiB", "images/s", "as"}};
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        const BenchmarkedCandidate& candidate = report.candidates[i];
        const bool is_wrong = !is_right(candidate) && candidate.verdict == AgreementVerdict::falls_short;
        rows.push_back({names[i] + (is_wrong ? " !" : ""), runtime_name(candidate)});
        append_figures(rows.back(), candidate.figures, [&](Goal goal) {
            return std::string(is_best_of_its_precision(report.candidates, i, goal) ? "*" : "");
        });
    }
    append_table(text, std::move(rows), {kWidestName, 19, 10, 13, 7, 7, 6, 6, 8});
}

void append_quality(std::string& text, const BenchmarkReport& report, const std::vector<std::string>& names) {
    const bool has_labels = has_average_precision(report);
    std::vector<TableRow> rows{{"candidate", "package"}};
    std::vector<std::size_t> widest{kWidestName, 28};
    if (has_labels) {
        rows.front().insert(rows.front().end(), {"AP", "AP50"});
        widest.insert(widest.end(), {6, 6});
    }
    rows.front().emplace_back("finds what the reference finds");
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        const BenchmarkedCandidate& candidate = report.candidates[i];
        TableRow row{names[i], candidate.package_id};
        if (has_labels) {
            const auto& precision = candidate.average_precision;
            row.push_back(precision ? fmt::format("{:.4f}", precision->ap) : "-");
            row.push_back(precision ? fmt::format("{:.4f}", precision->ap50) : "-");
        }
        row.push_back(agreement_words(candidate));
        rows.push_back(std::move(row));
    }
    append_title(text, fmt::format("Quality: the reference finds {} with a confidence above {:.4g}",
                                   counted(report.reference_objects, "object", "objects"), report.confidence));
    append_table(text, std::move(rows), widest);
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        const std::string& remedy = report.candidates[i].remedy;
        if (!remedy.empty()) append_wrapped(text, fmt::format("{}: {}", names[i], remedy), "  ", "      ");
    }
}

void append_stages(std::string& text, const BenchmarkReport& report, const std::vector<std::string>& names) {
    std::vector<TableRow> rows{
        {"candidate", "pre-process", "forward", "post-process", "first prediction", "end to end of single rounds"}};
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        const auto& figures = report.candidates[i].figures;
        if (!figures) continue;
        std::string rounds;
        for (const BenchmarkRound& round : figures->rounds) {
            if (!rounds.empty()) rounds += ' ';
            rounds += told(round.end_to_end);
        }
        rows.push_back({names[i], middle(figures->pre_process), middle(figures->forward), middle(figures->post_process),
                        told(figures->first_prediction), std::move(rounds)});
    }
    if (rows.size() == 1) return;
    append_title(text, "Stages of a prediction, in ms");
    append_table(text, std::move(rows), {kWidestName, 11, 7, 12, 16});
}

void append_throughput_rows(std::vector<TableRow>& rows, const std::string& name, const BenchmarkFigures& figures) {
    for (const BenchmarkThroughput& way : figures.throughput) {
        const auto [least, most] =
            way.rounds.empty() ? std::ranges::minmax_result<double>{way.images_per_second, way.images_per_second}
                               : std::ranges::minmax(way.rounds);
        rows.push_back({&way == figures.throughput.data() ? name : "", way_of(way), told(way.images_per_second),
                        fmt::format("{} to {}", told(least), told(most))});
    }
}

void append_throughput(std::string& text, const BenchmarkReport& report, const std::vector<std::string>& names) {
    std::vector<TableRow> rows{{"", "instances x threads", "images/s", "in single rounds"}};
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        if (const auto& figures = report.candidates[i].figures) append_throughput_rows(rows, names[i], *figures);
    }
    for (const BenchmarkedPeer& peer : report.peers) {
        if (peer.figures) append_throughput_rows(rows, peer_name(peer), *peer.figures);
    }
    if (rows.size() == 1) return;
    append_title(text, "Several images at a time");
    append_table(text, std::move(rows), {56, 24, 8});
}

void append_peers(std::string& text, const BenchmarkReport& report) {
    std::vector<TableRow> rows{
        {"peer", "end to end", "(p90 p99)", "forward", "start", "load", "MiB", "images/s", "as"}};
    std::vector<TableRow> settings{{"peer", "runtime", "in", "shape", "threads", "finds what the reference finds"}};
    for (const BenchmarkedPeer& peer : report.peers) {
        const std::string name = peer_name(peer);
        rows.push_back({name});
        append_figures(rows.back(), peer.figures, [](Goal) { return std::string(); });
        settings.push_back({name, peer.runtime.empty() ? "-" : peer.runtime, peer.precision, peer.shape,
                            peer.threads > 0 ? fmt::format("{}", peer.threads) : "-",
                            peer.figures ? agreement_words(peer) : "does not run: " + peer.reason});
    }
    append_title(text, "Peers, in the same rounds");
    append_table(text, std::move(rows), {37, 10, 13, 7, 7, 6, 6, 8});
    text += '\n';
    append_table(text, std::move(settings), {37, 20, 5, 8, 7});
    for (const BenchmarkedPeer& peer : report.peers) {
        if (!peer.remedy.empty()) append_wrapped(text, peer_name(peer) + ": " + peer.remedy, "  ", "      ");
    }
}

void append_peer_ratios(std::string& text, const BenchmarkReport& report, const std::vector<std::string>& names) {
    const std::vector<PeerRatios> all = peer_ratios(report);
    if (all.empty()) return;
    std::vector<TableRow> rows{
        {"better than", "by", "end to end", "start", "memory", "images/s of one instance, batch 1", ""}};
    std::optional<std::size_t> last;
    for (const PeerRatios& ratios : all) {
        const BenchmarkedPeer& peer = report.peers[ratios.peer];
        const bool is_next = std::exchange(last, ratios.peer) != ratios.peer;
        rows.push_back({is_next ? peer_name(peer) : "", names[ratios.candidate], told_ratio(ratios.end_to_end),
                        told_ratio(ratios.start), told_ratio(ratios.memory), told_ratio(ratios.throughput),
                        is_next && peer.same_settings ? "same settings" : ""});
    }
    append_title(text, "How many times better than a peer: below 1, the peer is better");
    append_table(text, std::move(rows), {44, 23, 10, 7, 7, 13});
}

void append_not_run(std::string& text, const std::vector<UncomparedCandidate>& candidates) {
    if (candidates.empty()) return;
    std::vector<TableRow> rows{{"does not run", "backend", "device", "precision", "why, and what to do"}};
    for (const UncomparedCandidate& candidate : candidates) {
        rows.push_back({candidate.package_id, std::string(to_string(candidate.backend)), to_string(candidate.device),
                        precisions_of(candidate), candidate.reason});
        if (!candidate.remedy.empty()) rows.push_back({"", "", "", "", candidate.remedy});
    }
    text += '\n';
    append_table(text, std::move(rows), {24, 12, 8, 16});
}

void append_environment(std::string& text, const BenchmarkReport& report) {
    std::vector<TableRow> rows;
    for (auto& [name, value] : environment_rows(report.environment)) rows.push_back({std::string(name), value});
    if (!report.command.empty()) rows.push_back({"command", report.command});
    text += '\n';
    append_table(text, std::move(rows), {14});
}

void append_recommendations(std::string& text, const BenchmarkReport& report) {
    const auto lines = recommendations(report);
    append_title(text, lines.empty() ? "Nothing could be measured." : "Best here, of those that find the same:");
    std::vector<TableRow> rows;
    for (const auto& [goal, line] : lines) rows.push_back({"  " + std::string(to_string(goal)), line});
    append_table(text, std::move(rows), {14});
}

}  // namespace

std::string to_text(const BenchmarkReport& report) {
    const std::vector<std::string> names = candidate_names(report.candidates);
    std::string text;
    append_wrapped(text, fmt::format("{}: {}", report.model_id, subject_line(report)), "", "");
    append_wrapped(text, "In ms and MiB, medians. * the best of its precision; ! falls short of the reference", "", "");
    text += '\n';
    if (!report.candidates.empty()) {
        append_speed(text, report, names);
        append_quality(text, report, names);
        append_stages(text, report, names);
    }
    append_throughput(text, report, names);
    if (!report.peers.empty()) append_peers(text, report);
    append_peer_ratios(text, report, names);
    append_not_run(text, report.not_run);
    if (!report.notes.empty()) text += '\n';
    for (const std::string& note : report.notes) append_wrapped(text, note, "Note: ", "      ");
    append_environment(text, report);
    append_recommendations(text, report);
    return text;
}

}  // namespace inference_models
