#include "shadow/report_html_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "shadow/curl.h"
#include "shadow/markup.h"
#include "shadow/printable.h"
#include "shadow/report_format.h"
#include "shadow/report_words.h"

namespace banyan::shadow {
namespace {

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

class Places {
 public:
  Places(std::string& out, const MigrationReport& migration, const EndpointReport& endpoint,
         WallTime now)
      : out_(out), migration_(migration), endpoint_(endpoint), now_(now) {}

  void append(const Place& place, bool open) {
    line(
        "<details{}{}>\n<summary><span class=\"count\">{}</span> <span class=\"kind\">{}</span> {}"
        "{}</summary>",
        place.is_waived ? " class=\"waived\"" : "", open ? " open" : "", grouped(place.count),
        to_string(place.kind), code(place.path) + verdict_mark(place),
        place.is_waived ? " <span class=\"tag\">waived</span>" : "");
    facts(place);
    if (place.samples.empty())
      line("<div class=\"sample\"><p class=\"quiet\">No sample.</p></div>");
    for (const Sample& sample : place.samples) append(sample, place);
    line("</details>");
  }

 private:
  template <class... T>
  void line(fmt::format_string<T...> format, T&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(arguments)...);
    out_ += '\n';
  }

  // When it was seen, who accepted it, and how it can be.
  void facts(const Place& place) {
    const std::string seen = seen_words(place);
    const std::string snippet =
        place.is_waived || place.verdict != Verdict::mismatch ? "" : waiver_snippet(endpoint_.endpoint, {place.path, place.kind}, now_);
    if (seen.empty() && !place.waiver && snippet.empty()) return;
    line("<div class=\"facts\">");
    if (!seen.empty()) line("<p class=\"quiet\">{}</p>", seen);
    if (place.waiver) {
      line("<p>{}</p>",
           markup_escaped(waiver_words(migration_.waivers[*place.waiver], place.is_waived)));
    }
    if (!snippet.empty()) folded("Waive it: an entry for the file of waivers", snippet);
    line("</div>");
  }

  void folded(std::string_view title, std::string_view text) {
    line("<details class=\"copy\"><summary>{}</summary><pre tabindex=\"0\">{}</pre></details>",
         title, lines_escaped(text));
  }

  static std::string lines_escaped(std::string_view text) {
    std::string out;
    while (!text.empty()) {
      const std::string_view of_one = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), of_one.size() + 1));
      out += markup_escaped(of_one);
      out += '\n';
    }
    return out;
  }

  void append(const Sample& sample, const Place& place) {
    const std::string left = printable(sample.left), right = printable(sample.right);
    line("<div class=\"sample\">\n<p><span class=\"quiet\">{}</span> {}{}</p>",
         time_text(sample.at), code(sample.method + " " + sample.target),
         sample.path == place.path ? "" : " at " + code(sample.path));
    line("<div class=\"sides\">\n<div><h4>legacy</h4><pre>{}</pre></div>", marked(left, right));
    line("<div><h4>monolith</h4><pre>{}</pre></div>\n</div>", marked(right, left));
    if (!sample.left_body.empty()) folded("The whole body of legacy", sample.left_body);
    if (!sample.right_body.empty()) folded("The whole body of the monolith", sample.right_body);
    if (const auto command = curl_command(sample.method, sample.target)) {
      folded("Ask again: as a curl command", *command);
    }
    line("</div>");
  }

  std::string& out_;
  const MigrationReport& migration_;
  const EndpointReport& endpoint_;
  const WallTime now_;
};

}  // namespace

std::string code(std::string_view text) { return "<code>" + markup_escaped(text) + "</code>"; }

std::string marked(const std::string& text, const std::string& other) {
  if (text.empty()) return "<span class=\"quiet\">(nothing)</span>";
  const auto [head, tail] = same_around(text, other);
  const std::string_view all(text);
  const std::string_view changed = all.substr(head, all.size() - head - tail);
  std::string out = markup_escaped(all.substr(0, head));
  if (!changed.empty()) out += "<mark>" + markup_escaped(changed) + "</mark>";
  return out + markup_escaped(all.substr(all.size() - tail));
}

std::string badge(Readiness readiness) {
  return fmt::format("<span class=\"badge {}\">{}</span>", to_string(readiness),
                     words_for(readiness));
}

void append_places(std::string& out, const MigrationReport& migration,
                   const EndpointReport& endpoint, std::size_t open, WallTime now) {
  Places places(out, migration, endpoint, now);
  for (std::size_t i = 0; i < endpoint.places.size(); ++i) {
    places.append(endpoint.places[i], i < open && !endpoint.places[i].is_waived);
  }
}

}  // namespace banyan::shadow
