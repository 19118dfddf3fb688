// A report for CI: a suite for each migration, a case for each endpoint, which fails with a
// mismatch and is skipped where nothing of it could be compared.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "shadow/markup.h"
#include "shadow/report_format.h"
#include "shadow/report_words.h"

namespace banyan::shadow {
namespace {

bool is_skipped(const EndpointReport& endpoint) { return compared_of(endpoint.verdicts) == 0; }
std::uint64_t unwaived(const EndpointReport& endpoint) {
  std::uint64_t waived = 0;
  for (const std::size_t arm : {0U, 1U}) {
    waived += count_of(endpoint.tally.verdicts[arm], Verdict::mismatch) - endpoint.unwaived[arm];
  }
  return count_of(endpoint.verdicts, Verdict::mismatch) - waived;
}
bool is_failed(const EndpointReport& endpoint) { return unwaived(endpoint) > 0; }
bool is_failed(const MigrationReport& migration) {
  return migration.judgement.state == Readiness::not_ready;
}
bool is_skipped(const MigrationReport& migration) {
  return migration.judgement.state == Readiness::inconclusive;
}

class Junit {
 public:
  void append(const MigrationReport& migration) {
    std::size_t failed = is_failed(migration) ? 1U : 0U, skipped = is_skipped(migration) ? 1U : 0U;
    for (const EndpointReport& endpoint : migration.endpoints) {
      failed += is_failed(endpoint) ? 1U : 0U;
      skipped += is_skipped(endpoint) ? 1U : 0U;
    }
    const std::size_t cases = migration.endpoints.size() + 1;
    line(R"(  <testsuite name="{}" tests="{}" failures="{}" errors="0" skipped="{}">)",
         markup_escaped(migration.migration), cases, failed, skipped);
    readiness(migration);
    for (const EndpointReport& endpoint : migration.endpoints) append(migration, endpoint);
    line("  </testsuite>");
  }

  template <class... T>
  void line(fmt::format_string<T...> format, T&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(arguments)...);
    out_ += '\n';
  }
  std::string finish() { return std::move(out_); }

 private:
  // The first case: fails where the migration is not ready, is skipped where too little is known.
  void readiness(const MigrationReport& migration) {
    const bool ready = migration.judgement.state == Readiness::ready;
    line(R"(    <testcase classname="{}" name="readiness"{}>)", markup_escaped(migration.migration),
         ready ? "/" : "");
    if (ready) return;
    const std::string why =
        markup_escaped(fmt::format("{}", fmt::join(reasons_for(migration), "; ")));
    if (is_failed(migration)) {
      line(R"(      <failure type="not_ready" message="{}"/>)", why);
    } else {
      line(R"(      <skipped message="inconclusive: {}"/>)", why);
    }
    line("    </testcase>");
  }

  void skip(std::string_view migration, std::string_view name) {
    line(R"(    <testcase classname="{}" name="{}">)", markup_escaped(migration),
         markup_escaped(name));
    line(R"(      <skipped message="nothing was compared"/>)");
    line("    </testcase>");
  }

  void append(const MigrationReport& migration, const EndpointReport& endpoint) {
    if (is_skipped(endpoint)) return skip(migration.migration, endpoint.endpoint);
    const std::uint64_t compared = compared_of(endpoint.verdicts);
    const std::uint64_t mismatch = unwaived(endpoint);
    line(R"(    <testcase classname="{}" name="{}"{}>)", markup_escaped(migration.migration),
         markup_escaped(endpoint.endpoint), is_failed(endpoint) ? "" : "/");
    if (!is_failed(endpoint)) return;
    line(R"x(      <failure type="mismatch" message="{} of {} differ ({})">)x", grouped(mismatch),
         grouped(compared), markup_escaped(percent(mismatch, compared)));
    for (const Place& place : endpoint.places) {
      if (!place.is_waived) append(migration, place);
    }
    line("      </failure>");
    line("    </testcase>");
  }

  void append(const MigrationReport& migration, const Place& place) {
    if (place.verdict != Verdict::mismatch) return;
    line("{} x {} at {}", grouped(place.count), to_string(place.kind), markup_escaped(place.path));
    if (place.waiver) {
      line("  {}", markup_escaped(waiver_words(migration.waivers[*place.waiver], false)));
    }
    for (const Sample& sample : place.samples) {
      line("  {} {} {}", time_text(sample.at), markup_escaped(sample.method),
           markup_escaped(sample.target));
      line("    legacy    {}", markup_escaped(sample.left));
      line("    monolith  {}", markup_escaped(sample.right));
    }
  }

  std::string out_;
};

}  // namespace

std::string render_junit(const std::vector<MigrationReport>& report, WallTime) {
  Junit junit;
  junit.line(R"(<?xml version="1.0" encoding="UTF-8"?>)");
  junit.line(R"(<testsuites name="banyan report">)");
  for (const MigrationReport& migration : report) junit.append(migration);
  junit.line("</testsuites>");
  return junit.finish();
}

}  // namespace banyan::shadow
