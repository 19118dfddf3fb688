#include "shadow/report_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "shadow/report.h"

namespace banyan::shadow {
namespace {

using nlohmann::json;

std::optional<Kind> kind_named(std::string_view word) {
  for (std::size_t i = 0; i < kKindCount; ++i) {
    if (word == to_string(static_cast<Kind>(i))) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

// `2026-11-22T12:37:05.250Z`, as reports have it.
std::optional<WallTime> time_of(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  constexpr std::chrono::year kFirst{1678}, kLast{2261};  // the clock counts nanoseconds
  if (!day.ok() || day.year() < kFirst || day.year() > kLast) return std::nullopt;
  return WallTime(std::chrono::sys_days(day)) + std::chrono::hours(number(11, 2)) +
         std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2)) +
         std::chrono::milliseconds(number(20, 3));
}

// Reads what has to be there; the first thing that is not is the problem.
class Reader {
 public:
  std::vector<MigrationReport> read(const json& document) {
    std::vector<MigrationReport> reports;
    if (member(document, "version", json::value_t::number_unsigned) != kReportVersion) {
      complain("version: not one that this banyan knows");
    }
    each(document, "migrations", [&](const json& one) { reports.push_back(migration(one)); });
    return reports;
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  static const json& nothing(json::value_t type) {
    static const json kText = "", kNumber = std::uint64_t{0}, kList = json::array(),
                      kObject = json::object();
    switch (type) {
      case json::value_t::string:
        return kText;
      case json::value_t::array:
        return kList;
      case json::value_t::object:
        return kObject;
      default:
        return kNumber;
    }
  }
  void complain(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  const json& member(const json& of, const char* name, json::value_t type) {
    if (of.is_object()) {
      const auto found = of.find(name);
      if (found != of.end() && found->type() == type) return *found;
    }
    complain(std::string(name) + ": missing, or not what a report has there");
    return nothing(type);
  }
  std::string text(const json& of, const char* name) {
    return member(of, name, json::value_t::string).get<std::string>();
  }
  std::uint64_t count(const json& of, const char* name) {
    return member(of, name, json::value_t::number_unsigned).get<std::uint64_t>();
  }
  template <class Take>
  void each(const json& of, const char* name, Take take) {
    for (const json& one : member(of, name, json::value_t::array)) take(one);
  }
  WallTime time(const json& of, const char* name) {
    if (of.is_object() && of.contains(name) && of[name].is_null()) return {};
    const auto read = time_of(text(of, name));
    if (!read) complain(std::string(name) + ": no time such as 2026-11-22T12:37:05.250Z");
    return read.value_or(WallTime{});
  }
  Kind kind(const json& of) {
    const auto read = kind_named(text(of, "kind"));
    if (!read) complain("kind: not one that this banyan knows");
    return read.value_or(Kind::value);
  }

  Verdict verdict(const json& of) {
    const std::string word = text(of, "verdict");
    for (const Verdict known : {Verdict::mismatch, Verdict::noise, Verdict::transient}) {
      if (word == to_string(known)) return known;
    }
    complain("verdict: not one that a difference can have");
    return Verdict::mismatch;
  }
  std::chrono::microseconds skew(const json& of) {
    constexpr std::uint64_t kSkewMax = 1'000'000'000'000;  // so that it can be negative
    const std::chrono::microseconds apart(std::min(count(of, "skew_us"), kSkewMax));
    const std::string first = text(of, "asked_first");
    if (first == to_string(Arm::monolith)) return -apart;
    if (first != to_string(Arm::legacy)) complain("asked_first: neither legacy nor monolith");
    return apart;
  }

  VerdictCounts verdicts(const json& of, const char* name) {
    const json& object = member(of, name, json::value_t::object);
    VerdictCounts counts{};
    for (std::size_t i = 0; i < kVerdictCount; ++i) {
      counts[i] = count(object, std::string(to_string(static_cast<Verdict>(i))).c_str());
    }
    return counts;
  }
  // ---- what reports of earlier versions do not have -------------------------------------------

  const json& optional(const json& of, const char* name, json::value_t type) {
    const auto found = of.is_object() ? of.find(name) : of.end();
    if (found == of.end() || found->is_null()) return nothing(type);
    return member(of, name, type);
  }
  std::string optional_text(const json& of, const char* name) {
    return optional(of, name, json::value_t::string).get<std::string>();
  }
  std::uint64_t optional_count(const json& of, const char* name) {
    return optional(of, name, json::value_t::number_unsigned).get<std::uint64_t>();
  }
  WallTime optional_time(const json& of, const char* name) {
    return of.is_object() && of.contains(name) ? time(of, name) : WallTime{};
  }
  WordCounts words(const json& of, const char* name) {
    WordCounts counts;
    for (const auto& [word, count] : optional(of, name, json::value_t::object).items()) {
      if (!count.is_number_unsigned())
        complain(std::string(name) + ": a count is none");
      else
        counts[word] = count.get<std::uint64_t>();
    }
    return counts;
  }
  DistinctKeys keys(const json& of) {
    DistinctKeys keys;
    const std::string text = optional_text(of, "key_hashes");
    constexpr std::size_t kDigits = 8;
    for (std::size_t at = 0; at < text.size(); at += kDigits) {
      const char* const end = text.data() + std::min(at + kDigits, text.size());
      std::uint32_t hash = 0;
      const bool whole = std::from_chars(text.data() + at, end, hash, 16).ptr == end;
      if (!whole || text.size() % kDigits != 0) complain("key_hashes: not eight digits each");
      keys.add(hash);
    }
    return keys;
  }
  Histogram histogram(const json& of) {
    Histogram histogram;
    for (const json& bucket : optional(of, "buckets", json::value_t::array)) {
      const bool whole = bucket.is_array() && bucket.size() == 2 &&
                         bucket[0].is_number_unsigned() && bucket[1].is_number_unsigned();
      if (!whole) {
        complain("buckets: not a lower bound and a count each");
        continue;
      }
      constexpr std::uint64_t kLatencyMax = 1'000'000'000'000;  // so that it is no negative one
      const std::chrono::microseconds low(std::min(bucket[0].get<std::uint64_t>(), kLatencyMax));
      histogram.add_to(Histogram::index_of(low), bucket[1].get<std::uint64_t>());
    }
    return histogram;
  }
  std::uint32_t thousandths(const json& of, const char* name, std::uint32_t otherwise) {
    const auto found = of.is_object() ? of.find(name) : of.end();
    if (found == of.end()) return otherwise;
    const double percent = found->is_number() ? found->get<double>() : -1;
    if (!(percent >= 0 && percent <= 100)) {
      complain(std::string(name) + ": no percentage");
      return otherwise;
    }
    return static_cast<std::uint32_t>(std::lround(percent * 1000));
  }
  ReadinessSettings settings(const json& migration) {
    const json& readiness = optional(migration, "readiness", json::value_t::object);
    const json& asked = optional(readiness, "asked_for", json::value_t::object);
    ReadinessSettings made;
    if (asked.empty()) return made;
    made.max_mismatch_rate =
        std::max(1U, thousandths(asked, "max_mismatch_rate", made.max_mismatch_rate));
    made.min_coverage = thousandths(asked, "min_coverage", made.min_coverage);
    made.min_compared = optional_count(asked, "min_compared");
    made.min_keys = optional_count(asked, "min_keys");
    made.shadow = optional_text(asked, "direction") == "to_legacy" ? Arm::legacy : Arm::monolith;
    return made;
  }
  Waiver waiver(const json& of) {
    Waiver made;
    std::string problem;
    if (!of.is_object()) complain("waivers: one is none");
    const std::string path = optional_text(of, "path");
    if (!path.empty() && !set_path(made, path, problem)) complain("waivers: path: " + problem);
    made.endpoint = optional_text(of, "endpoint");
    made.migration = optional_text(of, "migration");
    const std::string kind = optional_text(of, "kind");
    made.too_little_traffic = kind == kTooLittleTraffic;
    made.kind = kind_named(kind);
    made.reason = optional_text(of, "reason");
    made.until_text = optional_text(of, "until");
    made.until = waiver_end(made.until_text).value_or(WallTime{});
    return made;
  }
  void tally(const json& of, Tally& to) {
    const json& directions = optional(of, "directions", json::value_t::object);
    for (const auto& [arm, name] :
         {std::pair(Arm::legacy, "to_monolith"), {Arm::monolith, "to_legacy"}}) {
      const json& direction = optional(directions, name, json::value_t::object);
      if (!direction.empty()) to.verdicts[index_of(arm)] = verdicts(directions, name);
      to.reasons[index_of(arm)] = words(direction, "not_comparable_by_reason");
    }
    const json& latency = optional(of, "latency", json::value_t::object);
    for (const Arm arm : {Arm::legacy, Arm::monolith}) {
      const json& one =
          optional(latency, std::string(to_string(arm)).c_str(), json::value_t::object);
      to.latency[index_of(arm)] = histogram(one);
    }
    for (const json& one : optional(of, "mismatches", json::value_t::array)) {
      PlaceSet places;
      each(one, "places", [&](const json& p) { places.push_back({text(p, "path"), kind(p)}); });
      auto& pairs = to.mismatches[places];
      pairs[index_of(Arm::legacy)] += count(one, "to_monolith");
      pairs[index_of(Arm::monolith)] += count(one, "to_legacy");
    }
  }

  MigrationReport migration(const json& of) {
    MigrationReport report;
    report.settings = settings(of);
    for (const json& one : optional(of, "waivers", json::value_t::array)) {
      report.waivers.push_back(waiver(one));
    }
    report.migration = text(of, "name");
    report.epoch = text(of, "epoch");
    report.since = time(of, "since");
    const json& directions = member(of, "directions", json::value_t::object);
    report.to_monolith = verdicts(directions, "to_monolith");
    report.to_legacy = verdicts(directions, "to_legacy");
    for (const auto& [arm, name] :
         {std::pair(Arm::legacy, "to_monolith"), {Arm::monolith, "to_legacy"}}) {
      const json& direction = optional(directions, name, json::value_t::object);
      report.traffic[index_of(arm)] = {optional_count(direction, "seen"),
                                       words(direction, "skipped"),
                                       optional_count(direction, "mismatch_after_write")};
      report.keys[index_of(arm)] = keys(direction);
    }
    each(of, "endpoints", [&](const json& one) { report.endpoints.push_back(endpoint(one)); });
    return report;
  }
  EndpointReport endpoint(const json& of) {
    EndpointReport report{text(of, "endpoint"), verdicts(of, "verdicts"), {}};
    tally(of, report.tally);
    each(of, "differences", [&](const json& one) { report.places.push_back(place(one)); });
    return report;
  }
  Place place(const json& of) {
    Place place{text(of, "path"), kind(of), count(of, "count"), {}, verdict(of)};
    place.first_seen = optional_time(of, "first_seen");
    place.last_seen = optional_time(of, "last_seen");
    each(of, "samples", [&](const json& one) {
      place.samples.push_back({time(one, "at"), text(one, "method"), text(one, "target"),
                               text(one, "path"), text(one, "left"), text(one, "right"), skew(one),
                               optional_text(one, "left_body"), optional_text(one, "right_body")});
    });
    return place;
  }

  std::string problem_;
};

}  // namespace

Result<std::vector<MigrationReport>, std::string> read_report(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return tl::unexpected(std::string("no report as JSON"));
  Reader reader;
  auto reports = reader.read(document);
  if (!reader.problem().empty()) return tl::unexpected(reader.problem());
  return reports;
}

}  // namespace banyan::shadow
