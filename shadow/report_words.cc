#include "shadow/report_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "shadow/report_format.h"

namespace banyan::shadow {
namespace {

// Three digits; never in powers of ten.
std::string rate(double share) {
  const double percent = share * 100;
  if (percent == 0) return "0 %";
  if (percent < 0.001) return "< 0.001 %";
  return fmt::format("{:.3g} %", percent);
}

std::string thousandths(std::uint32_t value) { return fmt::format("{:g} %", value / 1000.0); }

std::string plural(std::uint64_t count, std::string_view one, std::string_view several) {
  return fmt::format("{} {}", grouped(count), count == 1 ? one : several);
}

std::uint64_t endpoints_in(const MigrationReport& judged, Readiness state) {
  return static_cast<std::uint64_t>(
      std::count_if(judged.endpoints.begin(), judged.endpoints.end(), [&](const EndpointReport& e) {
        return e.judgement.is_judged() && e.judgement.state == state;
      }));
}

std::uint64_t keys_of(const MigrationReport& judged) {
  return judged.keys[index_of(other(judged.settings.shadow))].count();
}

std::string more_words(const Judgement& made) {
  if (!made.more_clean) return "too many differ for any number of further requests to help soon";
  return fmt::format("too little was compared: {} without a mismatch are needed",
                     plural(*made.more_clean, "more pair", "more pairs"));
}

std::string reason(const MigrationReport& judged, const Judgement& made, Lack lack) {
  const ReadinessSettings& asked = judged.settings;
  switch (lack) {
    case Lack::mismatch_rate:
      return fmt::format("the mismatch rate is above {}: at least {}",
                         thousandths(asked.max_mismatch_rate), rate(made.lower));
    case Lack::endpoint_not_ready: {
      const std::uint64_t count = endpoints_in(judged, Readiness::not_ready);
      return fmt::format("{} not ready", plural(count, "endpoint is", "endpoints are"));
    }
    case Lack::too_few_compared:
      return more_words(made);
    case Lack::low_coverage:
      return fmt::format("only {} of what was drawn was compared, {} are asked for",
                         percent(made.compared, made.sampled), thousandths(asked.min_coverage));
    case Lack::too_few_keys:
      return fmt::format("{} came by, {} are asked for",
                         plural(keys_of(judged), "sticky key", "sticky keys"),
                         grouped(asked.min_keys));
    case Lack::endpoint_inconclusive: {
      const std::uint64_t count = endpoints_in(judged, Readiness::inconclusive);
      if (count == 0) return "of some pairs the endpoint is not known";
      return fmt::format("of {} too little is known", plural(count, "endpoint", "endpoints"));
    }
  }
  return {};
}

std::vector<std::string> reasons(const MigrationReport& judged, const Judgement& made) {
  std::vector<std::string> all;
  for (const Lack lack : made.lacks) all.push_back(reason(judged, made, lack));
  return all;
}

std::string time_words(std::chrono::microseconds duration) {
  const auto us = static_cast<double>(duration.count());
  if (us < 1'000) return fmt::format("{:.3g} us", us);
  if (us < 1'000'000) return fmt::format("{:.3g} ms", us / 1'000);
  return fmt::format("{:.3g} s", us / 1'000'000);
}

}  // namespace

std::string_view words_for(Readiness readiness) {
  return readiness == Readiness::not_ready ? "not ready" : to_string(readiness);
}

std::string direction_words(const MigrationReport& judged) {
  return "to " + std::string(to_string(judged.settings.shadow));
}

std::vector<std::string> reasons_for(const MigrationReport& judged) {
  return reasons(judged, judged.judgement);
}

std::vector<std::string> reasons_for(const MigrationReport& judged,
                                     const EndpointReport& endpoint) {
  return reasons(judged, endpoint.judgement);
}

std::string summary(const MigrationReport& judged) {
  const Judgement& made = judged.judgement;
  if (!made.is_judged()) return "nothing was compared in this direction";
  std::string text =
      fmt::format("{} of {} drawn exchanges were compared ({})", grouped(made.compared),
                  grouped(made.sampled), percent(made.compared, made.sampled));
  if (keys_of(judged) > 0) {
    text += ", of " + plural(keys_of(judged), "sticky key", "sticky keys");
  }
  text += fmt::format("; {} not waived", plural(made.mismatch, "mismatch is", "mismatches are"));
  if (made.waived > 0) text += fmt::format(", {} waived", grouped(made.waived));
  return text;
}

std::string rate_words(const MigrationReport& judged) {
  const Judgement& made = judged.judgement;
  return fmt::format(
      "mismatch rate between {} and {}, however often one looks (goal: below {}; a single look: "
      "below {})",
      rate(made.lower), rate(made.upper), thousandths(judged.settings.max_mismatch_rate),
      rate(made.single_look_upper));
}

std::string latency_words(const Histogram& histogram) {
  if (histogram.empty()) return {};
  return fmt::format("p50 {}, p90 {}, p99 {}", time_words(*histogram.quantile(0.5)),
                     time_words(*histogram.quantile(0.9)), time_words(*histogram.quantile(0.99)));
}

std::string waiver_words(const Waiver& waiver, bool holds) {
  const std::string end = waiver.until_text.empty() ? "" : " until " + waiver.until_text;
  if (holds) return fmt::format("waived{}: {}", end, waiver.reason);
  return fmt::format("its waiver has expired (it held{}): {}", end, waiver.reason);
}

std::string seen_words(const Place& place) {
  if (place.last_seen == WallTime{}) return {};
  return fmt::format("first {}, last {}", time_text(place.first_seen), time_text(place.last_seen));
}

std::string counts_words(const WordCounts& counts) {
  std::string text;
  for (const auto& [word, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), word);
  }
  return text;
}

std::string after_write_words(const MigrationReport& migration, Arm served_by) {
  const std::uint64_t late = migration.traffic[index_of(served_by)].mismatches_after_write;
  if (late == 0) return {};
  const VerdictCounts& counts =
      served_by == Arm::legacy ? migration.to_monolith : migration.to_legacy;
  return fmt::format(
      "{} of {} mismatches to {} came within a minute of a write by the same sticky key: reads "
      "differ after writes that only one arm got",
      grouped(late), grouped(count_of(counts, Verdict::mismatch)), to_string(other(served_by)));
}

std::string snippets(const MigrationReport& judged, WallTime now, std::size_t max) {
  std::string all;
  const auto add = [&](const std::string& snippet) {
    if (snippet.empty() || max == 0) return;
    all += snippet;
    --max;
  };
  for (const EndpointReport& endpoint : judged.endpoints) {
    for (const Place& place : endpoint.places) {
      if (!place.is_waived && place.verdict == Verdict::mismatch) {
        add(waiver_snippet(endpoint.endpoint, {place.path, place.kind}, now));
      }
    }
  }
  return all;
}

}  // namespace banyan::shadow
