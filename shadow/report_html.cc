// The report as one file that needs nothing else: no script, no picture, no other host. What came
// from traffic is escaped, and the policy in its head would let no script run even if it were not.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "shadow/curl.h"
#include "shadow/markup.h"
#include "shadow/printable.h"
#include "shadow/report_format.h"
#include "shadow/report_html_style.h"

namespace banyan::shadow {
namespace {

// Of the first endpoint the first places are open, so that the page shows at once what it is about.
constexpr std::size_t kOpenPlaces = 3;

std::string code(std::string_view text) { return "<code>" + markup_escaped(text) + "</code>"; }

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// How many bytes at the beginning, and then at the end, are the same; between characters.
std::pair<std::size_t, std::size_t> same_around(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  std::size_t head = 0;
  while (head < shorter && a[head] == b[head]) ++head;
  const auto inside = [](std::string_view text, std::size_t at) {
    return at < text.size() && continues_a_character(text[at]);
  };
  while (head > 0 && (inside(a, head) || inside(b, head))) --head;
  std::size_t tail = 0;
  while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  while (tail > 0 && continues_a_character(a[a.size() - tail])) --tail;
  return {head, tail};
}

// `text` with what is not the same as in `other` marked; both are printable.
std::string marked(const std::string& text, const std::string& other) {
  if (text.empty()) return "<span class=\"quiet\">(nothing)</span>";
  const auto [head, tail] = same_around(text, other);
  const std::string_view all(text);
  const std::string_view changed = all.substr(head, all.size() - head - tail);
  std::string out = markup_escaped(all.substr(0, head));
  if (!changed.empty()) out += "<mark>" + markup_escaped(changed) + "</mark>";
  return out + markup_escaped(all.substr(all.size() - tail));
}

std::string_view tone(const MigrationReport& migration) {
  const auto count = [&](Verdict verdict) {
    return count_of(migration.to_monolith, verdict) + count_of(migration.to_legacy, verdict);
  };
  if (count(Verdict::mismatch) > 0) return " bad";
  return count(Verdict::match) > 0 ? " good" : "";
}

class Html {
 public:
  explicit Html(WallTime now) {
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

  void contents(const std::vector<MigrationReport>& report) {
    if (report.empty()) line("<p class=\"verdict\">Nothing was compared yet.</p>");
    for (std::size_t i = 0; i < report.size(); ++i) verdict(report[i], i);
  }

  void append(const MigrationReport& migration, std::size_t number) {
    line("<section id=\"m{}\">\n<h2>Migration {}</h2>", number, code(migration.migration));
    const std::string epoch =
        migration.epoch.empty() ? "" : "Epoch " + code(migration.epoch) + ". ";
    line("<p class=\"quiet\">{}{}</p>", epoch, counted_since(migration));
    if (!migration.endpoints.empty()) directions(migration);
    endpoints(migration, number);
    for (std::size_t i = 0; i < migration.endpoints.size(); ++i) {
      append(migration.endpoints[i], number, i);
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

  // What a reader wants to know first.
  void verdict(const MigrationReport& migration, std::size_t number) {
    const std::uint64_t compared =
        compared_of(migration.to_monolith) + compared_of(migration.to_legacy);
    const std::uint64_t mismatch = count_of(migration.to_monolith, Verdict::mismatch) +
                                   count_of(migration.to_legacy, Verdict::mismatch);
    const std::string link =
        fmt::format("<a href=\"#m{}\">{}</a>", number, code(migration.migration));
    if (compared == 0) {
      return line("<p class=\"verdict\">{}: nothing was compared yet.</p>", link);
    }
    line("<p class=\"verdict{}\">{}: <strong>{}</strong> of {} compared pairs differ ({}).</p>",
         tone(migration), link, mismatch == 0 ? "none" : grouped(mismatch), grouped(compared),
         percent(mismatch, compared));
  }

  void directions(const MigrationReport& migration) {
    line(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"counts\">\n<table>\n<caption>Pairs of answers, by the arm that got the copy"
        "</caption>\n<thead><tr><th scope=\"col\">shadow</th><th scope=\"col\">compared</th>"
        "<th scope=\"col\">match</th><th scope=\"col\">mismatch</th><th scope=\"col\">share</th>"
        "<th scope=\"col\">not comparable</th></tr></thead>\n<tbody>");
    row("to monolith", migration.to_monolith);
    row("to legacy", migration.to_legacy);
    line("</tbody>\n</table>\n</div>");
  }

  void endpoints(const MigrationReport& migration, std::size_t number) {
    if (migration.endpoints.empty()) return;
    line(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"counts\">\n<table>\n<caption>Endpoints, those with most mismatches first"
        "</caption>\n<thead><tr><th scope=\"col\">endpoint</th><th scope=\"col\">compared</th>"
        "<th scope=\"col\">match</th><th scope=\"col\">mismatch</th><th scope=\"col\">share</th>"
        "<th scope=\"col\">not comparable</th></tr></thead>\n<tbody>");
    for (std::size_t i = 0; i < migration.endpoints.size(); ++i) {
      const EndpointReport& endpoint = migration.endpoints[i];
      const std::string name = code(endpoint.endpoint);
      row(endpoint.places.empty() ? name
                                  : fmt::format("<a href=\"#m{}e{}\">{}</a>", number, i, name),
          endpoint.verdicts);
    }
    line("</tbody>\n</table>\n</div>");
  }

  void row(std::string_view name, const VerdictCounts& counts) {
    const std::uint64_t compared = compared_of(counts);
    const std::uint64_t mismatch = count_of(counts, Verdict::mismatch);
    line(
        "<tr><th "
        "scope=\"row\">{}</th><td>{}</td><td>{}</td><td{}>{}</td><td>{}</td><td>{}</td></tr>",
        name, grouped(compared), grouped(count_of(counts, Verdict::match)),
        mismatch > 0 ? " class=\"bad\"" : "", grouped(mismatch),
        markup_escaped(percent(mismatch, compared)),
        grouped(count_of(counts, Verdict::not_comparable)));
  }

  void append(const EndpointReport& endpoint, std::size_t number, std::size_t index) {
    if (endpoint.places.empty()) return;
    const std::uint64_t compared = compared_of(endpoint.verdicts);
    const std::uint64_t mismatch = count_of(endpoint.verdicts, Verdict::mismatch);
    line("<section id=\"m{}e{}\">\n<h3>{}</h3>", number, index, code(endpoint.endpoint));
    line("<p class=\"quiet\">{} of {} differ ({}); at {} {}:</p>", grouped(mismatch),
         grouped(compared), markup_escaped(percent(mismatch, compared)), endpoint.places.size(),
         endpoint.places.size() == 1 ? "place" : "places");
    for (std::size_t i = 0; i < endpoint.places.size(); ++i) {
      append(endpoint.places[i], index == 0 && i < kOpenPlaces);
    }
    line("</section>");
  }

  void append(const Place& place, bool open) {
    line(
        "<details{}>\n<summary><span class=\"count\">{}</span> <span class=\"kind\">{}</span> {}"
        "</summary>",
        open ? " open" : "", grouped(place.count), to_string(place.kind),
        code(place.path) + verdict_mark(place));
    if (place.samples.empty())
      line("<div class=\"sample\"><p class=\"quiet\">No sample.</p></div>");
    for (const Sample& sample : place.samples) append(sample, place);
    line("</details>");
  }

  void append(const Sample& sample, const Place& place) {
    const std::string left = printable(sample.left), right = printable(sample.right);
    line("<div class=\"sample\">\n<p><span class=\"quiet\">{}</span> {}{}</p>",
         time_text(sample.at), code(sample.method + " " + sample.target),
         sample.path == place.path ? "" : " at " + code(sample.path));
    line("<div class=\"sides\">\n<div><h4>legacy</h4><pre>{}</pre></div>", marked(left, right));
    line("<div><h4>monolith</h4><pre>{}</pre></div>\n</div>", marked(right, left));
    if (const auto command = curl_command(sample.method, sample.target)) {
      line(
          "<details class=\"curl\"><summary>Ask again</summary><pre "
          "tabindex=\"0\">{}</pre></details>",
          markup_escaped(*command));
    }
    line("</div>");
  }

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
