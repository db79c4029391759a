#pragma once

#include <string_view>

namespace inference_models {

/// The style of a benchmark's page. Plots are drawn in per cent of their width, so that they fit a phone without
/// their text becoming small.
inline constexpr std::string_view kReportStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #ffffff; --card: #f4f6f9; --line: #d9dee6; --text: #1a2230; --faint: #596579;
  --full: #2f6bdb; --lower: #0f8f7f; --peer: #d27a14; --wrong: #8c95a3; --dot: #10182a; --good: #1b7f3b; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161d; --card: #1b212b; --line: #343d4b; --text: #e7ebf2; --faint: #a3aebf;
    --full: #6a9bff; --lower: #36c5b2; --peer: #f0a04b; --wrong: #8c95a3; --dot: #f4f6fa; --good: #5ecb80; --bad: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1.25rem 3rem; max-width: 74rem;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  background: var(--page); color: var(--text);
}
h1 { margin: 0; font-size: 1.75rem; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.25rem; }
h3 { margin: 0 0 0.5rem; font-size: 1rem; }
p { margin: 0.25rem 0 0.75rem; }
.faint { color: var(--faint); }
.good { color: var(--good); }
.bad { color: var(--bad); }

.goals { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 0.75rem; margin-top: 1.25rem; }
.goal, .plot { background: var(--card); border-radius: 0.6rem; padding: 0.9rem 1rem; }
.goal .figure { font-size: 1.5rem; font-weight: 650; line-height: 1.25; }
.goal p { margin: 0.15rem 0 0; }

.scroll { overflow-x: auto; }
.scroll + p { margin-top: 1.75rem; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.4rem 0.55rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--faint); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; min-width: 8.75rem; position: sticky; left: 0; background: var(--page); }
.number { text-align: right; }
.number, .one-line { white-space: nowrap; }
.best { font-weight: 700; color: var(--good); }
td.words { min-width: 16rem; overflow-wrap: anywhere; }

.plots { columns: 2 28rem; column-gap: 0.75rem; }
.plot { break-inside: avoid; margin-bottom: 0.75rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0 0 0.75rem; color: var(--faint); font-size: 0.9rem; }
.legend svg { width: 1.5rem; height: 0.9rem; vertical-align: -0.1rem; margin-right: 0.4rem; }
.row { display: grid; grid-template-columns: 11rem 1fr 4rem; gap: 0 0.6rem; align-items: center; font-size: 0.85rem; }
.group { margin: 0.5rem 0 0; font-size: 0.85rem; font-weight: 600; }
.row .name { overflow-wrap: anywhere; line-height: 1.25; padding: 0.15rem 0; }
.row .value { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.row svg { display: block; width: 100%; overflow: visible; }
.grid { stroke: var(--line); }
.full { fill: var(--full); stroke: var(--full); }
.lower { fill: var(--lower); stroke: var(--lower); }
.peer { fill: var(--peer); stroke: var(--peer); }
.wrong { fill: none; stroke: var(--wrong); stroke-dasharray: 4 3; }
.bar { stroke-width: 1; fill-opacity: 0.55; }
.whisker { stroke: var(--text); stroke-width: 1.5; fill: none; }
.dot { fill: var(--dot); stroke: var(--card); stroke-width: 1; }
.tick { fill: var(--faint); font-size: 11px; }

dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1.25rem; margin: 0; font-size: 0.95rem; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
pre {
  background: var(--card); border-radius: 0.6rem; padding: 0.8rem 1rem; margin: 0.75rem 0 0;
  white-space: pre-wrap; overflow-wrap: anywhere; font: 0.9rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace;
}
@media (max-width: 40rem) {
  body { padding: 1rem 0.8rem 2rem; }
  .row { grid-template-columns: 1fr 4rem; }
  .group { margin: 0.5rem 0 0; font-size: 0.85rem; font-weight: 600; }
.row .name { grid-column: 1 / -1; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.5rem; }
}
)css";

}  // namespace inference_models
