#include "benchmark/report_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "benchmark/html_text.hpp"
#include "benchmark/report_facts.hpp"

namespace inference_models {
namespace {

constexpr int kRowHeight = 28;  ///< in CSS pixels, as all heights
constexpr int kBarTop = 5;
constexpr int kBarHeight = 18;
constexpr int kMiddle = kRowHeight / 2;
constexpr int kAxisHeight = 20;

/// Values to places along the width of a plot.
class Scale {
public:
    explicit Scale(std::span<const Bar> bars) {
        for (const Bar& bar : bars) {
            end_ = std::max({end_, bar.value, bar.p90.value_or(0)});
            for (const double round : bar.rounds) end_ = std::max(end_, round);
        }
        if (!(end_ > 0)) end_ = 1;
        end_ *= 1.04;  // room for the dots
    }

    /// In per cent of the width. What is beyond the end, as a rare p99 may be, lies on it.
    [[nodiscard]] double place_of(double value) const { return 100 * std::clamp(value / end_, 0.0, 1.0); }
    [[nodiscard]] bool holds(double value) const { return value <= end_; }

    /// Of 1, 2 or 5 times a power of ten.
    [[nodiscard]] std::vector<double> ticks() const {
        constexpr double kFewest = 3;
        const double power = std::pow(10, std::floor(std::log10(end_ / kFewest)));
        double step = power;
        for (const double factor : {2.0, 5.0}) {
            if (end_ / (power * factor) >= kFewest) step = power * factor;
        }
        std::vector<double> ticks;
        for (int i = 0; step * i <= end_; ++i) ticks.push_back(step * i);
        return ticks;
    }

private:
    double end_ = 0;
};

/// What the picture shows, for those who do not see it.
std::string words_of(const Bar& bar, std::string_view unit) {
    std::string words = bar.group.empty() ? bar.name : fmt::format("{}, {}", bar.group, bar.name);
    words += fmt::format(": {} {}", told(bar.value), unit);
    if (bar.p90) words += fmt::format(", 90 % within {}", told(*bar.p90));
    if (bar.p99) words += fmt::format(", 99 % within {}", told(*bar.p99));
    if (bar.rounds.empty()) return words;
    words += "; rounds:";
    for (const double round : bar.rounds) words += ' ' + told(round);
    return words;
}

std::string grid(const Scale& scale) {
    std::string lines;
    for (const double tick : scale.ticks()) {
        lines += fmt::format(R"(<line class="grid" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="{1}"/>)",
                             scale.place_of(tick), kRowHeight);
    }
    return lines;
}

/// A line from the value to p99, with an end at p90 and one at p99.
std::string whisker(const Bar& bar, const Scale& scale) {
    if (!bar.p90 || !bar.p99) return {};
    const auto end = [&](double value, int half) {
        if (!scale.holds(value)) return std::string();
        return fmt::format(R"(<line x1="{0:.2f}%" x2="{0:.2f}%" y1="{1}" y2="{2}"/>)", scale.place_of(value),
                           kMiddle - half, kMiddle + half);
    };
    return fmt::format(R"(<g class="whisker"><line x1="{0:.2f}%" x2="{1:.2f}%" y1="{2}" y2="{2}"/>{3}{4}</g>)",
                       scale.place_of(bar.value), scale.place_of(*bar.p99), kMiddle, end(*bar.p90, 4),
                       end(*bar.p99, 6));
}

/// The rounds from top to bottom.
std::string dots(const Bar& bar, const Scale& scale) {
    std::string circles;
    const double step = kBarHeight / static_cast<double>(bar.rounds.size() + 1);
    double y = kBarTop;
    for (const double round : bar.rounds) {
        y += step;
        circles += fmt::format(R"(<circle class="dot" cx="{:.2f}%" cy="{:.1f}" r="2.5"/>)", scale.place_of(round), y);
    }
    return circles;
}

std::string row_of(const Bar& bar, std::string_view unit, const Scale& scale) {
    const std::string words = escaped(words_of(bar, unit));
    return fmt::format(
        R"(<div class="row"><span class="name">{}</span><svg role="img" aria-label="{}" height="{}"><title>{}</title>{})"
        R"(<rect class="bar {}" x="0" y="{}" width="{:.2f}%" height="{}"/>{}{}</svg><span class="value">{}</span></div>)"
        "\n",
        escaped(bar.name), words, kRowHeight, words, grid(scale), style_class(bar.kind), kBarTop,
        scale.place_of(bar.value), kBarHeight, whisker(bar, scale), dots(bar, scale), told(bar.value));
}

std::string axis(const Scale& scale) {
    std::string labels;
    for (const double tick : scale.ticks()) {
        labels += fmt::format(R"(<text class="tick" x="{:.2f}%" y="14" text-anchor="{}">{:g}</text>)",
                              scale.place_of(tick), tick > 0 ? "middle" : "start", tick);
    }
    return fmt::format(R"(<div class="row" aria-hidden="true"><span class="name"></span><svg height="{}">{}</svg>)"
                       R"(<span class="value"></span></div>)",
                       kAxisHeight, labels);
}

}  // namespace

std::string_view style_class(BarKind kind) noexcept {
    switch (kind) {
        case BarKind::full: return "full";
        case BarKind::lower: return "lower";
        case BarKind::wrong: return "wrong";
        case BarKind::peer: return "peer";
    }
    return {};
}

std::string plot(std::string_view title, std::string_view unit, std::string_view better, std::span<const Bar> bars) {
    const Scale scale(bars);
    std::string html = fmt::format("<div class=\"plot\"><h3>{} <span class=\"faint\">{}, {}</span></h3>\n",
                                   escaped(title), escaped(unit), escaped(better));
    std::string_view last;
    for (const Bar& bar : bars) {
        if (std::exchange(last, bar.group) != bar.group) {
            html += fmt::format("<p class=\"group\">{}</p>\n", escaped(bar.group));
        }
        html += row_of(bar, unit, scale);
    }
    return html + axis(scale) + "</div>\n";
}

}  // namespace inference_models
