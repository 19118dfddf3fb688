// shadow/report_html_style.h: how the HTML report looks. A Content-Security-Policy that knows this
// one style by its hash lets no other in; a test computes the hash.
#pragma once

#include <string_view>

namespace banyan::shadow {

inline constexpr std::string_view kReportStyleHash =
    "sha256-as9qRW0IoX0OL1BOxzclGW6VLLvclKQhW8791uQwQwc=";
inline constexpr std::string_view kReportStyle = R"css(
:root { color-scheme: light dark; --page: #fff; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de;
  --box: #f6f8fa; --bad: #a40e26; --good: #116329; --open: #7a4b00; --mark: #ffe08a; --link: #0550ae; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0d1117; --text: #e6edf3; --quiet: #9aa4af; --line: #30363d; --box: #161b22;
    --bad: #ff8c82; --good: #6bd489; --open: #f0b849; --mark: #6b4f00; --link: #79b8ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.25rem 4rem; background: var(--page);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.35rem; margin: 3rem 0 .25rem; padding-top: 1rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2.25rem 0 .25rem; }
h2, h3, code, pre { overflow-wrap: anywhere; }
code, pre { font: .92em/1.5 ui-monospace, monospace; }
h2 code, h3 code { font-size: 1em; }
p { margin: .25rem 0 1rem; }
a { color: var(--link); }
.quiet { color: var(--quiet); }
.verdict { font-size: 1.15rem; margin: 1rem 0; padding: .75rem 1rem; border-left: .35rem solid var(--quiet);
  background: var(--box); }
.verdict.not_ready { border-color: var(--bad); }
.verdict.ready { border-color: var(--good); }
.verdict.inconclusive { border-color: var(--open); }
.verdict p { margin: .25rem 0; font-size: 1rem; }
.verdict .state { font-size: 1.2rem; }
ul { margin: .35rem 0 .5rem; padding-left: 1.25rem; }
.badge { display: inline-block; padding: 0 .5rem; border: 1px solid currentColor; border-radius: 1rem;
  font-size: .85rem; font-weight: 600; white-space: nowrap; }
.badge.ready { color: var(--good); }
.badge.not_ready { color: var(--bad); }
.badge.inconclusive { color: var(--open); }
h3 .badge { vertical-align: middle; }
.tag { color: var(--quiet); border: 1px solid var(--line); border-radius: 1rem; padding: 0 .5rem;
  font-size: .85rem; }
.bad { color: var(--bad); }
.facts { padding: .5rem .75rem 0; border-top: 1px solid var(--line); }
.facts p { margin: 0 0 .35rem; overflow-wrap: anywhere; }
.latency { margin: .15rem 0; font-variant-numeric: tabular-nums; }
.latency span { display: inline-block; min-width: 5.5rem; color: var(--quiet); }
.latency + details { margin-top: .75rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 0 0 1rem; }
caption { text-align: left; color: var(--quiet); padding: .25rem 0; }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); text-align: right;
  font-variant-numeric: tabular-nums; vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
thead th { font-weight: 600; color: var(--quiet); }
th:first-child { width: 45%; min-width: 11rem; }
td, th + th { white-space: nowrap; }
tbody th { font-weight: 400; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; background: var(--box); }
summary { cursor: pointer; padding: .5rem .75rem; overflow-wrap: anywhere; }
summary:focus-visible, a:focus-visible, pre:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
summary .count { display: inline-block; min-width: 4.5rem; font-variant-numeric: tabular-nums;
  font-weight: 600; }
summary .kind { display: inline-block; min-width: 6rem; color: var(--quiet); }
.sample { padding: .5rem .75rem .75rem; border-top: 1px solid var(--line); }
.sample p { margin: 0 0 .5rem; overflow-wrap: anywhere; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: .75rem; }
.sides dt, .sides h4 { margin: 0; font-size: .85rem; font-weight: 600; color: var(--quiet); }
pre { margin: .15rem 0 0; padding: .5rem .6rem; white-space: pre-wrap; background: var(--page);
  border: 1px solid var(--line); border-radius: .3rem; }
mark { background: var(--mark); color: inherit; border-radius: .15rem; }
.copy { margin-top: .75rem; background: none; }
.copy pre { margin: 0 .75rem .75rem; user-select: all; }
@media print { details { break-inside: avoid; } body { max-width: none; } }
)css";

}  // namespace banyan::shadow
