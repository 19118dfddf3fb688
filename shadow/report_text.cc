#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string_view>

#include "shadow/printable.h"
#include "shadow/report_format.h"
#include "shadow/report_words.h"

namespace banyan::shadow {
namespace {

struct Column {
  std::string_view title;
  Verdict verdict;
};
constexpr std::array<Column, kVerdictCount> kColumns{{{"match", Verdict::match},
                                                      {"noise", Verdict::noise},
                                                      {"transient", Verdict::transient},
                                                      {"mismatch", Verdict::mismatch},
                                                      {"not comparable", Verdict::not_comparable}}};
// Room for ten million, and for the longest title.
constexpr std::size_t kColumnWidth = 10;
constexpr std::size_t kWideColumnWidth = 14;

class TextReport {
 public:
  explicit TextReport(WallTime now) : now_(now) {
    line("Shadow-diff report of {}", time_text(now));
  }

  void append(const MigrationReport& migration) {
    line("");
    std::string head = "Migration " + printable(migration.migration);
    if (!migration.epoch.empty()) head += ", epoch " + printable(migration.epoch);
    if (migration.since != WallTime{}) head += ", since " + time_text(migration.since);
    line("{}", head);
    line("{}", std::string(head.size(), '='));
    line("");
    readiness(migration);
    directions(migration);
    traffic(migration);
    for (const EndpointReport& endpoint : migration.endpoints) append(migration, endpoint);
    waivers(migration);
  }

  template <class... T>
  void line(fmt::format_string<T...> format, T&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(arguments)...);
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    out_ += '\n';
  }
  std::string finish() { return std::move(out_); }

 private:
  static std::size_t width(const Column& column) {
    return column.title.size() > kColumnWidth ? kWideColumnWidth : kColumnWidth;
  }

  void readiness(const MigrationReport& migration) {
    line("  Readiness, {}: {}", direction_words(migration), words_for(migration.judgement.state));
    for (const std::string& reason : reasons_for(migration)) line("    - {}", reason);
    line("  {}", summary(migration));
    if (migration.judgement.is_judged()) line("  {}", rate_words(migration));
    line("");
  }

  // Where exchanges were left on the way to a verdict.
  void traffic(const MigrationReport& migration) {
    for (const Arm served_by : {Arm::legacy, Arm::monolith}) {
      const Traffic& traffic = migration.traffic[index_of(served_by)];
      if (traffic.empty()) continue;
      const VerdictCounts& counts =
          served_by == Arm::legacy ? migration.to_monolith : migration.to_legacy;
      const std::uint64_t pairs = pairs_of(counts);
      line("  to {}: {} seen, {} eligible, {} drawn, {} compared", to_string(other(served_by)),
           grouped(traffic.seen), grouped(eligible_of(traffic, pairs)),
           grouped(sampled_of(traffic, pairs)), grouped(compared_of(counts)));
      if (!traffic.skipped.empty()) line("    no copy: {}", counts_words(traffic.skipped));
      const std::string late = after_write_words(migration, served_by);
      if (!late.empty()) line("    {}", late);
    }
  }

  void waivers(const MigrationReport& migration) {
    const std::string all = snippets(migration, now_, kSnippetsMax);
    if (all.empty()) return;
    line("");
    line("  What is meant to differ can be put into a file for --waivers:");
    line("");
    out_ += all;
  }

  void directions(const MigrationReport& migration) {
    std::string head = fmt::format("  {:<14}{:>10}", "shadow", "compared");
    for (const Column& column : kColumns) {
      head += fmt::format("  {:>{}}", column.title, width(column));
    }
    line("{}  {:>10}", head, "mismatch");
    direction("to monolith", migration.to_monolith);
    direction("to legacy", migration.to_legacy);
  }

  void direction(std::string_view name, const VerdictCounts& counts) {
    const std::uint64_t compared = compared_of(counts);
    std::string row = fmt::format("  {:<14}{:>10}", name, grouped(compared));
    for (const Column& column : kColumns) {
      row += fmt::format("  {:>{}}", grouped(count_of(counts, column.verdict)), width(column));
    }
    line("{}  {:>10}", row, percent(count_of(counts, Verdict::mismatch), compared));
  }

  void append(const MigrationReport& migration, const EndpointReport& endpoint) {
    const std::uint64_t compared = compared_of(endpoint.verdicts);
    const std::uint64_t mismatch = count_of(endpoint.verdicts, Verdict::mismatch);
    const std::uint64_t skipped = count_of(endpoint.verdicts, Verdict::not_comparable);
    line("");
    line("  {}", printable(endpoint.endpoint));
    line("    {} compared, {} mismatch ({}){}", grouped(compared), grouped(mismatch),
         percent(mismatch, compared),
         skipped > 0 ? ", " + grouped(skipped) + " not comparable" : std::string());
    judged(migration, endpoint);
    if (endpoint.places.empty()) return;
    line("");
    line("    {:>10}  {:<9}  {}", "count", "kind", "path");
    for (const Place& place : endpoint.places) append(migration, place);
  }

  void judged(const MigrationReport& migration, const EndpointReport& endpoint) {
    if (endpoint.judgement.is_judged()) {
      const bool excused = endpoint.judgement.waived_for_traffic;
      line("    {}{}", words_for(endpoint.judgement.state),
           excused ? " (too little traffic, which is waived)" : "");
      for (const std::string& reason : reasons_for(migration, endpoint)) line("    - {}", reason);
    }
    for (const Arm served_by : {Arm::legacy, Arm::monolith}) {
      const WordCounts& reasons = endpoint.tally.reasons[index_of(served_by)];
      if (reasons.empty()) continue;
      line("    not comparable to {}: {}", to_string(other(served_by)), counts_words(reasons));
    }
    for (const Arm arm : {Arm::legacy, Arm::monolith}) {
      const std::string words = latency_words(endpoint.tally.latency[index_of(arm)]);
      if (!words.empty()) line("    {:<8}  {}", to_string(arm), words);
    }
  }

  void append(const MigrationReport& migration, const Place& place) {
    line("    {:>10}  {:<9}  {}{}", grouped(place.count), to_string(place.kind),
         printable(place.path), verdict_mark(place));
    if (place.waiver) {
      line("{:16}{}", "",
           printable(waiver_words(migration.waivers[*place.waiver], place.is_waived)));
    }
    if (const std::string seen = seen_words(place); !seen.empty()) line("{:16}{}", "", seen);
    for (const Sample& sample : place.samples) append(sample, place);
  }

  void append(const Sample& sample, const Place& place) {
    const std::string at = sample.path == place.path ? "" : "  " + printable(sample.path);
    line("{:16}{}  {} {}{}", "", time_text(sample.at), printable(sample.method),
         printable(sample.target), at);
    line("{:18}legacy    {}", "", shown(sample.left));
    line("{:18}monolith  {}", "", shown(sample.right));
  }

  static std::string shown(const std::string& value) {
    return value.empty() ? "(nothing)" : printable(value);
  }

  const WallTime now_;
  std::string out_;
};

}  // namespace

std::string render_text(const std::vector<MigrationReport>& report, WallTime now) {
  TextReport text(now);
  if (report.empty()) {
    text.line("");
    text.line("Nothing was compared yet.");
  }
  for (const MigrationReport& migration : report) text.append(migration);
  return text.finish();
}

}  // namespace banyan::shadow
