// The report as one file that needs nothing else: no script, no picture, no other host. What came
// from traffic is escaped, and the policy in its head would let no script run even if it were not.
#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

#include "shadow/markup.h"
#include "shadow/report_format.h"
#include "shadow/report_html_parts.h"
#include "shadow/report_html_style.h"
#include "shadow/report_words.h"

namespace banyan::shadow {
namespace {

// Of the first endpoint the first places are open, so that the page shows at once what it is about.
constexpr std::size_t kOpenPlaces = 3;

class Html {
 public:
  explicit Html(WallTime now) : now_(now) {
    line("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
    line(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'{}'; "
        "base-uri 'none'; form-action 'none'\">",
        kReportStyleHash);
    line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    line("<meta name=\"referrer\" content=\"no-referrer\">");
    line("<title>Shadow-diff report</title>\n<style>{}</style>\n</head>\n<body>", kReportStyle);
    line("<header>\n<h1>Shadow-diff report</h1>\n<p class=\"quiet\">of {}</p>\n</header>\n<main>",
         time_text(now));
  }

  // What a reader wants to know first.
  void contents(const std::vector<MigrationReport>& report) {
    if (report.empty()) line("<p class=\"verdict\">Nothing was compared yet.</p>");
    for (std::size_t i = 0; i < report.size(); ++i) readiness(report[i], i);
  }

  void append(const MigrationReport& migration, std::size_t number) {
    line("<section id=\"m{}\" aria-labelledby=\"h{}\">\n<h2 id=\"h{}\">Migration {}</h2>", number,
         number, number, code(migration.migration));
    const std::string epoch =
        migration.epoch.empty() ? "" : "Epoch " + code(migration.epoch) + ". ";
    line("<p class=\"quiet\">{}{}</p>", epoch, counted_since(migration));
    if (!migration.endpoints.empty()) {
      directions(migration);
      endpoints(migration, number);
    }
    for (std::size_t i = 0; i < migration.endpoints.size(); ++i) {
      append(migration, migration.endpoints[i], fmt::format("m{}e{}", number, i), i == 0);
    }
    line("</section>");
  }

  std::string finish() {
    line("</main>\n</body>\n</html>");
    return std::move(out_);
  }

 private:
  template <class... T>
  void line(fmt::format_string<T...> format, T&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(arguments)...);
    out_ += '\n';
  }

  void readiness(const MigrationReport& migration, std::size_t number) {
    line(
        "<div class=\"verdict {}\">\n<p class=\"state\"><a href=\"#m{}\">{}</a> {} <span "
        "class=\"quiet\">{}</span></p>",
        to_string(migration.judgement.state), number, code(migration.migration),
        badge(migration.judgement.state), direction_words(migration));
    reasons(reasons_for(migration));
    line("<p>{}.</p>", markup_escaped(summary(migration)));
    if (migration.judgement.is_judged()) {
      line("<p class=\"quiet\">{}.</p>", markup_escaped(rate_words(migration)));
    }
    line("</div>");
  }

  void reasons(const std::vector<std::string>& all) {
    if (all.empty()) return;
    line("<ul>");
    for (const std::string& reason : all) line("<li>{}</li>", markup_escaped(reason));
    line("</ul>");
  }

  template <std::size_t kColumns>
  void begin_table(std::string_view caption, const std::array<std::string_view, kColumns>& titles) {
    line(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n<table>\n"
        "<caption>{}</caption>\n<thead><tr>",
        caption, caption);
    for (const std::string_view title : titles) line("<th scope=\"col\">{}</th>", title);
    line("</tr></thead>\n<tbody>");
  }
  void end_table() { line("</tbody>\n</table>\n</div>"); }
  // Of text that is markup already.
  void row(const std::string& name, const std::vector<std::string>& cells) {
    line("<tr><th scope=\"row\">{}</th>", name);
    for (const std::string& cell : cells) line("<td>{}</td>", cell);
    line("</tr>");
  }

  void directions(const MigrationReport& migration) {
    constexpr std::array<std::string_view, 11> kTitles{
        "copies to", "seen",      "eligible", "drawn", "compared",      "match",
        "noise",     "transient", "mismatch", "share", "not comparable"};
    begin_table("Exchanges, by the arm that got the copy", kTitles);
    for (const Arm served_by : {Arm::legacy, Arm::monolith}) direction(migration, served_by);
    end_table();
    for (const Arm served_by : {Arm::legacy, Arm::monolith}) {
      const WordCounts& skipped = migration.traffic[index_of(served_by)].skipped;
      if (skipped.empty()) continue;
      line("<p class=\"quiet\">No copy to {}: {}.</p>", to_string(other(served_by)),
           markup_escaped(counts_words(skipped)));
    }
    for (const Arm served_by : {Arm::legacy, Arm::monolith}) {
      const std::string late = after_write_words(migration, served_by);
      if (!late.empty()) line("<p>{}.</p>", markup_escaped(late));
    }
  }

  void direction(const MigrationReport& migration, Arm served_by) {
    const VerdictCounts& counts =
        served_by == Arm::legacy ? migration.to_monolith : migration.to_legacy;
    const Traffic& traffic = migration.traffic[index_of(served_by)];
    const std::uint64_t pairs = pairs_of(counts);
    const std::uint64_t mismatch = count_of(counts, Verdict::mismatch);
    row(std::string(to_string(other(served_by))),
        {grouped(traffic.seen), grouped(eligible_of(traffic, pairs)),
         grouped(sampled_of(traffic, pairs)), grouped(compared_of(counts)),
         grouped(count_of(counts, Verdict::match)), grouped(count_of(counts, Verdict::noise)),
         grouped(count_of(counts, Verdict::transient)), strong(mismatch),
         markup_escaped(percent(mismatch, compared_of(counts))),
         grouped(count_of(counts, Verdict::not_comparable))});
  }

  static std::string strong(std::uint64_t count) {
    return count == 0 ? "0" : "<strong class=\"bad\">" + grouped(count) + "</strong>";
  }

  void endpoints(const MigrationReport& migration, std::size_t number) {
    constexpr std::array<std::string_view, 8> kTitles{"endpoint", "readiness",   "compared",
                                                      "mismatch", "waived",      "share",
                                                      "coverage", "still needed"};
    begin_table("Endpoints, those with most mismatches first", kTitles);
    for (std::size_t i = 0; i < migration.endpoints.size(); ++i) {
      const EndpointReport& endpoint = migration.endpoints[i];
      row(fmt::format("<a href=\"#m{}e{}\">{}</a>", number, i, code(endpoint.endpoint)),
          cells_of(endpoint));
    }
    end_table();
  }

  static std::vector<std::string> cells_of(const EndpointReport& endpoint) {
    const Judgement& made = endpoint.judgement;
    const std::uint64_t compared = compared_of(endpoint.verdicts);
    const std::uint64_t mismatch = count_of(endpoint.verdicts, Verdict::mismatch);
    return {made.is_judged() ? badge(made.state) : "-",
            grouped(compared),
            strong(mismatch),
            grouped(made.waived),
            markup_escaped(percent(mismatch, compared)),
            markup_escaped(percent(made.compared, made.sampled)),
            made.waived_for_traffic ? "waived"
            : made.more_clean       ? grouped(*made.more_clean)
                                    : "-"};
  }

  void append(const MigrationReport& migration, const EndpointReport& endpoint,
              const std::string& id, bool first) {
    const std::uint64_t compared = compared_of(endpoint.verdicts);
    const std::uint64_t mismatch = count_of(endpoint.verdicts, Verdict::mismatch);
    line("<section id=\"{}\">\n<h3>{}{}</h3>", id, code(endpoint.endpoint),
         endpoint.judgement.is_judged() ? " " + badge(endpoint.judgement.state) : "");
    line("<p class=\"quiet\">{} of {} differ ({}); at {} {}.</p>", grouped(mismatch),
         grouped(compared), markup_escaped(percent(mismatch, compared)), endpoint.places.size(),
         endpoint.places.size() == 1 ? "place" : "places");
    reasons(reasons_for(migration, endpoint));
    for (const Arm served_by : {Arm::legacy, Arm::monolith}) {
      const WordCounts& words = endpoint.tally.reasons[index_of(served_by)];
      if (words.empty()) continue;
      line("<p class=\"quiet\">Not comparable, copies to {}: {}.</p>", to_string(other(served_by)),
           markup_escaped(counts_words(words)));
    }
    latency(endpoint);
    append_places(out_, migration, endpoint, first ? kOpenPlaces : 0, now_);
    excuse(endpoint);
    line("</section>");
  }

  void latency(const EndpointReport& endpoint) {
    for (const Arm arm : {Arm::legacy, Arm::monolith}) {
      const std::string words = latency_words(endpoint.tally.latency[index_of(arm)]);
      if (!words.empty()) {
        line("<p class=\"latency\"><span>{}</span> {}</p>", to_string(arm), markup_escaped(words));
      }
    }
  }

  // How an endpoint that few ask for may pass.
  void excuse(const EndpointReport& endpoint) {
    const Judgement& made = endpoint.judgement;
    const bool is_rare = made.state == Readiness::inconclusive && made.mismatch == 0;
    const std::string snippet =
        is_rare ? waiver_snippet_for_traffic(endpoint.endpoint, now_) : std::string();
    if (snippet.empty()) return;
    std::string text;
    for (std::size_t at = 0; at < snippet.size();) {
      const std::size_t end = snippet.find('\n', at);
      text += markup_escaped(std::string_view(snippet).substr(at, end - at)) + "\n";
      at = end + 1;
    }
    line(
        "<details class=\"copy\"><summary>Waive too little traffic</summary><pre "
        "tabindex=\"0\">{}</pre></details>",
        text);
  }

  const WallTime now_;
  std::string out_;
};

}  // namespace

std::string render_html(const std::vector<MigrationReport>& report, WallTime now) {
  Html html(now);
  html.contents(report);
  for (std::size_t i = 0; i < report.size(); ++i) html.append(report[i], i);
  return html.finish();
}

}  // namespace banyan::shadow
