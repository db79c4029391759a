#include <fmt/format.h>

#include <algorithm>
#include <inference_models/benchmark.hpp>
#include <iterator>
#include <span>

#include "benchmark/html_text.hpp"
#include "benchmark/report_facts.hpp"
#include "benchmark/report_plot.hpp"
#include "benchmark/report_style.hpp"

namespace inference_models {
namespace {

/// A cell of a table: HTML, and its class.
struct Cell {
    std::string html;
    std::string_view style;
};

using Row = std::vector<Cell>;

Cell words(std::string_view text, std::string_view style = "") {
    return {escaped(text), style};
}

Cell number(const std::string& text) {
    return {escaped(text), "number"};
}

/// \param rows  their first cells name them
std::string table(std::string_view caption, const Row& header, const std::vector<Row>& rows) {
    const auto class_of = [](const Cell& cell) {
        return cell.style.empty() ? std::string() : fmt::format(" class=\"{}\"", cell.style);
    };
    // Not a <caption>, which would be as wide as the table: a narrow screen shows the table in parts.
    std::string html = fmt::format(
        "<p class=\"faint\">{0}</p>\n<div class=\"scroll\" tabindex=\"0\">"
        "<table aria-label=\"{0}\">\n<thead><tr>",
        escaped(caption));
    for (const Cell& cell : header) html += fmt::format("<th scope=\"col\"{}>{}</th>", class_of(cell), cell.html);
    html += "</tr></thead>\n<tbody>\n";
    for (const Row& row : rows) {
        html += fmt::format("<tr><th scope=\"row\">{}</th>", row.front().html);
        for (const Cell& cell : std::span(row).subspan(1)) {
            html += fmt::format("<td{}>{}</td>", class_of(cell), cell.html);
        }
        html += "</tr>\n";
    }
    return html + "</tbody></table></div>\n";
}

std::string_view title_of(Goal goal) {
    switch (goal) {
        case Goal::latency: return "Fastest for one image";
        case Goal::throughput: return "Most images per second";
        case Goal::memory: return "Least memory";
        case Goal::startup: return "Soonest first prediction";
    }
    return {};
}

void append_goals(std::string& html, const BenchmarkReport& report, const std::vector<std::string>& names) {
    html += "<div class=\"goals\">\n";
    for (const Goal goal : kGoals) {
        const auto best = best_for(report.candidates, goal);
        if (!best) continue;
        const std::size_t full = best_for(report.candidates, goal, Precision::fp32).value_or(*best);
        const auto told_of = [&](std::size_t which) {
            return escaped(told_figure(*report.candidates[which].figures, goal).value_or("-"));
        };
        html += fmt::format("<div class=\"goal\"><h3>{}</h3><p class=\"figure\">{}</p><p>{}</p>", title_of(goal),
                            escaped(names[full]), told_of(full));
        if (full != *best) {
            html += fmt::format("<p class=\"faint\">In a lower precision: {}, {}</p>", escaped(names[*best]),
                                told_of(*best));
        }
        html += "</div>\n";
    }
    html += "</div>\n";
}

std::string middle(const std::optional<Percentiles>& percentiles) {
    return percentiles ? told(percentiles->p50) : "-";
}

Row figure_header(std::string_view what) {
    Row header{words(what)};
    for (const std::string_view column :
         {"end to end", "p90", "p99", "forward", "start", "load", "memory, MiB", "images/s"}) {
        header.push_back(words(column, "number"));
    }
    header.push_back(words("as"));
    header.push_back(words("runtime"));
    return header;
}

/// \param is_best  whether it is the best in a column
template <class IsBest>
void append_figures(Row& row, const std::optional<BenchmarkFigures>& figures, IsBest is_best) {
    if (!figures) {
        std::fill_n(std::back_inserter(row), 8, number("-"));
        row.push_back(words(""));
        return;
    }
    const auto judged = [&](double value, Goal goal) {
        return is_best(goal) ? Cell{told(value) + "&nbsp;★", "number best"} : number(told(value));
    };
    const BenchmarkThroughput* best = figures->best_throughput();
    row.insert(row.end(), {judged(figures->end_to_end.p50, Goal::latency), number(told(figures->end_to_end.p90)),
                           number(told(figures->end_to_end.p99)), number(middle(figures->forward)),
                           judged(figures->start, Goal::startup), number(told(figures->load)),
                           judged(figures->peak_memory_mib, Goal::memory),
                           best != nullptr ? judged(best->images_per_second, Goal::throughput) : number("-"),
                           words(best != nullptr ? way_of(*best) : "", "one-line")});
}

std::string_view style_of(const BenchmarkedCandidate& candidate) {
    if (candidate.is_reference || candidate.verdict == AgreementVerdict::proves_nothing) return "words";
    return is_right(candidate) ? "words good" : "words bad";
}

Cell verdict_cell(const BenchmarkedCandidate& candidate) {
    Cell cell = words(agreement_words(candidate), style_of(candidate));
    if (!candidate.remedy.empty()) cell.html += "<br>" + escaped(candidate.remedy);
    return cell;
}

Cell short_verdict_cell(const BenchmarkedCandidate& candidate) {
    if (candidate.is_reference) return words("reference", "one-line");
    switch (candidate.verdict) {
        case AgreementVerdict::passes: return words("yes", "one-line good");
        case AgreementVerdict::falls_short: return words(candidate.figures ? "NO" : "fails", "one-line bad");
        case AgreementVerdict::proves_nothing: break;
    }
    return words("not proved", "one-line");
}

void append_candidates(std::string& html, const BenchmarkReport& report, const std::vector<std::string>& names) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        rows.push_back({words(names[i])});
        append_figures(rows.back(), report.candidates[i].figures,
                       [&](Goal goal) { return is_best_of_its_precision(report.candidates, i, goal); });
        rows.back().push_back(words(runtime_name(report.candidates[i]), "one-line"));
        rows.back().push_back(short_verdict_cell(report.candidates[i]));
    }
    Row header = figure_header("candidate");
    header.push_back(words("right?"));
    html += "<h2>Speed</h2>\n";
    html += table(
        "Times in ms, medians; start: from the start of a process to its first prediction. "
        "★ is the best of its precision, of those that find the same.",
        header, rows);
}

void append_stages(std::string& html, const BenchmarkReport& report, const std::vector<std::string>& names) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        const auto& figures = report.candidates[i].figures;
        if (!figures) continue;
        rows.push_back({words(names[i]), number(middle(figures->pre_process)), number(middle(figures->forward)),
                        number(middle(figures->post_process)), number(told(figures->load)),
                        number(told(figures->first_prediction)), number(told(figures->start))});
    }
    if (rows.empty()) return;
    html += "<h2>Stages</h2>\n";
    html += table("Of a prediction, and of the start of a process; ms, medians.",
                  {words("candidate"), words("pre-process", "number"), words("forward", "number"),
                   words("post-process", "number"), words("load", "number"), words("first prediction", "number"),
                   words("start in all", "number")},
                  rows);
}

void append_quality(std::string& html, const BenchmarkReport& report, const std::vector<std::string>& names) {
    const bool has_labels = has_average_precision(report);
    Row header{words("candidate"), words("package"), words("finds what the reference finds")};
    if (has_labels) header.insert(header.end(), {words("AP", "number"), words("AP50", "number")});
    std::vector<Row> rows;
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        const BenchmarkedCandidate& candidate = report.candidates[i];
        rows.push_back({words(names[i]), words(candidate.package_id), verdict_cell(candidate)});
        if (!has_labels) continue;
        const auto& precision = candidate.average_precision;
        rows.back().push_back(number(precision ? fmt::format("{:.4f}", precision->ap) : "-"));
        rows.back().push_back(number(precision ? fmt::format("{:.4f}", precision->ap50) : "-"));
    }
    html += "<h2>Quality</h2>\n";
    html += table(fmt::format("Agreement with the reference, which finds {} with a confidence above {:.4g}.{}",
                              counted(report.reference_objects, "object", "objects"), report.confidence,
                              has_labels ? " AP and AP50 as COCO counts them." : ""),
                  header, rows);
}

// --- Plots -----------------------------------------------------------------------------------------------------------

BarKind kind_of(const BenchmarkedCandidate& candidate) {
    if (!candidate.is_reference && candidate.verdict == AgreementVerdict::falls_short) return BarKind::wrong;
    return candidate.precision == Precision::fp32 ? BarKind::full : BarKind::lower;
}

/// What was measured, of candidates and then of peers.
struct Measured {
    std::string name;
    BarKind kind = BarKind::full;
    const BenchmarkFigures* figures = nullptr;
};

std::vector<Measured> all_measured(const BenchmarkReport& report, const std::vector<std::string>& names) {
    std::vector<Measured> all;
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        const auto& figures = report.candidates[i].figures;
        if (figures) all.push_back({names[i], kind_of(report.candidates[i]), &*figures});
    }
    for (const BenchmarkedPeer& peer : report.peers) {
        if (peer.figures) all.push_back({peer_name(peer), BarKind::peer, &*peer.figures});
    }
    return all;
}

std::vector<double> rounds_of(const BenchmarkFigures& figures, double BenchmarkRound::* member) {
    std::vector<double> rounds;
    std::ranges::transform(figures.rounds, std::back_inserter(rounds), member);
    return rounds;
}

/// \param measure  fills a bar with what was measured
template <class Measure>
std::string plot_of(std::string_view title, std::string_view unit, std::string_view better,
                    const std::vector<Measured>& all, Measure measure) {
    std::vector<Bar> bars;
    for (const Measured& one : all) {
        Bar& bar = bars.emplace_back();
        bar.name = one.name;
        bar.kind = one.kind;
        measure(bar, *one.figures);
    }
    return plot(title, unit, better, bars);
}

/// Every way of each.
std::string throughput_plot(const std::vector<Measured>& all) {
    std::vector<Bar> bars;
    for (const Measured& one : all) {
        for (const BenchmarkThroughput& way : one.figures->throughput) {
            Bar& bar = bars.emplace_back();
            bar.group = one.name;
            bar.name = way_of(way);
            bar.kind = one.kind;
            bar.value = way.images_per_second;
            bar.rounds = way.rounds;
        }
    }
    return bars.empty() ? std::string() : plot("Several images at a time", "images/s", "more is better", bars);
}

std::string legend(const std::vector<Measured>& all) {
    std::string html = "<p class=\"legend\">";
    const auto entry = [&](BarKind kind, std::string_view name) {
        if (std::ranges::find(all, kind, &Measured::kind) == all.end()) return;
        html += fmt::format(
            "<span><svg aria-hidden=\"true\"><rect class=\"bar {}\" x=\"1\" y=\"1\" width=\"92%\" "
            "height=\"85%\"/></svg>{}</span>",
            style_class(kind), name);
    };
    entry(BarKind::full, "fp32");
    entry(BarKind::lower, "lower precision");
    entry(BarKind::wrong, "falls short of the reference");
    entry(BarKind::peer, "other products");
    return html + "<span>● one round</span><span>├ p90, p99</span></p>\n";
}

void append_plots(std::string& html, const BenchmarkReport& report, const std::vector<std::string>& names) {
    const std::vector<Measured> all = all_measured(report, names);
    if (all.empty()) return;
    html += "<h2>Plots</h2>\n" + legend(all) + "<div class=\"plots\">\n";
    html +=
        plot_of("One image, end to end", "ms", "less is better", all, [](Bar& bar, const BenchmarkFigures& figures) {
            bar.value = figures.end_to_end.p50;
            bar.p90 = figures.end_to_end.p90;
            bar.p99 = figures.end_to_end.p99;
            bar.rounds = rounds_of(figures, &BenchmarkRound::end_to_end);
        });
    html += plot_of("Start of a process to its first prediction", "ms", "less is better", all,
                    [](Bar& bar, const BenchmarkFigures& figures) {
                        bar.value = figures.start;
                        bar.rounds = rounds_of(figures, &BenchmarkRound::start);
                    });
    html += plot_of("Peak memory", "MiB", "less is better", all, [](Bar& bar, const BenchmarkFigures& figures) {
        bar.value = figures.peak_memory_mib;
        bar.rounds = rounds_of(figures, &BenchmarkRound::peak_memory_mib);
    });
    html += throughput_plot(all) + "</div>\n";
}

// --- Peers, and the rest ---------------------------------------------------------------------------------------------

std::string dash_or(const std::string& text) {
    return text.empty() ? "-" : text;
}

Cell peer_words(const BenchmarkedPeer& peer) {
    if (peer.figures) return words(agreement_words(peer), "words");
    Cell cell = words("does not run: " + peer.reason, "words bad");
    if (!peer.remedy.empty()) cell.html += "<br>" + escaped(peer.remedy);
    return cell;
}

void append_peers(std::string& html, const BenchmarkReport& report, const std::vector<std::string>& names) {
    if (report.peers.empty()) return;
    std::vector<Row> figures;
    std::vector<Row> settings;
    for (const BenchmarkedPeer& peer : report.peers) {
        figures.push_back({words(peer_name(peer))});
        append_figures(figures.back(), peer.figures, [](Goal) { return false; });
        figures.back().push_back(words(dash_or(peer.runtime), "one-line"));
        settings.push_back({words(peer_name(peer)), words(dash_or(peer.precision)), words(dash_or(peer.shape)),
                            number(peer.threads > 0 ? fmt::format("{}", peer.threads) : "-"),
                            words(peer.same_settings ? "yes" : "no"), peer_words(peer)});
    }
    html += "<h2>Other products</h2>\n";
    html += table("Measured in the same rounds, in an environment of their own.", figure_header("product"), figures);
    html += table("How they run. Same settings: shape, threads and precision are those of the candidates.",
                  {words("product"), words("precision"), words("shape"), words("threads", "number"),
                   words("same settings"), words("finds what the reference finds")},
                  settings);
    std::vector<Row> ratios;
    for (const PeerRatios& one : peer_ratios(report)) {
        ratios.push_back({words(names[one.candidate]), words("than " + peer_name(report.peers[one.peer]), "words"),
                          number(told_ratio(one.end_to_end)), number(told_ratio(one.start)),
                          number(told_ratio(one.memory)), number(told_ratio(one.throughput))});
    }
    if (ratios.empty()) return;
    html += table("How many times better: below 1, the other product is better. Ratios are medians over paired rounds.",
                  {words("candidate"), words(""), words("end to end", "number"), words("start", "number"),
                   words("memory", "number"), words("images/s, one instance, batch 1", "number")},
                  ratios);
}

void append_not_run(std::string& html, const std::vector<UncomparedCandidate>& candidates) {
    if (candidates.empty()) return;
    std::vector<Row> rows;
    for (const UncomparedCandidate& candidate : candidates) {
        Cell reason = words(candidate.reason, "words");
        if (!candidate.remedy.empty()) reason.html += "<br><b>" + escaped(candidate.remedy) + "</b>";
        rows.push_back({words(candidate.package_id), words(to_string(candidate.backend)),
                        words(to_string(candidate.device)), words(precisions_of(candidate)), reason});
    }
    html += "<h2>What does not run here</h2>\n";
    html += table("And what would bring it in.",
                  {words("package"), words("backend"), words("device"), words("precision"), words("why")}, rows);
}

void append_notes(std::string& html, const std::vector<std::string>& notes) {
    if (notes.empty()) return;
    html += "<h2>Notes</h2>\n<ul>\n";
    for (const std::string& note : notes) html += fmt::format("<li>{}</li>\n", escaped(note));
    html += "</ul>\n";
}

void append_environment(std::string& html, const BenchmarkReport& report) {
    html += "<h2>How it was measured</h2>\n<dl>\n";
    const auto entry = [&](std::string_view name, std::string_view value) {
        html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
    };
    for (const auto& [name, value] : environment_rows(report.environment)) entry(name, value);
    for (const std::string& image : report.images) entry("image", image);
    html += "</dl>\n";
    if (!report.command.empty()) html += fmt::format("<pre><code>{}</code></pre>\n", escaped(report.command));
}

}  // namespace

std::string to_html(const BenchmarkReport& report) {
    const std::vector<std::string> names = candidate_names(report.candidates);
    // Nothing may be loaded or run, whatever a name holds.
    std::string html = fmt::format(
        R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Benchmark of {0}</title>
<style>{1}</style>
</head>
<body>
<h1>Benchmark of {0}</h1>
<p class="faint">{2}<br>{3}</p>
)",
        escaped(report.model_id), kReportStyle, escaped(subject_line(report)),
        escaped(fmt::format("{}, {}", report.environment.cpu, report.environment.measured_at)));
    append_goals(html, report, names);
    if (!report.candidates.empty()) append_candidates(html, report, names);
    append_plots(html, report, names);
    if (!report.candidates.empty()) append_quality(html, report, names);
    append_stages(html, report, names);
    append_peers(html, report, names);
    append_not_run(html, report.not_run);
    append_notes(html, report.notes);
    append_environment(html, report);
    return html + "</body>\n</html>\n";
}

}  // namespace inference_models
