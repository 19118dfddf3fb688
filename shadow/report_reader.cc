#include "shadow/report_reader.h"

#include <algorithm>
#include <charconv>
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
  if (!day.ok()) return std::nullopt;
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
  MigrationReport migration(const json& of) {
    MigrationReport report;
    report.migration = text(of, "name");
    report.epoch = text(of, "epoch");
    report.since = time(of, "since");
    const json& directions = member(of, "directions", json::value_t::object);
    report.to_monolith = verdicts(directions, "to_monolith");
    report.to_legacy = verdicts(directions, "to_legacy");
    each(of, "endpoints", [&](const json& one) { report.endpoints.push_back(endpoint(one)); });
    return report;
  }
  EndpointReport endpoint(const json& of) {
    EndpointReport report{text(of, "endpoint"), verdicts(of, "verdicts"), {}};
    each(of, "differences", [&](const json& one) { report.places.push_back(place(one)); });
    return report;
  }
  Place place(const json& of) {
    Place place{text(of, "path"), kind(of), count(of, "count"), {}, verdict(of)};
    each(of, "samples", [&](const json& one) {
      place.samples.push_back({time(one, "at"), text(one, "method"), text(one, "target"),
                               text(one, "path"), text(one, "left"), text(one, "right"),
                               skew(one)});
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
