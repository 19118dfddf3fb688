// A report for a pull request: CommonMark with GitHub's tables. What came from traffic stands in
// code spans, where nothing is interpreted, and never in a table, whose cells end at a `|`.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "shadow/printable.h"
#include "shadow/report_format.h"
#include "shadow/report_words.h"

namespace banyan::shadow {
namespace {

// A fence longer than any run of backquotes inside, and of `least` at least.
std::string fence_around(std::string_view text, std::size_t least) {
  std::size_t run = 0, longest = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max(longest + 1, least), '`');
}

std::string code(std::string_view text) {
  const std::string shown = printable(text);
  const std::string fence = fence_around(shown, 1);
  const bool padded = shown.starts_with('`') || shown.ends_with('`') || shown.starts_with(' ');
  const std::string_view pad = padded ? " " : "";
  return fmt::format("{}{}{}{}{}", fence, pad, shown, pad, fence);
}

std::string value(std::string_view text) { return text.empty() ? "(nothing)" : code(text); }

class Markdown {
 public:
  explicit Markdown(WallTime now) : now_(now) {}

  void append(const MigrationReport& migration) {
    line("## Migration {}", code(migration.migration));
    line("");
    const std::string epoch =
        migration.epoch.empty() ? "" : "Epoch " + code(migration.epoch) + ". ";
    line("**Readiness, {}: {}**", direction_words(migration), words_for(migration.judgement.state));
    line("");
    for (const std::string& reason : reasons_for(migration)) line("- {}", reason);
    if (!migration.judgement.lacks.empty()) line("");
    line("{}{}", epoch, counted_since(migration));
    line("");
    if (migration.judgement.is_judged()) {
      line("{}; {}.", summary(migration), rate_words(migration));
      line("");
    }
    if (migration.endpoints.empty()) return;
    line("| shadow | compared | match | mismatch | not comparable | mismatch |");
    line("|---|--:|--:|--:|--:|--:|");
    direction("to monolith", migration.to_monolith);
    direction("to legacy", migration.to_legacy);
    line("");
    for (const Arm served_by : {Arm::legacy, Arm::monolith}) {
      const std::string late = after_write_words(migration, served_by);
      if (!late.empty()) line("{}.\n", late);
    }
    for (const EndpointReport& endpoint : migration.endpoints) append(migration, endpoint);
    waivers(migration);
  }

  template <class... T>
  void line(fmt::format_string<T...> format, T&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(arguments)...);
    out_ += '\n';
  }
  std::string finish() { return std::move(out_); }

 private:
  void direction(std::string_view name, const VerdictCounts& counts) {
    const std::uint64_t compared = compared_of(counts);
    const std::uint64_t mismatch = count_of(counts, Verdict::mismatch);
    line("| {} | {} | {} | {} | {} | {} |", name, grouped(compared),
         grouped(count_of(counts, Verdict::match)), grouped(mismatch),
         grouped(count_of(counts, Verdict::not_comparable)), percent(mismatch, compared));
  }

  void append(const MigrationReport& migration, const EndpointReport& endpoint) {
    const std::uint64_t compared = compared_of(endpoint.verdicts);
    const std::uint64_t mismatch = count_of(endpoint.verdicts, Verdict::mismatch);
    line("### {}", code(endpoint.endpoint));
    line("");
    line("{} compared, **{} mismatch** ({}){}", grouped(compared), grouped(mismatch),
         percent(mismatch, compared),
         endpoint.judgement.is_judged() ? fmt::format(", {}", words_for(endpoint.judgement.state))
                                        : std::string());
    line("");
    for (const Arm arm : {Arm::legacy, Arm::monolith}) {
      const std::string words = latency_words(endpoint.tally.latency[index_of(arm)]);
      if (words.empty()) continue;
      line("{}: {}", to_string(arm), words);
      line("");
    }
    for (const Place& place : endpoint.places) append(migration, place);
    if (!endpoint.places.empty()) line("");
  }

  void append(const MigrationReport& migration, const Place& place) {
    line("- {} × {} at {}{}", grouped(place.count), to_string(place.kind), code(place.path),
         verdict_mark(place));
    if (place.waiver) {
      line("  - {}", code(waiver_words(migration.waivers[*place.waiver], place.is_waived)));
    }
    if (const std::string seen = seen_words(place); !seen.empty()) line("  - {}", seen);
    if (place.samples.empty()) return;
    const Sample& sample = place.samples.front();
    line("  - legacy: {}", value(sample.left));
    line("  - monolith: {}", value(sample.right));
    line("  - {} {}, {}", code(sample.method), code(sample.target), time_text(sample.at));
  }

  void waivers(const MigrationReport& migration) {
    const std::string all = snippets(migration, now_, kSnippetsMax);
    if (all.empty()) return;
    line("What is meant to differ can be put into a file for `--waivers`:");
    line("");
    const std::string fence = fence_around(all, 3);
    line("{}yaml\n{}{}", fence, all, fence);
    line("");
  }

  const WallTime now_;
  std::string out_;
};

}  // namespace

std::string render_markdown(const std::vector<MigrationReport>& report, WallTime now) {
  Markdown markdown(now);
  markdown.line("# Shadow-diff report of {}", time_text(now));
  markdown.line("");
  if (report.empty()) markdown.line("Nothing was compared yet.");
  for (const MigrationReport& migration : report) markdown.append(migration);
  return markdown.finish();
}

}  // namespace banyan::shadow
